//! The known name that somebody may have meant.

/// Longer names are not compared: they come from the wire, and no payload type is that long.
const LONGEST: usize = 256;

/// The known name with the fewest edits from `name`, ignoring case; `None` where more than a third of the
/// characters (and more than one) would have to change.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > LONGEST {
        return None;
    }
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let allowed = (name.len() / 3).max(1);
    known
        .filter(|candidate| candidate.len() <= LONGEST)
        .map(|candidate| (edits(&name, candidate), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many characters must be added, removed or replaced (Levenshtein's distance).
fn edits(name: &[char], candidate: &str) -> usize {
    let mut row: Vec<usize> = (0..=name.len()).collect();
    for (removed, character) in candidate.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], removed + 1);
        for (index, other) in name.iter().enumerate() {
            let replaced = diagonal + usize::from(character != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_misspelt_name_and_nothing_far_away() {
        let known = || ["OrderCreatedEvent", "OrderUpdatedEvent", "user.created"].into_iter();
        assert_eq!(nearest("OrderCraetedEvent", known()), Some("OrderCreatedEvent"));
        assert_eq!(nearest("ordercreatedevent", known()), Some("OrderCreatedEvent"));
        assert_eq!(nearest("user.craeted", known()), Some("user.created"));
        assert_eq!(nearest("invoice.paid", known()), None);
        assert_eq!(nearest("", known()), None);
        assert_eq!(nearest(&"x".repeat(300), known()), None);
    }

    #[test]
    fn counts_edits() {
        let name: Vec<char> = "kitten".chars().collect();
        assert_eq!(edits(&name, "sitting"), 3);
        assert_eq!(edits(&name, ""), 6);
        assert_eq!(edits(&[], "abc"), 3);
    }
}
