//! Payloads fit to be printed: personal data replaced.

use serde_json::Value;

use crate::event::{EventDescriptor, FieldDescriptor, Rule};

/// What stands for personal data.
const REDACTED: &str = "[redacted]";

/// A payload of the event fit to be printed: what is marked `#[pii]`, also in validated nested types, and members that
/// the event does not know, read `"[redacted]"`; what is not JSON, or not of this event's shape, is replaced as a whole.
///
/// ```
/// # use event_runtime::prelude::*;
/// # use schemars::JsonSchema;
/// # use serde::{Deserialize, Serialize};
/// /// A one-time password was requested.
/// #[derive(Serialize, Deserialize, JsonSchema, Event)]
/// struct OtpRequested {
///     user_id: String,
///     #[pii(secret)]
///     otp: String,
/// }
///
/// let printed = event_runtime::schema::redact(OtpRequested::DESCRIPTOR, r#"{"user_id":"u1","otp":"123456"}"#);
/// assert_eq!(printed, r#"{"otp":"[redacted]","user_id":"u1"}"#);
/// ```
pub fn redact(event: &EventDescriptor, payload: &str) -> String {
    let redacted = || Value::from(REDACTED).to_string();
    let Ok(mut value) = serde_json::from_str::<Value>(payload) else { return redacted() };
    if !value.is_object() && !value.is_null() {
        return redacted();
    }
    hide(&mut value, event.fields);
    value.sort_all_objects();
    value.to_string()
}

fn hide(value: &mut Value, fields: &'static [FieldDescriptor]) {
    hide_unknown(value, fields);
    for field in fields {
        match (field.is_flat(), field.pii.is_some()) {
            (true, true) => *value = REDACTED.into(),
            (true, false) => hide_nested(value, field.rules),
            (false, is_pii) => {
                for holder in holders(value, field) {
                    let Some(member) = member(holder, field) else { continue };
                    if is_pii && !member.is_null() {
                        *member = REDACTED.into();
                    } else {
                        hide_nested(member, field.rules);
                    }
                }
            }
        }
    }
}

/// Hides members that no field has: an alias of a field with personal data may be among them.
fn hide_unknown(value: &mut Value, fields: &'static [FieldDescriptor]) {
    let is_plain =
        !fields.is_empty() && fields.iter().all(|field| !field.is_flat() && field.variant.is_none());
    let Some(members) = value.as_object_mut().filter(|_| is_plain) else { return };
    for (name, member) in members.iter_mut() {
        if !fields.iter().any(|field| field.name == name || field.written_name == name) {
            *member = REDACTED.into();
        }
    }
}

/// Follows a value into the type that it is of, through lists and maps.
fn hide_nested(value: &mut Value, rules: &'static [Rule]) {
    for rule in rules {
        match rule {
            Rule::Nested(fields) => hide_each(value, fields()),
            Rule::Inner(rules) => hide_nested(value, rules),
            _ => {}
        }
    }
}

fn hide_each(value: &mut Value, fields: &'static [FieldDescriptor]) {
    let is_of_type = match value {
        Value::Object(object) => fields.iter().any(|field| {
            let name = field.variant.map_or(field.name, |variant| variant.name);
            field.is_flat()
                || object.contains_key(name)
                || object.contains_key(field.name)
                || field.variant.is_some()
        }),
        Value::Array(_) => fields.iter().any(|field| field.name.parse::<usize>().is_ok()),
        _ => true,
    };
    if is_of_type {
        hide(value, fields);
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| hide_each(item, fields)),
        Value::Object(members) => members.values_mut().for_each(|member| {
            if member.is_object() || member.is_array() {
                hide_each(member, fields);
            }
        }),
        _ => {}
    }
}

/// Where a field can be: in the value, or in the content of its variant.
fn holders<'a>(value: &'a mut Value, field: &FieldDescriptor) -> Vec<&'a mut Value> {
    use crate::event::Tagging;
    let inside = match field.variant {
        None => None,
        Some(variant) => match variant.tagging {
            Tagging::External => Some(variant.name),
            Tagging::Adjacent { content, .. } => Some(content),
            Tagging::Internal { .. } | Tagging::Untagged => None,
        },
    };
    match inside {
        None => vec![value],
        Some(name) => value.get_mut(name).into_iter().collect(),
    }
}

fn member<'a>(holder: &'a mut Value, field: &FieldDescriptor) -> Option<&'a mut Value> {
    match holder {
        Value::Array(items) => items.get_mut(field.name.parse::<usize>().ok()?),
        holder => {
            let name = if holder.get(field.name).is_some() { field.name } else { field.written_name };
            holder.get_mut(name)
        }
    }
}
