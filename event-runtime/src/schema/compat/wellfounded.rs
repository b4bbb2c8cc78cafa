//! Schemas that lead back to themselves without going down into the instance: they have no meaning, so nothing is
//! proved about them.

use std::collections::HashMap;

use serde_json::Value;

use super::document::Node;
use super::engine::Engine;
use super::shape::{NAMED_SCHEMAS, ONE_SCHEMA, SCHEMA_LISTS};

#[derive(Clone, Copy, PartialEq)]
enum Visit {
    Entered,
    Left,
}

impl<'a> Engine<'a> {
    /// Whether no schema that can be reached from `root` leads back to itself at one place of the instance.
    pub(super) fn is_well_founded(&self, root: Node<'a>) -> bool {
        let mut visits: HashMap<u64, Visit> = HashMap::new();
        let mut roots = vec![root];
        while let Some(start) = roots.pop() {
            let mut path: Vec<(Node<'a>, bool)> = vec![(start, false)];
            while let Some((node, done)) = path.pop() {
                if done {
                    visits.insert(node.key(), Visit::Left);
                    continue;
                }
                match visits.get(&node.key()) {
                    Some(Visit::Entered) => return false,
                    Some(Visit::Left) => continue,
                    None => {}
                }
                visits.insert(node.key(), Visit::Entered);
                path.push((node, true));
                let (here, below) = self.schemas_inside(node);
                // A schema that is entered and meets itself is found when it is popped again.
                path.extend(here.into_iter().map(|inner| (inner, false)));
                roots.extend(below.into_iter().filter(|inner| !visits.contains_key(&inner.key())));
            }
        }
        true
    }

    /// The schemas of the same place of the instance, and those of places below it.
    fn schemas_inside(&self, node: Node<'a>) -> (Vec<Node<'a>>, Vec<Node<'a>>) {
        let mut here: Vec<Node<'a>> = self.target(node).into_iter().collect();
        let mut below = Vec::new();
        if self.is_only_ref(node) {
            return (here, below);
        }
        for keyword in SCHEMA_LISTS {
            let side = if keyword == "prefixItems" { &mut below } else { &mut here };
            side.extend(node.list(keyword));
        }
        for keyword in ONE_SCHEMA {
            let side = if matches!(keyword, "not" | "if" | "then" | "else") { &mut here } else { &mut below };
            side.extend(node.schema(keyword).filter(|schema| !schema.value.is_array()));
        }
        below.extend(node.list("items"));
        for keyword in NAMED_SCHEMAS.into_iter().chain(["dependencies"]) {
            let side =
                if matches!(keyword, "dependentSchemas" | "dependencies") { &mut here } else { &mut below };
            side.extend(
                node.named(keyword).map(|(_, schema)| schema).filter(|schema| schema.value.is_object()),
            );
        }
        here.retain(|schema| matches!(schema.value, Value::Object(_)));
        below.retain(|schema| matches!(schema.value, Value::Object(_)));
        (here, below)
    }
}
