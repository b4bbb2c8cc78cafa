//! The nearest known name to a misspelt one, for the start-up reports.

/// The candidate nearest to `name`, where one is near enough to be meant: at most a third of the letters differ.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …` for [`nearest`], or nothing.
pub(crate) fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// How many letters have to be inserted, deleted, replaced or swapped with their neighbour; case does not count.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).collect();
    let width = right.len() + 1;
    let mut table = vec![0; (left.len() + 1) * width];
    for row in 0..=left.len() {
        for column in 0..=right.len() {
            table[row * width + column] = if row == 0 || column == 0 {
                row + column
            } else {
                let (before, after) = (left[row - 1], right[column - 1]);
                let replaced = table[(row - 1) * width + column - 1] + usize::from(before != after);
                let removed = table[(row - 1) * width + column] + 1;
                let added = table[row * width + column - 1] + 1;
                let mut least = replaced.min(removed).min(added);
                let swapped = row > 1 && column > 1 && before == right[column - 2] && left[row - 2] == after;
                if swapped {
                    least = least.min(table[(row - 2) * width + column - 2] + 1);
                }
                least
            };
        }
    }
    table[left.len() * width + right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        let known = ["payments_producer", "notifications_producer"];
        assert_eq!(nearest("payment_producer", known), Some("payments_producer"));
        assert_eq!(nearest("notificatoins_producer", known), Some("notifications_producer"));
        assert_eq!(nearest("PAYMENTS_PRODUCER", known), Some("payments_producer"));
    }

    #[test]
    fn a_different_name_finds_nothing() {
        assert_eq!(nearest("audit", ["payments_producer"]), None);
        assert_eq!(nearest("", ["ab"]), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn a_swap_is_one_step() {
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("größe", "grösse"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
