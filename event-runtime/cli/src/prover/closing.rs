//! What a writer emits, in JSON Schema's own words: objects with the properties that the schema lists, and no others.
//!
//! An object is closed by `additionalProperties: false`, which is right only where nothing else describes the same
//! object. So alternatives are closed one by one where no object fits two of them, and whatever mixes descriptions of
//! one object is left alone: no schema, no opinion.

use serde_json::{Map, Value, json};

/// The schema with its objects closed; `None` where these words don't say it.
pub(super) fn closed(schema: &Value) -> Option<Value> {
    Closing { root: schema }.schema(schema)
}

struct Closing<'a> {
    root: &'a Value,
}

/// Keywords that describe the object that they stand in from elsewhere.
const BESIDE: [&str; 7] = ["allOf", "anyOf", "oneOf", "not", "if", "dependentSchemas", "dependencies"];

impl Closing<'_> {
    fn schema(&self, schema: &Value) -> Option<Value> {
        let Some(rules) = schema.as_object() else { return Some(schema.clone()) };
        let lists = rules.contains_key("properties") || rules.contains_key("patternProperties");
        let beside = BESIDE.iter().any(|keyword| rules.contains_key(*keyword)) || rules.contains_key("$ref");
        if (lists || rules.contains_key("additionalProperties")) && beside {
            return None;
        }
        if ["unevaluatedProperties", "not", "if", "dependentSchemas", "dependencies", "$dynamicRef"]
            .iter()
            .any(|keyword| rules.contains_key(*keyword))
        {
            return None;
        }
        let mut closed = Map::new();
        for (keyword, value) in rules {
            closed.insert(keyword.clone(), self.keyword(keyword, value)?);
        }
        // A property that is asked for is emitted, listed or not.
        if rules.contains_key("properties") && !rules.contains_key("additionalProperties") {
            let required = rules.get("required").and_then(Value::as_array).into_iter().flatten();
            for name in required.filter_map(Value::as_str) {
                if let Some(properties) = closed.get_mut("properties").and_then(Value::as_object_mut) {
                    properties.entry(name).or_insert(json!(true));
                }
            }
            closed.insert("additionalProperties".to_owned(), json!(false));
        }
        Some(Value::Object(closed))
    }

    fn keyword(&self, keyword: &str, value: &Value) -> Option<Value> {
        match (keyword, value) {
            ("properties" | "patternProperties" | "$defs" | "definitions", Value::Object(parts)) => {
                let parts = parts.iter().map(|(name, part)| Some((name.clone(), self.schema(part)?)));
                parts.collect::<Option<Map<_, _>>>().map(Value::Object)
            }
            ("items" | "additionalItems" | "additionalProperties" | "contains", Value::Object(_)) => {
                self.schema(value)
            }
            ("prefixItems" | "items", Value::Array(parts)) => {
                parts.iter().map(|part| self.schema(part)).collect()
            }
            ("allOf", Value::Array(parts)) if parts.len() == 1 => {
                parts.iter().map(|part| self.schema(part)).collect()
            }
            ("anyOf" | "oneOf", Value::Array(parts)) if self.are_apart(parts) => {
                parts.iter().map(|part| self.schema(part)).collect()
            }
            ("allOf" | "anyOf" | "oneOf", _) => None,
            _ => Some(value.clone()),
        }
    }

    /// Whether no object fits two of these.
    fn are_apart(&self, parts: &[Value]) -> bool {
        let objects: Vec<&Value> =
            parts.iter().map(|part| self.followed(part)).filter(|part| may_be_object(part)).collect();
        let pairs = objects.iter().enumerate();
        pairs.into_iter().all(|(index, one)| objects.iter().skip(index + 1).all(|two| tags_differ(one, two)))
    }

    fn followed<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|reference| self.root.pointer(reference.strip_prefix('#')?));
        target.unwrap_or(schema)
    }
}

fn may_be_object(schema: &Value) -> bool {
    if schema.get("const").is_some_and(|value| !value.is_object()) {
        return false;
    }
    let listed = schema.get("enum").and_then(Value::as_array);
    if listed.is_some_and(|values| values.iter().all(|value| !value.is_object())) {
        return false;
    }
    match schema.get("type") {
        Some(Value::String(name)) => name == "object",
        Some(Value::Array(names)) => names.iter().any(|name| name == "object"),
        _ => schema != &Value::Bool(false),
    }
}

/// Whether both ask for a property of one name with different constants.
fn tags_differ(one: &Value, two: &Value) -> bool {
    let required = |schema: &Value, name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|other| other == name))
    };
    let constant = |schema: &Value, name: &str| {
        let property = schema.get("properties").and_then(|properties| properties.get(name));
        property.and_then(|property| property.get("const")).cloned()
    };
    let names = one.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    names.into_iter().any(|name| {
        let both = required(one, name) && required(two, name);
        both && matches!((constant(one, name), constant(two, name)), (Some(a), Some(b)) if a != b)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::closed;

    #[test]
    fn tagged_alternatives_are_closed_one_by_one() {
        let variant = |tag: &str| json!({ "type": "object", "properties": { "kind": { "const": tag } }, "required": ["kind"] });
        let close = |mut variant: Value| {
            variant["additionalProperties"] = json!(false);
            variant
        };
        let union = json!({ "oneOf": [variant("a"), variant("b"), { "type": "null" }] });
        let expected = json!({ "oneOf": [close(variant("a")), close(variant("b")), { "type": "null" }] });
        assert_eq!(closed(&union), Some(expected));
        assert_eq!(closed(&json!({ "oneOf": [variant("a"), variant("a")] })), None);
    }

    #[test]
    fn what_describes_one_object_twice_is_left_alone() {
        let mixed = json!({ "properties": { "a": true }, "allOf": [{ "properties": { "b": true } }] });
        assert_eq!(closed(&mixed), None);
        let referring = json!({ "properties": { "a": true }, "$ref": "#/$defs/B", "$defs": { "B": {} } });
        assert_eq!(closed(&referring), None);
    }
}
