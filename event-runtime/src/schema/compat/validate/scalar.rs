//! Numbers and strings.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::format;
use super::super::number::{Bound, Num};
use super::super::shape::number_bounds;
use super::super::verdict::Truth;

pub(super) fn judge_number(node: Node<'_>, number: &Number) -> Truth {
    let Some(number) = Num::from_json(number) else { return Truth::Unknown };
    let (mut lows, mut highs) = number_bounds(node);
    if let Some((low, high)) = node.keyword("format").and_then(Value::as_str).and_then(format::numeric_range)
    {
        lows.push(low);
        highs.push(high);
    }
    let beyond = |bound: &Bound, wrong: Ordering| match number.compare(bound.value) {
        Ordering::Equal => !bound.inclusive,
        order => order == wrong,
    };
    if lows.iter().any(|low| beyond(low, Ordering::Less))
        || highs.iter().any(|high| beyond(high, Ordering::Greater))
    {
        return Truth::False;
    }
    match node.keyword("multipleOf").and_then(Num::from_value) {
        None => Truth::True,
        Some(step) => number.is_multiple_of(step).map_or(Truth::Unknown, Truth::from),
    }
}

impl<'a> Engine<'a> {
    pub(super) fn judge_string(&mut self, node: Node<'a>, text: &str) -> Truth {
        let length = text.chars().count() as u64;
        if node.count("minLength").is_some_and(|least| length < least)
            || node.count("maxLength").is_some_and(|most| length > most)
        {
            return Truth::False;
        }
        let mut verdict = Truth::True;
        if let Some(pattern) = node.keyword("pattern").and_then(Value::as_str) {
            if self.spend_many(length / 64).is_err() {
                return Truth::Unknown;
            }
            verdict = self.patterns.matches(pattern, text);
        }
        if let Some(name) = node.keyword("format").and_then(Value::as_str) {
            verdict = verdict.and(format::check(name, text));
        }
        verdict
    }
}
