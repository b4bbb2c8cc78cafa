//! What the prover is spared: it has no budget of its own, and a schema that contains itself takes it as deep as the
//! stack is.

use std::collections::HashMap;

use serde_json::Value;

/// With its references written out, a schema of more places than this is not given to the prover.
const MOST_PLACES: u64 = 20_000;
/// Schemas inside schemas inside schemas: deeper ones neither.
const DEEPEST: usize = 64;

/// Whether the schema ends: no reference leads back to where it stands, and all of it is of ordinary size.
pub(super) fn within(schema: &Value) -> bool {
    Walk { root: schema, known: HashMap::new() }.places(schema, 0).is_some_and(|places| places <= MOST_PLACES)
}

struct Walk<'a> {
    root: &'a Value,
    /// Places below a reference's target; `None` while it is being counted.
    known: HashMap<&'a str, Option<u64>>,
}

impl<'a> Walk<'a> {
    fn places(&mut self, value: &'a Value, depth: usize) -> Option<u64> {
        if depth > DEEPEST {
            return None;
        }
        let mut places = 1u64;
        match value {
            Value::Object(members) => {
                for (name, part) in members {
                    let below = match (name.as_str(), part) {
                        ("$ref", Value::String(reference)) => self.target(reference, depth)?,
                        ("$dynamicRef" | "$recursiveRef", _) => return None,
                        // They count where they are referred to.
                        ("$defs" | "definitions", _) => continue,
                        _ => self.places(part, depth + 1)?,
                    };
                    places = places.saturating_add(below);
                }
            }
            Value::Array(items) => {
                for item in items {
                    places = places.saturating_add(self.places(item, depth + 1)?);
                }
            }
            _ => {}
        }
        Some(places)
    }

    fn target(&mut self, reference: &'a str, depth: usize) -> Option<u64> {
        if let Some(known) = self.known.get(reference) {
            return *known;
        }
        self.known.insert(reference, None);
        let target = self.root.pointer(reference.strip_prefix('#')?)?;
        let places = self.places(target, depth + 1)?;
        self.known.insert(reference, Some(places));
        Some(places)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::within;

    #[test]
    fn what_contains_itself_is_spared() {
        let tree = json!({ "$ref": "#/$defs/T", "$defs": { "T": { "items": { "$ref": "#/$defs/T" } } } });
        assert!(!within(&tree) && !within(&json!({ "items": { "$ref": "#" } })));
        assert!(within(&json!({ "items": { "$ref": "#/$defs/T" }, "$defs": { "T": { "type": "null" } } })));
    }

    #[test]
    fn what_doubles_is_spared() {
        let mut definitions = serde_json::Map::new();
        definitions.insert("d0".into(), json!({}));
        for level in 1..40 {
            let below = json!({ "$ref": format!("#/$defs/d{}", level - 1) });
            definitions.insert(format!("d{level}"), json!({ "anyOf": [below, below] }));
        }
        assert!(!within(&json!({ "$ref": "#/$defs/d39", "$defs": definitions })));
    }
}
