//! What differs between two documents, value by value: for a file that is not what the code generates.
//!
//! What a difference means for readers is [`compat`](super::compat)'s.

use std::collections::BTreeSet;

use serde_json::Value;

/// The most differences that are told.
const MOST: usize = 8;
/// The most characters of a value that are shown.
const MOST_CHARACTERS: usize = 60;

/// The differences in one line, each with its JSON pointer.
pub(super) fn differences(committed: &Value, generated: &Value) -> String {
    let mut found = Vec::new();
    collect("", Some(committed), Some(generated), &mut found);
    if found.is_empty() {
        return "its text is formatted in another way".to_owned();
    }
    let more = found.len().saturating_sub(MOST);
    found.truncate(MOST);
    let told = found.join("; ");
    if more > 0 { format!("{told}; and {more} more") } else { told }
}

fn collect(pointer: &str, committed: Option<&Value>, generated: Option<&Value>, found: &mut Vec<String>) {
    match (committed, generated) {
        (Some(Value::Object(committed)), Some(Value::Object(generated))) => {
            let names: BTreeSet<_> = committed.keys().chain(generated.keys()).collect();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/{escaped}");
                collect(&pointer, committed.get(name), generated.get(name), found);
            }
        }
        (committed, generated) if committed == generated => {}
        (Some(committed), Some(generated)) => {
            found.push(format!("{pointer} is {} and was {}", shown(generated), shown(committed)));
        }
        (None, Some(generated)) => found.push(format!("{pointer} is new, {}", shown(generated))),
        (Some(committed), None) => found.push(format!("{pointer} is gone, {}", shown(committed))),
        (None, None) => {}
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_named_with_its_place() {
        let committed = json!({"properties": {"a/b": {"type": "string"}, "gone": {}}, "title": "T"});
        let generated = json!({"properties": {"a/b": {"type": "integer"}, "new": {}}, "title": "T"});
        assert_eq!(
            differences(&committed, &generated),
            r#"/properties/a~1b/type is "integer" and was "string"; /properties/gone is gone, {}; /properties/new is new, {}"#
        );
    }

    #[test]
    fn no_difference_is_one_of_the_text() {
        assert_eq!(differences(&json!({}), &json!({})), "its text is formatted in another way");
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many = json!({"enum": "ü".repeat(500), "x": {}});
        assert!(differences(&many, &json!({"x": {}})).chars().count() < 100);
        let many: Value = (0..20).map(|index| (index.to_string(), Value::Null)).collect();
        assert!(differences(&many, &json!({})).ends_with("; and 12 more"));
    }
}
