//! Random schemas, random edits of them, and random instances that have a chance to fit.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// Property names; few, so that schemas and instances meet.
const NAMES: [&str; 5] = ["a", "b", "c", "x-a", "kind"];

/// Random choices for a sampler that walks a schema.
pub struct Choices {
    seeds: Vec<u32>,
    next: usize,
}

impl Choices {
    pub fn new(seeds: Vec<u32>) -> Self {
        Self { seeds, next: 0 }
    }

    pub fn below(&mut self, count: usize) -> usize {
        self.next += 1;
        let seed = self.seeds[self.next % self.seeds.len()]
            .wrapping_add((self.next as u32).wrapping_mul(2_654_435_761));
        (seed >> 7) as usize % count.max(1)
    }
}

pub fn value() -> impl Strategy<Value = Value> {
    let leaf = select(leaves());
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(select(NAMES.to_vec()), inner, 0..4)
                .prop_map(|map| map.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

fn leaves() -> Vec<Value> {
    let mut values = vec![Value::Null, json!(true), json!(false)];
    values.extend([-1, 0, 1, 2, 3, 6, 10].map(|number| json!(number)));
    values.extend([0.5, 1.5, 2.0, 2.5, -0.25].map(|number| json!(number)));
    values.extend(
        ["", "a", "b", "ab", "abc", "A", "12", "x-a", "2024-02-29", "192.0.2.1"].map(|text| json!(text)),
    );
    values.push(json!("00000000-0000-4000-8000-000000000000"));
    values
}

/// A schema with two definitions that it and they may refer to.
pub fn document() -> impl Strategy<Value = Value> {
    (schema(), schema(), schema()).prop_map(|(mut root, first, second)| {
        if let Some(root) = root.as_object_mut() {
            let mut definitions = json!({ "A": first, "B": second });
            if let Some(second) = definitions["B"].as_object_mut() {
                second.insert("$anchor".into(), json!("bee"));
            }
            root.insert("$defs".into(), definitions);
        }
        root
    })
}

pub fn schema() -> impl Strategy<Value = Value> {
    leaf_schema().prop_recursive(4, 24, 4, |inner| {
        let parts = prop::collection::vec(part(inner), 1..4);
        parts.prop_map(|parts| Value::Object(parts.into_iter().flatten().collect::<Map<_, _>>()))
    })
}

fn leaf_schema() -> BoxedStrategy<Value> {
    let number = (
        select(vec!["integer", "number"]),
        select(vec![
            json!({}),
            json!({ "minimum": 1 }),
            json!({ "maximum": 2 }),
            json!({ "exclusiveMinimum": 0, "maximum": 3 }),
            json!({ "exclusiveMaximum": 3 }),
            json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1 }),
            json!({ "minimum": 3, "maximum": 1 }),
            json!({ "format": "uint8" }),
            json!({ "format": "int8", "minimum": 0 }),
            json!({ "format": "uint16", "multipleOf": 3 }),
            json!({ "multipleOf": 2 }),
            json!({ "multipleOf": 3, "minimum": 0 }),
            json!({ "multipleOf": 0.5 }),
        ]),
    );
    let string = select(vec![
        json!({}),
        json!({ "minLength": 1 }),
        json!({ "maxLength": 2 }),
        json!({ "pattern": "^[a-z]+$" }),
        json!({ "pattern": "a" }),
        json!({ "pattern": "^[0-9]{1,3}$" }),
        json!({ "format": "date" }),
        json!({ "format": "ipv4" }),
        json!({ "format": "uuid" }),
        json!({ "minLength": 2, "maxLength": 3 }),
        json!({ "pattern": "^x-" }),
        json!({ "pattern": "^(a|b|ab)$", "minLength": 2 }),
        json!({ "pattern": "[^a]$" }),
        json!({ "format": "date-time" }),
        json!({ "format": "time" }),
        json!({ "format": "email" }),
        json!({ "format": "ipv6" }),
        json!({ "format": "nobody-knows" }),
    ]);
    let named = vec![
        json!({ "$ref": "#/$defs/A" }),
        json!({ "$ref": "#/$defs/B" }),
        json!({ "$ref": "#bee" }),
        json!({ "$ref": "#" }),
        json!(true),
        json!({}),
        json!(false),
    ];
    let typed = vec![
        json!({ "type": "null" }),
        json!({ "type": "boolean" }),
        json!({ "type": "object" }),
        json!({ "type": "array" }),
        json!({ "type": ["string", "null"] }),
        json!({ "type": ["integer", "string"] }),
        json!({ "type": ["object", "array", "null"] }),
        json!({ "type": ["number", "boolean", "string"], "minimum": 1, "maxLength": 1 }),
    ];
    prop_oneof![
        3 => number.prop_map(|(kind, rules)| merged(&json!({ "type": kind }), &rules)),
        3 => string.prop_map(|rules| merged(&json!({ "type": "string" }), &rules)),
        2 => select(typed),
        2 => select(named),
        2 => select(leaves()).prop_map(|value| json!({ "const": value })),
        2 => prop::collection::vec(select(leaves()), 1..4).prop_map(|values| json!({ "enum": values })),
    ]
    .boxed()
}

