//! Whether a schema accepts an instance: yes, no, or "can't tell" where a pattern, a format or a keyword is not read.

mod array;
mod closing;
mod object;
mod scalar;

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Node;
use super::engine::Engine;
use super::number::same_value;
use super::shape::{Kind, TypeRule, UNREAD, is_well_formed, type_rule};
use super::verdict::Truth;

/// The properties that a schema has looked at (what `unevaluatedProperties` leaves out).
#[derive(Default)]
struct Seen<'i> {
    surely: BTreeSet<&'i str>,
    maybe: BTreeSet<&'i str>,
}

impl<'i> Seen<'i> {
    /// Adds what another schema of the same instance has seen, as far as that schema holds.
    fn add(&mut self, other: Seen<'i>, holds: Truth) {
        match holds {
            Truth::True => {
                self.surely.extend(other.surely);
                self.maybe.extend(other.maybe);
            }
            Truth::Unknown => {
                self.maybe.extend(other.surely);
                self.maybe.extend(other.maybe);
            }
            Truth::False => {}
        }
    }
}

impl<'a> Engine<'a> {
    /// Whether `node` accepts `instance`; with `closed`, whether a writer of `node` emits it, objects closed.
    pub(super) fn accepts(&mut self, node: Node<'a>, instance: &Value, closed: bool) -> Truth {
        match self.judge(node, instance) {
            Truth::True if closed => self.is_emitted(&[node], instance),
            verdict => verdict,
        }
    }

    fn judge(&mut self, node: Node<'a>, instance: &Value) -> Truth {
        self.judge_here(node, instance).0
    }

    /// The verdict, and the properties it looked at.
    fn judge_here<'i>(&mut self, node: Node<'a>, instance: &'i Value) -> (Truth, Seen<'i>) {
        let mut seen = Seen::default();
        if self.spend().is_err() || !is_well_formed(node) {
            return (Truth::Unknown, seen);
        }
        if let Value::Bool(verdict) = node.value {
            return ((*verdict).into(), seen);
        }
        let verdict = self.deeper(|engine| engine.judge_keywords(node, instance, &mut seen));
        (verdict.unwrap_or(Truth::Unknown), seen)
    }

    fn judge_keywords<'i>(&mut self, node: Node<'a>, instance: &'i Value, seen: &mut Seen<'i>) -> Truth {
        let mut verdict = Truth::True;
        if node.keyword("$ref").is_some() {
            verdict = match self.target(node) {
                Some(target) => self.apply(target, instance, seen),
                None => Truth::Unknown,
            };
            if self.is_only_ref(node) {
                return verdict;
            }
        }
        verdict = verdict.and(judge_type_and_values(node, instance));
        if verdict == Truth::False {
            return verdict;
        }
        verdict = verdict.and(self.judge_logic(node, instance, seen));
        verdict = verdict.and(match instance {
            Value::Number(number) => scalar::judge_number(node, number),
            Value::String(text) => self.judge_string(node, text),
            Value::Array(items) => self.judge_array(node, items),
            Value::Object(members) => self.judge_object(node, instance, members, seen),
            Value::Null | Value::Bool(_) => Truth::True,
        });
        if UNREAD.iter().any(|keyword| node.keyword(keyword).is_some()) {
            verdict = verdict.and(Truth::Unknown);
        }
        verdict
    }

    /// Another schema of the same instance.
    fn apply<'i>(&mut self, node: Node<'a>, instance: &'i Value, seen: &mut Seen<'i>) -> Truth {
        let (verdict, other) = self.judge_here(node, instance);
        seen.add(other, verdict);
        verdict
    }

    fn judge_logic<'i>(&mut self, node: Node<'a>, instance: &'i Value, seen: &mut Seen<'i>) -> Truth {
        let mut verdict = Truth::True;
        for part in node.list("allOf") {
            verdict = verdict.and(self.apply(part, instance, seen));
        }
        let choices = node.list("anyOf");
        if !choices.is_empty() {
            let mut any = Truth::False;
            for choice in choices {
                any = any.or(self.apply(choice, instance, seen));
            }
            verdict = verdict.and(any);
        }
        let choices = node.list("oneOf");
        if !choices.is_empty() {
            let (mut yes, mut unknown) = (0, 0);
            for choice in choices {
                match self.apply(choice, instance, seen) {
                    Truth::True => yes += 1,
                    Truth::Unknown => unknown += 1,
                    Truth::False => {}
                }
            }
            verdict = verdict.and(match (yes, unknown) {
                (1, 0) => Truth::True,
                (2.., _) | (0, 0) => Truth::False,
                _ => Truth::Unknown,
            });
        }
        if let Some(refused) = node.schema("not") {
            verdict = verdict.and(self.judge(refused, instance).not());
        }
        if let Some(condition) = node.schema("if") {
            let mut branch = |engine: &mut Self, keyword: &str| {
                node.schema(keyword).map_or(Truth::True, |branch| engine.apply(branch, instance, seen))
            };
            let (holds, condition_seen) = self.judge_here(condition, instance);
            verdict = verdict.and(match holds {
                Truth::True => branch(self, "then"),
                Truth::False => branch(self, "else"),
                Truth::Unknown => {
                    let (then, otherwise) = (branch(self, "then"), branch(self, "else"));
                    if then == otherwise { then } else { Truth::Unknown }
                }
            });
            seen.add(condition_seen, holds);
        }
        verdict
    }
}

fn judge_type_and_values(node: Node<'_>, instance: &Value) -> Truth {
    let fits = match type_rule(node, Kind::of(instance)) {
        TypeRule::Allowed => true,
        TypeRule::Whole => super::number::Num::from_value(instance).is_some_and(super::number::Num::is_whole),
        TypeRule::Refused => false,
    };
    let constant = node.keyword("const").is_none_or(|value| same_value(value, instance));
    let listed = node
        .keyword("enum")
        .and_then(Value::as_array)
        .is_none_or(|values| values.iter().any(|value| same_value(value, instance)));
    (fits && constant && listed).into()
}
