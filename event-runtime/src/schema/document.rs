//! The schema of an event as a file: deterministic, so that a difference is a change.

use serde_json::{Map, Value, json};

use crate::event::{EventDescriptor, Pii};

/// The dialect of the files.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The name of an event's schema file: `<payload_type>.v<version>.json`.
pub fn file_name(event: &EventDescriptor) -> String {
    format!("{}.v{}.json", event.payload_type, event.version)
}

/// The event's schema as it is committed: the reader's, with `x-event`, and with `x-writer` where what is written
/// differs from what is read.
pub fn document(event: &EventDescriptor) -> Value {
    let reader = stable(|| event.schema());
    let writer = stable(|| event.writer_schema());
    let mut document = reader.clone();
    if let Value::Object(document) = &mut document {
        document.insert("$schema".to_owned(), DIALECT.into());
        document.insert("title".to_owned(), event.rust_name.into());
        document.insert("description".to_owned(), event.description.into());
        document.insert("x-event".to_owned(), about(event));
        if writer != reader {
            document.insert("x-writer".to_owned(), writer);
        }
    }
    sorted(document)
}

/// The text of the event's schema file.
pub fn text(event: &EventDescriptor) -> String {
    print(&document(event))
}

/// A schema as text, its members in the order of their names.
pub(super) fn print(document: &Value) -> String {
    format!("{document:#}\n")
}

fn about(event: &EventDescriptor) -> Value {
    let mut about = json!({
        "type": event.payload_type,
        "version": event.version,
        "compat": event.compatibility.as_str(),
    });
    let secret = event.fields.iter().any(|field| field.pii == Some(Pii::Secret));
    let personal = match (secret, event.holds_pii()) {
        (true, _) => Some(Pii::Secret.as_str()),
        (false, true) => Some(Pii::Personal.as_str()),
        _ => None,
    };
    let optional = [("domain", event.domain), ("topic", event.topic), ("key", event.key), ("pii", personal)];
    if let Value::Object(about) = &mut about {
        for (name, value) in optional {
            if let Some(value) = value {
                about.insert(name.to_owned(), value.into());
            }
        }
    }
    about
}

/// The schema without what differs from one generation to the next: defaults such as the present moment.
fn stable(schema: impl Fn() -> schemars::Schema) -> Value {
    let mut first = schema().to_value();
    let second = schema().to_value();
    if first != second {
        drop_changing_defaults(&mut first, &second);
    }
    sorted(first)
}

fn drop_changing_defaults(first: &mut Value, second: &Value) {
    match (first, second) {
        (Value::Object(first), Value::Object(second)) => {
            if first.get("default") != second.get("default") {
                first.remove("default");
            }
            for (name, value) in first.iter_mut() {
                if let Some(other) = second.get(name) {
                    drop_changing_defaults(value, other);
                }
            }
        }
        (Value::Array(first), Value::Array(second)) => {
            for (value, other) in first.iter_mut().zip(second) {
                drop_changing_defaults(value, other);
            }
        }
        _ => {}
    }
}

/// The same value with its members, and its lists of required members, in the order of their names: whether maps
/// keep their order of insertion depends on features that other crates turn on.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.into_iter().collect();
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            let sort = |(name, value): (String, Value)| match (name.as_str(), value) {
                ("required", Value::Array(mut names)) if names.iter().all(Value::is_string) => {
                    names.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
                    (name, Value::Array(names))
                }
                (_, value) => (name, sorted(value)),
            };
            Value::Object(members.into_iter().map(sort).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
