//! Objects.

use serde_json::{Map, Value};

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::verdict::Truth;
use super::Seen;

impl<'a> Engine<'a> {
    pub(super) fn judge_object<'i>(
        &mut self,
        node: Node<'a>,
        instance: &'i Value,
        members: &'i Map<String, Value>,
        seen: &mut Seen<'i>,
    ) -> Truth {
        let count = members.len() as u64;
        let missing = |name: &Value| name.as_str().is_some_and(|name| !members.contains_key(name));
        if node.keyword("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(missing))
            || node.count("minProperties").is_some_and(|least| count < least)
            || node.count("maxProperties").is_some_and(|most| count > most)
        {
            return Truth::False;
        }
        let mut verdict = self.judge_dependencies(node, instance, members, seen);
        for (name, value) in members {
            verdict = verdict.and(self.judge_member(node, name, value, seen));
            if verdict == Truth::False {
                return verdict;
            }
        }
        match node.schema("unevaluatedProperties") {
            Some(schema) => verdict.and(self.judge_unseen(schema, members, seen)),
            None => verdict,
        }
    }

    fn judge_member<'i>(
        &mut self,
        node: Node<'a>,
        name: &'i str,
        value: &'i Value,
        seen: &mut Seen<'i>,
    ) -> Truth {
        let mut verdict = Truth::True;
        // Whether a pattern applies may be unknown; then its schema counts as far as it does not matter.
        let mut described = Truth::False;
        if let Some(schema) = node.keyword("properties").and_then(|map| map.get(name)) {
            described = Truth::True;
            verdict = verdict.and(self.judge(node.at(schema), value));
        }
        for (pattern, schema) in node.named("patternProperties") {
            let applies = self.patterns.matches(pattern, name);
            if applies != Truth::False {
                verdict = verdict.and(self.judge(schema, value).or(applies.not()));
            }
            described = described.or(applies);
        }
        match described {
            Truth::True => drop(seen.surely.insert(name)),
            Truth::Unknown => drop(seen.maybe.insert(name)),
            Truth::False => {}
        }
        if let Some(schema) = node.schema("additionalProperties") {
            if described != Truth::True {
                verdict = verdict.and(self.judge(schema, value).or(described));
            }
            seen.surely.insert(name);
        }
        if let Some(schema) = node.schema("propertyNames") {
            verdict = verdict.and(self.judge(schema, &Value::String(name.to_owned())));
        }
        verdict
    }

    fn judge_unseen<'i>(
        &mut self,
        schema: Node<'a>,
        members: &'i Map<String, Value>,
        seen: &mut Seen<'i>,
    ) -> Truth {
        let mut verdict = Truth::True;
        for (name, value) in members {
            if seen.surely.contains(name.as_str()) {
                continue;
            }
            let accepted = self.judge(schema, value);
            let skipped = if seen.maybe.contains(name.as_str()) { Truth::Unknown } else { Truth::False };
            verdict = verdict.and(accepted.or(skipped));
        }
        seen.surely.extend(members.keys().map(String::as_str));
        verdict
    }

    fn judge_dependencies<'i>(
        &mut self,
        node: Node<'a>,
        instance: &'i Value,
        members: &'i Map<String, Value>,
        seen: &mut Seen<'i>,
    ) -> Truth {
        let mut verdict = Truth::True;
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for (name, dependent) in node.named(keyword) {
                if !members.contains_key(name) {
                    continue;
                }
                verdict = verdict.and(match dependent.value {
                    Value::Array(names) => {
                        let present =
                            |name: &Value| name.as_str().is_none_or(|name| members.contains_key(name));
                        names.iter().all(present).into()
                    }
                    _ => self.apply(dependent, instance, seen),
                });
            }
        }
        verdict
    }
}
