//! Objects closed: an object that its schema describes by a list of properties is emitted with these and no others,
//! unless the schema itself says what else it may hold.
//!
//! What counts is the place in the instance, not the single subschema: a property is known there if any subschema that
//! holds at that place lists it, the way `unevaluatedProperties` sees it.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::shape::{asked_for, elements, lists_properties};
use super::super::verdict::Truth;

impl<'a> Engine<'a> {
    /// Whether nothing in `instance`, which `schemas` accept, is a property that no schema there lists.
    pub(in super::super) fn is_emitted(&mut self, schemas: &[Node<'a>], instance: &Value) -> Truth {
        if self.spend().is_err() {
            return Truth::Unknown;
        }
        match instance {
            Value::Array(items) if !schemas.is_empty() => {
                let (here, complete) = self.in_place(schemas, instance);
                self.are_elements_emitted(&here, items).unless_no(complete)
            }
            Value::Object(members) if !schemas.is_empty() => {
                let (here, complete) = self.in_place(schemas, instance);
                self.are_members_emitted(&here, members).unless_no(complete)
            }
            _ => Truth::True,
        }
    }

    fn are_elements_emitted(&mut self, here: &[Node<'a>], items: &[Value]) -> Truth {
        let mut verdict = Truth::True;
        for (index, item) in items.iter().enumerate() {
            let below: Vec<_> = here
                .iter()
                .filter_map(|&node| {
                    let (first, rest) = elements(node);
                    first.get(index).copied().or(rest)
                })
                .collect();
            verdict = verdict.and(self.below(&below, item));
        }
        verdict
    }

    fn are_members_emitted(&mut self, here: &[Node<'a>], members: &Map<String, Value>) -> Truth {
        let says_rest = |node: &Node<'a>| {
            ["additionalProperties", "unevaluatedProperties"]
                .iter()
                .any(|keyword| node.keyword(keyword).is_some())
        };
        let is_closed = here.iter().any(|&node| lists_properties(node)) && !here.iter().any(says_rest);
        let mut verdict = Truth::True;
        for (name, value) in members {
            let mut below = Vec::new();
            let mut listed = Truth::False;
            for &node in here {
                let before = below.len();
                if let Some(schema) = node.keyword("properties").and_then(|map| map.get(name)) {
                    listed = Truth::True;
                    below.push(node.at(schema));
                }
                for (pattern, schema) in node.named("patternProperties") {
                    let applies = self.patterns.matches(pattern, name);
                    listed = listed.or(applies);
                    if applies != Truth::False {
                        below.push(schema);
                    }
                }
                if below.len() == before {
                    below.extend(node.schema("additionalProperties"));
                    below.extend(node.schema("unevaluatedProperties"));
                }
            }
            if is_closed && !here.iter().any(|&node| asked_for(node).any(|other| other == name)) {
                verdict = verdict.and(listed);
            }
            verdict = verdict.and(self.below(&below, value));
        }
        verdict
    }

    fn below(&mut self, schemas: &[Node<'a>], instance: &Value) -> Truth {
        self.deeper(|engine| engine.is_emitted(schemas, instance)).unwrap_or(Truth::Unknown)
    }

    /// Every schema that holds at this place, through references and combinations, and whether these are all of them.
    fn in_place(&mut self, schemas: &[Node<'a>], instance: &Value) -> (Vec<Node<'a>>, bool) {
        let mut pending = schemas.to_vec();
        let mut here: Vec<Node<'a>> = Vec::new();
        let (mut followed, mut complete) = (HashSet::new(), true);
        while let Some(node) = pending.pop() {
            if !followed.insert(node.key()) {
                continue;
            }
            if self.spend().is_err() {
                return (here, false);
            }
            pending.extend(self.target(node));
            if self.is_only_ref(node) {
                continue;
            }
            here.push(node);
            pending.extend(node.list("allOf"));
            let mut conditional = node.list("anyOf");
            conditional.extend(node.list("oneOf"));
            if let Some(condition) = node.schema("if") {
                let branch = if self.judge(condition, instance) == Truth::False { "else" } else { "then" };
                conditional.push(condition);
                conditional.extend(node.schema(branch));
            }
            for keyword in ["dependentSchemas", "dependencies"] {
                let present = node.named(keyword).filter(|(name, _)| instance.get(name).is_some());
                conditional
                    .extend(present.filter(|(_, schema)| !schema.value.is_array()).map(|(_, schema)| schema));
            }
            for schema in conditional {
                match self.judge(schema, instance) {
                    Truth::True => pending.push(schema),
                    Truth::Unknown => complete = false,
                    Truth::False => {}
                }
            }
        }
        (here, complete)
    }
}
