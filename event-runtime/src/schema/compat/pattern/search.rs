//! A text that matches some patterns, does not match others, and has a length within bounds - or the proof that
//! there is none. Breadth first over the product of the patterns' automata, so the text found is a shortest one.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::super::verdict::{Found, Obstacle};
use super::Automaton;

/// What a text is to be like.
pub(in super::super) struct Wanted<'p> {
    pub(in super::super) matching: Vec<&'p Automaton>,
    pub(in super::super) refused: Vec<&'p Automaton>,
    /// Code points, inclusive.
    pub(in super::super) least: u64,
    /// Code points, inclusive.
    pub(in super::super) most: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    matching: Vec<Vec<usize>>,
    refused: Vec<Vec<usize>>,
    /// Counted no further than any bound can tell apart.
    length: u64,
}

/// Finds a text that `usable` says yes to; `steps` is what the search may still cost.
pub(in super::super) fn find_text(
    wanted: &Wanted<'_>,
    steps: &mut u64,
    usable: impl Fn(&str) -> bool,
) -> Found {
    let alphabet = alphabet(wanted);
    let cap = wanted.most.map_or(wanted.least, |most| wanted.least.max(most.saturating_add(1)));
    let first = Place {
        matching: wanted.matching.iter().map(|automaton| automaton.begin()).collect(),
        refused: wanted.refused.iter().map(|automaton| automaton.begin()).collect(),
        length: 0,
    };
    let mut trail: Vec<(usize, char)> = vec![(usize::MAX, '\0')];
    let mut seen = HashMap::from([(first.clone(), ())]);
    let mut queue = VecDeque::from([(first, 0)]);
    let mut passed_over = false;
    while let Some((place, index)) = queue.pop_front() {
        if accepts(wanted, &place) {
            let text = read_back(&trail, index);
            if usable(&text) {
                return Found::Instance(Value::String(text));
            }
            passed_over = true;
        }
        if wanted.most.is_some_and(|most| place.length >= most) {
            continue;
        }
        for &character in &alphabet {
            let Some(left) = steps.checked_sub(1) else { return Found::Unclear(Obstacle::Budget) };
            *steps = left;
            let next = Place {
                matching: step(&wanted.matching, &place.matching, character),
                refused: step(&wanted.refused, &place.refused, character),
                length: cap.min(place.length + 1),
            };
            if seen.insert(next.clone(), ()).is_none() {
                trail.push((index, character));
                queue.push_back((next, trail.len() - 1));
            }
        }
    }
    if passed_over { Found::Unclear(Obstacle::Beyond) } else { Found::Nothing }
}

fn step(automata: &[&Automaton], reached: &[Vec<usize>], character: char) -> Vec<Vec<usize>> {
    automata.iter().zip(reached).map(|(automaton, reached)| automaton.step(reached, character)).collect()
}

fn accepts(wanted: &Wanted<'_>, place: &Place) -> bool {
    place.length >= wanted.least
        && wanted.most.is_none_or(|most| place.length <= most)
        && wanted.matching.iter().zip(&place.matching).all(|(automaton, reached)| automaton.accepts(reached))
        && !wanted.refused.iter().zip(&place.refused).any(|(automaton, reached)| automaton.accepts(reached))
}

fn read_back(trail: &[(usize, char)], mut index: usize) -> String {
    let mut text = Vec::new();
    while let Some(&(previous, character)) = trail.get(index) {
        if previous == usize::MAX {
            break;
        }
        text.push(character);
        index = previous;
    }
    text.iter().rev().collect()
}

/// One character of each kind that the patterns can tell apart, the most readable one first.
fn alphabet(wanted: &Wanted<'_>) -> Vec<char> {
    let mut starts = vec!['\0'];
    for automaton in wanted.matching.iter().chain(&wanted.refused) {
        automaton.boundaries(&mut starts);
    }
    starts.sort_unstable();
    starts.dedup();
    let mut letters: Vec<char> = (0..starts.len())
        .map(|index| {
            let (low, end) = (starts[index], starts.get(index + 1).copied());
            let inside = |c: &char| *c >= low && end.is_none_or(|end| *c < end);
            ['a', 'b', 'A', '0', '1', '-', '_', ' ', '.', '~'].into_iter().find(inside).unwrap_or(low)
        })
        .collect();
    letters.sort_by_key(|letter| {
        (!letter.is_ascii_lowercase(), !letter.is_ascii_alphanumeric(), !letter.is_ascii_graphic())
    });
    letters
}

#[cfg(test)]
mod tests {
    use super::super::{Patterns, parse};
    use super::*;

    fn automaton(pattern: &str) -> Automaton {
        Automaton::build(&parse::parse(pattern).unwrap()).unwrap()
    }

    fn search(matching: &[&str], refused: &[&str], least: u64, most: Option<u64>) -> Found {
        let matching: Vec<_> = matching.iter().map(|p| automaton(p)).collect();
        let refused: Vec<_> = refused.iter().map(|p| automaton(p)).collect();
        let wanted =
            Wanted { matching: matching.iter().collect(), refused: refused.iter().collect(), least, most };
        find_text(&wanted, &mut 100_000, |_| true)
    }

    #[test]
    fn inclusion_of_patterns() {
        assert!(search(&["^[a-z]+$"], &["^[a-z0-9]+$"], 0, None).is_nothing());
        assert!(search(&["^[a-z0-9]+$"], &["^[a-z]+$"], 0, None).instance().is_some());
        assert!(search(&["^[A-Z]{3}$"], &["^.{1,3}$"], 0, None).is_nothing());
        assert!(search(&["^[A-Z]{3}$"], &[], 4, None).is_nothing());
        assert!(search(&["^a"], &["a"], 0, None).is_nothing());
        assert!(search(&["^x-"], &[], 0, Some(1)).is_nothing());
    }

    #[test]
    fn a_text_found_keeps_every_wish() {
        let text = search(&["^[a-z]+$", "b"], &["^b"], 4, Some(6)).instance().unwrap();
        let text = text.as_str().unwrap();
        let mut patterns = Patterns::default();
        assert!(
            patterns.matches("^[a-z]+$", text) == true.into() && patterns.matches("b", text) == true.into()
        );
        assert!((4..=6).contains(&text.len()) && !text.starts_with('b'));
    }
}
