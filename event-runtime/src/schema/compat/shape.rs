//! Which keywords are rules, and whether a schema writes them the way JSON Schema wants.

use serde_json::Value;

use super::document::Node;

/// The six kinds of JSON values; `integer` is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    pub(super) const ALL: [Kind; 6] =
        [Kind::Null, Kind::Boolean, Kind::Number, Kind::String, Kind::Array, Kind::Object];

    pub(super) fn of(value: &Value) -> Kind {
        match value {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Boolean,
            Value::Number(_) => Kind::Number,
            Value::String(_) => Kind::String,
            Value::Array(_) => Kind::Array,
            Value::Object(_) => Kind::Object,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Boolean => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }
}

/// What the `type` keyword says of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeRule {
    Allowed,
    /// Numbers, whole ones only.
    Whole,
    Refused,
}

/// The types that a schema names; empty where it names none.
pub(super) fn type_names<'a>(node: Node<'a>) -> Vec<&'a str> {
    match node.keyword("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn type_rule(node: Node<'_>, kind: Kind) -> TypeRule {
    if node.keyword("type").is_none() {
        return TypeRule::Allowed;
    }
    let names = type_names(node);
    if names.contains(&kind.name()) {
        TypeRule::Allowed
    } else if kind == Kind::Number && names.contains(&"integer") {
        TypeRule::Whole
    } else {
        TypeRule::Refused
    }
}

/// Rules that this engine does not reason about; a schema that has one is never proved to refuse or to accept by it.
pub(super) const UNREAD: [&str; 3] = ["unevaluatedItems", "$dynamicRef", "$recursiveRef"];

/// Keywords that hold one schema about the same instance or a part of it.
pub(super) const ONE_SCHEMA: [&str; 11] = [
    "not",
    "if",
    "then",
    "else",
    "additionalProperties",
    "unevaluatedProperties",
    "propertyNames",
    "contains",
    "additionalItems",
    "unevaluatedItems",
    "items",
];
/// Keywords that hold a list of schemas.
pub(super) const SCHEMA_LISTS: [&str; 4] = ["allOf", "anyOf", "oneOf", "prefixItems"];
/// Keywords that hold schemas by name.
pub(super) const NAMED_SCHEMAS: [&str; 3] = ["properties", "patternProperties", "dependentSchemas"];

/// Whether every rule of this schema (not of those inside it) is written as JSON Schema wants it.
pub(super) fn is_well_formed(node: Node<'_>) -> bool {
    match node.value {
        Value::Bool(_) => true,
        Value::Object(schema) => schema.iter().all(|(keyword, value)| keyword_is_well_formed(keyword, value)),
        _ => false,
    }
}

fn keyword_is_well_formed(keyword: &str, value: &Value) -> bool {
    match keyword {
        "$ref" | "pattern" | "format" => value.is_string(),
        "type" => match value {
            Value::String(name) => is_type(name),
            Value::Array(names) => names.iter().all(|name| name.as_str().is_some_and(is_type)),
            _ => false,
        },
        "enum" => value.is_array(),
        "minimum" | "maximum" => value.is_number(),
        "exclusiveMinimum" | "exclusiveMaximum" => value.is_number() || value.is_boolean(),
        "multipleOf" => value.as_f64().is_some_and(|step| step > 0.0),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties"
        | "minContains" | "maxContains" => super::document::whole_count(value).is_some(),
        "uniqueItems" => value.is_boolean(),
        "required" => is_strings(value),
        "dependentRequired" => value.as_object().is_some_and(|map| map.values().all(is_strings)),
        "dependencies" => value
            .as_object()
            .is_some_and(|map| map.values().all(|entry| is_strings(entry) || is_schema(entry))),
        "items" => is_schema(value) || value.as_array().is_some_and(|list| list.iter().all(is_schema)),
        _ if ONE_SCHEMA.contains(&keyword) => is_schema(value),
        _ if SCHEMA_LISTS.contains(&keyword) => {
            value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_schema))
        }
        _ if NAMED_SCHEMAS.contains(&keyword) => {
            value.as_object().is_some_and(|map| map.values().all(is_schema))
        }
        _ => true,
    }
}

fn is_type(name: &str) -> bool {
    matches!(name, "null" | "boolean" | "number" | "integer" | "string" | "array" | "object")
}

fn is_schema(value: &Value) -> bool {
    value.is_boolean() || value.is_object()
}

fn is_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
}

/// Whether an object that this schema accepts is closed where nothing else is said: it lists its properties.
pub(super) fn lists_properties(node: Node<'_>) -> bool {
    ["properties", "patternProperties", "x-event"].iter().any(|keyword| node.keyword(keyword).is_some())
}

/// Names that a schema asks for, always or beside others: they are emitted, listed or not.
pub(super) fn asked_for<'a>(node: Node<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let always = node.keyword("required").into_iter();
    let beside =
        ["dependentRequired", "dependencies"].into_iter().flat_map(move |keyword| node.named(keyword));
    let lists = always.chain(beside.map(|(_, names)| names.value));
    lists.filter_map(Value::as_array).flatten().filter_map(Value::as_str)
}

/// The elements that a schema of arrays describes one by one, and the schema of the rest.
pub(super) fn elements<'a>(node: Node<'a>) -> (Vec<Node<'a>>, Option<Node<'a>>) {
    match node.keyword("items") {
        Some(Value::Array(first)) => {
            (first.iter().map(|value| node.at(value)).collect(), node.schema("additionalItems"))
        }
        items => (node.list("prefixItems"), items.map(|value| node.at(value))),
    }
}

/// The lower and the upper rule of numbers, as every draft writes them.
pub(super) fn number_bounds(node: Node<'_>) -> (Vec<super::number::Bound>, Vec<super::number::Bound>) {
    let side = |plain: &str, exclusive: &str| {
        let strict = node.keyword(exclusive);
        let mut bounds = Vec::new();
        let number = |value: Option<&Value>| value.and_then(super::number::Num::from_value);
        if let Some(value) = number(node.keyword(plain)) {
            let inclusive = strict.and_then(Value::as_bool) != Some(true);
            bounds.push(super::number::Bound { value, inclusive });
        }
        if let Some(value) = number(strict) {
            bounds.push(super::number::Bound { value, inclusive: false });
        }
        bounds
    };
    (side("minimum", "exclusiveMinimum"), side("maximum", "exclusiveMaximum"))
}