/// One or two keywords.
fn part(inner: impl Strategy<Value = Value> + Clone + 'static) -> BoxedStrategy<Map<String, Value>> {
    let named = || prop::collection::btree_map(select(NAMES.to_vec()), inner.clone(), 1..4);
    let names = || prop::collection::btree_set(select(NAMES.to_vec()), 0..3);
    let list = || prop::collection::vec(inner.clone(), 1..4);
    let object = (named(), names()).prop_map(
        |(properties, required)| json!({ "type": "object", "properties": properties, "required": required }),
    );
    let tagged = (named(), named()).prop_map(|(one, two)| {
        let variant = |tag: &str, properties: std::collections::BTreeMap<&str, Value>| {
            let mut properties = json!(properties);
            properties["kind"] = json!({ "const": tag });
            json!({ "type": "object", "properties": properties, "required": ["kind"] })
        };
        json!({ "oneOf": [variant("a", one), variant("b", two)] })
    });
    let rest = inner.clone();
    prop_oneof![
        6 => object,
        2 => tagged,
        2 => inner.clone().prop_map(|schema| json!({ "additionalProperties": schema })),
        1 => inner.clone().prop_map(|schema| json!({ "patternProperties": { "^x-": schema } })),
        1 => inner.clone().prop_map(|schema| json!({ "unevaluatedProperties": schema })),
        1 => (inner.clone(), inner.clone()).prop_map(|(one, two)| json!({ "patternProperties": { "^(a|kind)$": one, "b|c": two } })),
        1 => (named(), inner.clone()).prop_map(|(properties, rest)| json!({ "properties": properties, "additionalProperties": rest })),
        1 => select(vec![json!({ "maxLength": 1 }), json!({ "pattern": "^[a-c]" }), json!({ "enum": ["a", "kind"] })])
            .prop_map(|names| json!({ "propertyNames": names })),
        1 => (list(), inner.clone()).prop_map(|(first, rest)| json!({ "prefixItems": first, "unevaluatedItems": rest })),
        1 => (names(), select(NAMES.to_vec())).prop_map(|(names, name)| json!({ "dependentRequired": { name: names } })),
        1 => (inner.clone(), select(NAMES.to_vec())).prop_map(|(schema, name)| json!({ "dependentSchemas": { name: schema } })),
        1 => (0u64..3, 0u64..3).prop_map(|(least, more)| json!({ "minProperties": least, "maxProperties": least + more })),
        2 => inner.clone().prop_map(|schema| json!({ "type": "array", "items": schema })),
        2 => (list(), rest).prop_map(|(first, rest)| json!({ "type": "array", "prefixItems": first, "items": rest })),
        1 => inner.clone().prop_map(|schema| json!({ "contains": schema })),
        1 => (inner.clone(), 0u64..3, 0u64..3).prop_map(|(schema, least, more)| json!({ "contains": schema, "minContains": least, "maxContains": least + more })),
        1 => (0u64..3, 0u64..3).prop_map(|(least, more)| json!({ "minItems": least, "maxItems": least + more })),
        1 => Just(json!({ "uniqueItems": true })),
        2 => list().prop_map(|parts| json!({ "allOf": parts })),
        3 => list().prop_map(|parts| json!({ "anyOf": parts })),
        2 => list().prop_map(|parts| json!({ "oneOf": parts })),
        1 => inner.clone().prop_map(|schema| json!({ "not": schema })),
        1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| json!({ "if": a, "then": b, "else": c })),
        1 => inner.prop_map(|schema| if schema.is_object() { schema } else { json!({}) }),
    ]
    .prop_map(|value| value.as_object().cloned().unwrap_or_default())
    .boxed()
}

