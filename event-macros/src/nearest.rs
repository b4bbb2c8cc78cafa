//! The nearest known word to a misspelt one.

/// ``: did you mean `…`?`` where a known word is near enough to be meant, or `` ; known are …``.
pub(crate) fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, known.clone()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => {
            let known: Vec<_> = known.into_iter().map(|word| format!("`{word}`")).collect();
            format!("known are {}", known.join(", "))
        }
    }
}

/// The known word that differs in at most a third of its letters.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be inserted, deleted or replaced; a swap of neighbours counts once.
fn distance(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let mut before = vec![0; right.len() + 1];
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let mut current = vec![row];
        for column in 1..=right.len() {
            let (here, there) = (left[row - 1], right[column - 1]);
            let replaced = last[column - 1] + usize::from(here != there);
            let mut least = replaced.min(last[column] + 1).min(current[column - 1] + 1);
            if row > 1 && column > 1 && here == right[column - 2] && left[row - 2] == there {
                least = least.min(before[column - 2] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut last, current);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        assert_eq!(nearest("lenght", ["length", "range"]), Some("length"));
        assert_eq!(nearest("emial", ["email", "url"]), Some("email"));
        assert_eq!(nearest("phone", ["email", "url"]), None);
        assert_eq!(suggestion("phone", ["email", "url"]), "known are `email`, `url`");
    }
}
