//! Arrays.

use serde_json::Value;

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::number::same_value;
use super::super::shape::elements;
use super::super::verdict::Truth;

impl<'a> Engine<'a> {
    pub(super) fn judge_array(&mut self, node: Node<'a>, items: &[Value]) -> Truth {
        let count = items.len() as u64;
        if node.count("minItems").is_some_and(|least| count < least)
            || node.count("maxItems").is_some_and(|most| count > most)
        {
            return Truth::False;
        }
        let mut verdict = Truth::True;
        let (first, rest) = elements(node);
        for (index, item) in items.iter().enumerate() {
            if let Some(schema) = first.get(index).copied().or(rest) {
                verdict = verdict.and(self.judge(schema, item));
            }
            if verdict == Truth::False {
                return verdict;
            }
        }
        verdict = verdict.and(self.judge_contains(node, items));
        if node.keyword("uniqueItems").and_then(Value::as_bool) == Some(true) {
            verdict = verdict.and(self.judge_unique(items));
        }
        verdict
    }

    fn judge_contains(&mut self, node: Node<'a>, items: &[Value]) -> Truth {
        let Some(wanted) = node.schema("contains") else { return Truth::True };
        let (mut yes, mut unknown) = (0u64, 0u64);
        for item in items {
            match self.judge(wanted, item) {
                Truth::True => yes += 1,
                Truth::Unknown => unknown += 1,
                Truth::False => {}
            }
        }
        let (least, most) = (node.count("minContains").unwrap_or(1), node.count("maxContains"));
        let enough = match () {
            () if yes >= least => Truth::True,
            () if yes + unknown < least => Truth::False,
            () => Truth::Unknown,
        };
        let few = match most {
            Some(most) if yes > most => Truth::False,
            Some(most) if yes + unknown > most => Truth::Unknown,
            _ => Truth::True,
        };
        enough.and(few)
    }

    fn judge_unique(&mut self, items: &[Value]) -> Truth {
        let pairs = (items.len() * items.len()) as u64 / 2;
        if self.spend_many(pairs / 16).is_err() {
            return Truth::Unknown;
        }
        let twice = |index: usize| items[..index].iter().any(|earlier| same_value(earlier, &items[index]));
        Truth::from(!(1..items.len()).any(twice))
    }
}
