//! Strings: lengths, patterns and formats.

use serde_json::Value;

use super::super::engine::Engine;
use super::super::format;
use super::super::pattern::{Automaton, Wanted, find_text};
use super::super::verdict::{Found, Truth};
use super::facts::{Branch, Facts};

/// No longer text than this is built.
const LONGEST: u64 = 20_000;
/// No more refused texts than this are part of the search itself.
const REFUSED_TEXTS: usize = 40;
/// What one search for a text may cost at most, of the whole budget.
const SEARCH_STEPS: u64 = 20_000;

impl<'a> Engine<'a> {
    pub(super) fn is_text_refuted(&mut self, branch: &Branch<'a>) -> bool {
        let facts = &branch.facts;
        let (least, most) = lengths(facts);
        if most.is_some_and(|most| least > most) || contradicts(&facts.patterns) || formats_contradict(facts)
        {
            return true;
        }
        if most == Some(0) {
            return self.literals_hold(&branch.literals, &Value::from("")) == Truth::False;
        }
        !facts.patterns.is_empty() && self.find_pattern_text(facts).is_nothing()
    }

    /// Texts worth trying.
    pub(super) fn texts(&mut self, branch: &Branch<'a>) -> Vec<Value> {
        let facts = &branch.facts;
        let (least, most) = lengths(facts);
        let mut texts: Vec<String> = Vec::new();
        for (name, _) in facts.formats.iter().filter(|(_, has)| *has) {
            texts.extend(format::samples(name).iter().map(|&sample| sample.to_owned()));
        }
        if !facts.patterns.is_empty() {
            let found = self.find_pattern_text(facts).instance();
            texts.extend(found.and_then(|value| value.as_str().map(str::to_owned)));
        }
        let plain =
            ["text", "", "a", "A", "0", "-", " ", "~", "é", "other", "https://example.com/", "2024-02-29"];
        texts.extend(plain.into_iter().map(str::to_owned));
        for length in [Some(least), most].into_iter().flatten().filter(|&length| length <= LONGEST) {
            for letter in ["x", "0", "A"] {
                texts.push(letter.repeat(length as usize));
            }
        }
        let fits = |text: &String| {
            let length = text.chars().count() as u64;
            length >= least && most.is_none_or(|most| length <= most)
        };
        texts.into_iter().filter(fits).map(Value::String).collect()
    }

    fn find_pattern_text(&mut self, facts: &Facts<'a>) -> Found {
        let (least, most) = lengths(facts);
        let readable = |engine: &mut Self, pattern: &str| engine.patterns.get(pattern).is_some();
        let read: Vec<_> = facts.patterns.iter().filter(|(text, _)| readable(self, text)).copied().collect();
        let automata = |engine: &mut Self, is: bool| {
            let texts = read.iter().filter(move |(_, matches)| *matches == is);
            texts.filter_map(|(text, _)| engine.patterns.get(text).cloned()).collect::<Vec<_>>()
        };
        let (matching, mut refused) = (automata(self, true), automata(self, false));
        let texts: Vec<&str> = facts.refused.iter().filter_map(|value| value.as_str()).collect();
        refused.extend(texts.iter().take(REFUSED_TEXTS).filter_map(|text| Automaton::literal(text)));
        let wanted =
            Wanted { matching: matching.iter().collect(), refused: refused.iter().collect(), least, most };
        let mut steps = self.steps.min(SEARCH_STEPS);
        let granted = steps;
        let found = find_text(&wanted, &mut steps, |text| !texts.contains(&text));
        let _exhausted = self.spend_many(granted - steps);
        found
    }
}

/// Code points, with what the formats say of them.
fn lengths(facts: &Facts<'_>) -> (u64, Option<u64>) {
    let (mut least, mut most) = (facts.least, facts.most);
    for (name, _) in facts.formats.iter().filter(|(_, has)| *has) {
        let (shortest, longest) = format::lengths(name);
        least = least.max(shortest);
        most = match (most, longest) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    (least, most)
}

fn contradicts(rules: &[(&str, bool)]) -> bool {
    rules.iter().any(|(text, is)| *is && rules.iter().any(|(other, is)| !*is && text == other))
}

fn formats_contradict(facts: &Facts<'_>) -> bool {
    let has = || facts.formats.iter().filter(|(_, has)| *has);
    let lacks = || facts.formats.iter().filter(|(_, has)| !*has);
    has().any(|(narrow, _)| lacks().any(|(wide, _)| format::implies(narrow, wide)))
}