fn merged(a: &Value, b: &Value) -> Value {
    let mut all = a.as_object().cloned().unwrap_or_default();
    all.extend(b.as_object().cloned().unwrap_or_default());
    Value::Object(all)
}

/// The schema with one place changed: replaced, or one keyword removed, or rules added.
pub fn edited(schema: &Value, replacement: &Value, choices: &mut Choices) -> Value {
    let mut places = Vec::new();
    collect_places(schema, String::new(), &mut places);
    let place = &places[choices.below(places.len())];
    let mut edited = schema.clone();
    let Some(target) = edited.pointer_mut(place) else { return edited };
    match (choices.below(3), target) {
        (0, Value::Object(rules)) if !rules.is_empty() => {
            let keys: Vec<String> = rules.keys().filter(|key| *key != "$defs").cloned().collect();
            if let Some(key) = keys.get(choices.below(keys.len())) {
                rules.remove(key);
            }
        }
        (1, Value::Object(rules)) => {
            rules.extend(
                replacement
                    .as_object()
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|(key, _)| key != "$defs"),
            );
        }
        (_, target) if !place.is_empty() => *target = replacement.clone(),
        _ => {}
    }
    edited
}

/// The pointers of all schemas in a schema.
fn collect_places(schema: &Value, at: String, into: &mut Vec<String>) {
    into.push(at.clone());
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "dependentSchemas" | "$defs", Value::Object(map)) => {
                for (name, schema) in map {
                    collect_places(schema, format!("{at}/{keyword}/{name}"), into);
                }
            }
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(list)) => {
                for (index, schema) in list.iter().enumerate() {
                    collect_places(schema, format!("{at}/{keyword}/{index}"), into);
                }
            }
            ("not" | "if" | "then" | "else" | "items" | "contains" | "additionalProperties", schema) => {
                collect_places(schema, format!("{at}/{keyword}"), into);
            }
            _ => {}
        }
    }
}

