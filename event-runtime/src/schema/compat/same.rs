//! Whether two schemas are one schema written twice: the same rules, whatever their descriptions say.
//!
//! It is what makes an unchanged schema compatible with itself, also where it holds keywords that the engine
//! can't reason about.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::document::Node;
use super::engine::Engine;
use super::number::same_value;
use super::shape::{NAMED_SCHEMAS, ONE_SCHEMA, SCHEMA_LISTS};

/// Whether a keyword is a rule, as far as anybody knows: not a remark, a name, or a store of definitions.
pub(super) fn is_rule(keyword: &str) -> bool {
    !matches!(
        keyword,
        "title"
            | "description"
            | "default"
            | "examples"
            | "example"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "$comment"
            | "$schema"
            | "$id"
            | "id"
            | "$anchor"
            | "$dynamicAnchor"
            | "$defs"
            | "definitions"
            | "$vocabulary"
            | "contentMediaType"
            | "contentEncoding"
            | "contentSchema"
    ) && !keyword.starts_with("x-")
}

impl<'a> Engine<'a> {
    /// Whether both schemas have the same rules.
    pub(super) fn is_same(&mut self, a: Node<'a>, b: Node<'a>) -> bool {
        if a.key() == b.key() {
            return true;
        }
        let key = (a.key(), b.key());
        if let Some(&known) = self.same.get(&key) {
            return known;
        }
        let mut assumed = HashSet::new();
        let same = self.same_schema(a, b, &mut assumed, 0);
        self.same.insert(key, same);
        same
    }

    fn same_schema(
        &mut self,
        a: Node<'a>,
        b: Node<'a>,
        assumed: &mut HashSet<(u64, u64)>,
        depth: usize,
    ) -> bool {
        if depth > self.max_depth || self.spend().is_err() {
            return false;
        }
        if !assumed.insert((a.key(), b.key())) {
            return true;
        }
        let (a, b) = (self.followed(a), self.followed(b));
        match (a.value, b.value) {
            (Value::Object(left), Value::Object(right)) => {
                if self.is_only_ref(a) != self.is_only_ref(b) || rules(left).count() != rules(right).count() {
                    return false;
                }
                rules(left).all(|(keyword, value)| {
                    right.get(keyword).is_some_and(|other| {
                        self.same_keyword(keyword, a.at(value), b.at(other), assumed, depth + 1)
                    })
                })
            }
            (left, right) => left == right,
        }
    }

    fn same_keyword(
        &mut self,
        keyword: &str,
        a: Node<'a>,
        b: Node<'a>,
        assumed: &mut HashSet<(u64, u64)>,
        depth: usize,
    ) -> bool {
        match (a.value, b.value) {
            (Value::Array(left), Value::Array(right))
                if SCHEMA_LISTS.contains(&keyword) || keyword == "items" =>
            {
                left.len() == right.len()
                    && left.iter().zip(right).all(|(x, y)| self.same_schema(a.at(x), b.at(y), assumed, depth))
            }
            (Value::Object(left), Value::Object(right))
                if NAMED_SCHEMAS.contains(&keyword) || keyword == "dependencies" =>
            {
                left.len() == right.len()
                    && left.iter().all(|(name, x)| {
                        right.get(name).is_some_and(|y| self.same_schema(a.at(x), b.at(y), assumed, depth))
                    })
            }
            (Value::String(_), Value::String(_)) if keyword == "$ref" => {
                let target = |node: Node<'a>| {
                    let reference = node.value.as_str()?;
                    self.documents.get(node.document)?.resolve(reference).map(|value| node.at(value))
                };
                match (target(a), target(b)) {
                    (Some(x), Some(y)) => self.same_schema(x, y, assumed, depth),
                    _ => false,
                }
            }
            // Where these lead depends on what stands around them.
            _ if keyword == "$dynamicRef" || keyword == "$recursiveRef" => false,
            (left, right) if keyword == "const" || keyword == "enum" => same_value(left, right),
            _ if ONE_SCHEMA.contains(&keyword) => self.same_schema(a, b, assumed, depth),
            (left, right) => left == right,
        }
    }
}

fn rules(schema: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.iter().filter(|(keyword, _)| is_rule(keyword))
}
