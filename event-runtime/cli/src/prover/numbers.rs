//! The formats of numbers as ranges: the prover does not know them, and schemars writes Rust's integers by them.

use serde_json::{Map, Value};

/// A format and the least and greatest number that it allows.
const RANGES: [(&str, i128, i128); 8] = [
    ("int8", i8::MIN as i128, i8::MAX as i128),
    ("int16", i16::MIN as i128, i16::MAX as i128),
    ("int32", i32::MIN as i128, i32::MAX as i128),
    ("int64", i64::MIN as i128, i64::MAX as i128),
    ("uint8", 0, u8::MAX as i128),
    ("uint16", 0, u16::MAX as i128),
    ("uint32", 0, u32::MAX as i128),
    ("uint64", 0, u64::MAX as i128),
];

/// The schema with every such format written as `minimum` and `maximum`.
pub(super) fn with_ranges(schema: &Value) -> Value {
    match schema {
        Value::Object(rules) => {
            let mut rules: Map<_, _> =
                rules.iter().map(|(keyword, value)| (keyword.clone(), with_ranges(value))).collect();
            let format = rules.get("format").and_then(Value::as_str).unwrap_or_default();
            if let Some((_, least, greatest)) = RANGES.iter().find(|(name, ..)| *name == format) {
                let (least, greatest) = (*least, *greatest);
                rules.remove("format");
                bound(&mut rules, "minimum", least, |own, limit| own < limit);
                bound(&mut rules, "maximum", greatest, |own, limit| own > limit);
            }
            Value::Object(rules)
        }
        Value::Array(items) => items.iter().map(with_ranges).collect(),
        other => other.clone(),
    }
}

/// Sets a bound, unless the schema's own is narrower.
fn bound(rules: &mut Map<String, Value>, keyword: &str, limit: i128, wider: fn(f64, f64) -> bool) {
    let own = rules.get(keyword).and_then(Value::as_f64);
    if own.is_none_or(|own| wider(own, limit as f64)) {
        let limit = i64::try_from(limit).map(Value::from).or_else(|_| u64::try_from(limit).map(Value::from));
        if let Ok(limit) = limit {
            rules.insert(keyword.to_owned(), limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::with_ranges;

    #[test]
    fn the_narrower_bound_counts() {
        let schema = json!({ "properties": { "n": { "type": "integer", "format": "uint8", "minimum": 1, "maximum": 999 } } });
        let ranged = json!({ "properties": { "n": { "type": "integer", "minimum": 1, "maximum": 255 } } });
        assert_eq!(with_ranges(&schema), ranged);
    }
}