/// An instance that tries to fit; whether it does is for a validator to say.
pub fn sample(schema: &Value, root: &Value, choices: &mut Choices, depth: usize) -> Value {
    let anything = leaves();
    let any = |choices: &mut Choices| anything[choices.below(anything.len())].clone();
    if depth > 8 {
        return any(choices);
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|reference| root.pointer(&reference[1..])) {
        return sample(target, root, choices, depth + 1);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(values) = schema["enum"].as_array() {
        return values[choices.below(values.len())].clone();
    }
    let mut drafts = Vec::new();
    for keyword in ["allOf", "anyOf", "oneOf"] {
        if let Some(list) = schema[keyword].as_array() {
            let index = choices.below(list.len());
            drafts.push(sample(&list[index], root, choices, depth + 1));
            if choices.below(2) == 0 {
                let index = choices.below(list.len());
                drafts.push(sample(&list[index], root, choices, depth + 1));
            }
        }
    }
    for keyword in ["if", "then", "else"] {
        if let Some(part) = schema.get(keyword).filter(|_| choices.below(2) == 0) {
            drafts.push(sample(part, root, choices, depth + 1));
        }
    }
    let is_object =
        ["properties", "additionalProperties", "patternProperties", "required", "unevaluatedProperties"]
            .iter()
            .any(|k| schema.get(k).is_some());
    if is_object {
        drafts.push(sample_object(schema, root, choices, depth));
    }
    if ["items", "prefixItems", "contains"].iter().any(|k| schema.get(k).is_some()) {
        drafts.push(sample_array(schema, root, choices, depth));
    }
    if let Some(first) = drafts.first().filter(|draft| draft.is_object()) {
        let mut all = first.as_object().cloned().unwrap_or_default();
        for draft in &drafts[1..] {
            all.extend(draft.as_object().cloned().unwrap_or_default());
        }
        return Value::Object(all);
    }
    if !drafts.is_empty() {
        let index = choices.below(drafts.len());
        return drafts.swap_remove(index);
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let of_type = |value: &Value| match value {
        Value::Null => names.contains(&"null"),
        Value::Bool(_) => names.contains(&"boolean"),
        Value::Number(number) => names.contains(&"number") || names.contains(&"integer") && number.is_i64(),
        Value::String(_) => names.contains(&"string"),
        _ => false,
    };
    let mut fitting: Vec<Value> = leaves().into_iter().filter(of_type).collect();
    if names.contains(&"object") {
        fitting.push(sample_object(schema, root, choices, depth));
    }
    if names.contains(&"array") {
        fitting.push(sample_array(schema, root, choices, depth));
    }
    if fitting.is_empty() { any(choices) } else { fitting.swap_remove(choices.below(fitting.len())) }
}

fn sample_object(schema: &Value, root: &Value, choices: &mut Choices, depth: usize) -> Value {
    let mut members = Map::new();
    for name in NAMES {
        let described = schema["properties"].get(name);
        let required =
            schema["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
        let wanted = required || choices.below(3) == 0 || described.is_some() && choices.below(2) == 0;
        if !wanted {
            continue;
        }
        let free =
            ["additionalProperties", "unevaluatedProperties"].iter().find_map(|keyword| schema.get(keyword));
        let pattern = schema["patternProperties"].get("^x-").filter(|_| name.starts_with("x-"));
        let anything = json!({});
        let part = described.or(pattern).or(free).unwrap_or(&anything);
        members.insert(name.to_owned(), sample(part, root, choices, depth + 1));
    }
    Value::Object(members)
}

fn sample_array(schema: &Value, root: &Value, choices: &mut Choices, depth: usize) -> Value {
    let anything = json!({});
    let length = choices.below(4);
    let items = (0..length).map(|index| {
        let described = schema["prefixItems"].get(index).or(schema.get("items"));
        let contained = schema.get("contains").filter(|_| choices.below(2) == 0);
        sample(contained.or(described).unwrap_or(&anything), root, choices, depth + 1)
    });
    items.collect()
}

/// The same rules as drafts up to 7 spell them; what they have no word for is left out.
pub fn draft_07(schema: &Value) -> Value {
    let mut old = respelt(schema);
    if let Some(old) = old.as_object_mut() {
        old.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    }
    old
}

fn respelt(schema: &Value) -> Value {
    let Some(rules) = schema.as_object() else { return schema.clone() };
    let map = |value: &Value| -> Value {
        let parts = value.as_object().into_iter().flatten();
        parts.map(|(name, part)| (name.clone(), respelt(part))).collect()
    };
    let list = |value: &Value| -> Value { value.as_array().into_iter().flatten().map(respelt).collect() };
    let mut old = Map::new();
    let is_tuple = rules.contains_key("prefixItems");
    for (keyword, value) in rules {
        let (keyword, value) = match keyword.as_str() {
            "$ref" => {
                let reference = value.as_str().unwrap_or_default().replace("$defs", "definitions");
                ("$ref", json!(if reference == "#bee" { "#/definitions/B" } else { &reference }))
            }
            "$defs" => ("definitions", map(value)),
            "properties" | "patternProperties" => (keyword.as_str(), map(value)),
            "allOf" | "anyOf" | "oneOf" => (keyword.as_str(), list(value)),
            "prefixItems" => ("items", list(value)),
            "items" if is_tuple => ("additionalItems", respelt(value)),
            "dependentRequired" => ("dependencies", value.clone()),
            "dependentSchemas" => ("dependencies", map(value)),
            // Draft 7 has no such format.
            "format" if value == "uuid" => continue,
            "unevaluatedProperties" | "unevaluatedItems" | "minContains" | "maxContains" | "$anchor" => {
                continue;
            }
            "const" | "enum" | "required" | "type" | "propertyNames" => (keyword.as_str(), value.clone()),
            _ => (keyword.as_str(), respelt(value)),
        };
        match (keyword, old.get_mut("dependencies").and_then(Value::as_object_mut)) {
            ("dependencies", Some(known)) => known.extend(value.as_object().cloned().unwrap_or_default()),
            _ => drop(old.insert(keyword.to_owned(), value)),
        }
    }
    Value::Object(old)
}
