//! Names of places and values in sentences.

use serde_json::Value;

use super::super::document::Node;
use super::super::shape::type_names;

/// The place of a property.
pub(super) fn member(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

/// `` `a.b` ``, or "the event" for the whole.
pub(super) fn named(place: &str) -> String {
    if place.is_empty() { "the event".to_owned() } else { format!("`{place}`") }
}

/// One step of a JSON pointer.
pub(super) fn token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Values in a list, as JSON.
pub(super) fn values(values: &[&Value]) -> String {
    let texts: Vec<String> = values.iter().take(8).map(|value| format!("`{value}`")).collect();
    let more = values.len().saturating_sub(texts.len());
    let list = texts.join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}

/// The types of a schema in words.
pub(super) fn types(node: Node<'_>) -> String {
    let names = type_names(node);
    if names.is_empty() { "any value".to_owned() } else { names.join(" or ") }
}

/// A keyword's value in words.
pub(super) fn limit(value: Option<&Value>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("`{value}`"))
}
