//! JSON values as YAML: blocks, with every text that might be read as something else in double quotes.

use serde_json::Value;

/// The value as a YAML document.
pub(crate) fn print(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(_) | Value::Array(_) if !is_flat(value) => block(value, 0, &mut text),
        flat => {
            text.push_str(&scalar(flat));
            text.push('\n');
        }
    }
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                text.push_str(&indent);
                text.push_str(&string(name));
                text.push(':');
                below(member, depth, text);
            }
        }
        Value::Array(items) => {
            for item in items {
                text.push_str(&indent);
                text.push('-');
                below(item, depth, text);
            }
        }
        _ => {}
    }
}

fn below(value: &Value, depth: usize, text: &mut String) {
    if is_flat(value) {
        text.push(' ');
        text.push_str(&scalar(value));
        text.push('\n');
    } else {
        text.push('\n');
        block(value, depth + 1, text);
    }
}

fn is_flat(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        // Numbers, booleans, null, `{}` and `[]` are YAML as they stand.
        other => other.to_string(),
    }
}

/// A text: plain where no reader can take it for anything else, a JSON string otherwise, which YAML reads alike.
pub(crate) fn string(text: &str) -> String {
    let is_word = |word: &str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
    };
    let lower = text.to_ascii_lowercase();
    let reserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let plain = !text.is_empty() && text.split(' ').all(is_word) && !reserved.contains(&lower.as_str());
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_stay_texts() {
        for text in
            ["yes", "Null", "1", "", "a: b", "- a", "é", "~", "0x1", " a", "a\nb", "#", "2026-01-01", "a  b"]
        {
            assert!(string(text).starts_with('"'), "{text}");
        }
        assert_eq!(string("one word"), "one word");
    }

    #[test]
    fn values_are_blocks() {
        let value = json!({ "a": [1, { "b": null, "c": [] }], "d": {}, "e": { "f": "yes" } });
        assert_eq!(print(&value), "a:\n  - 1\n  -\n    b: null\n    c: []\nd: {}\ne:\n  f: \"yes\"\n");
    }
}
