//! Every comparison ends within its budget, and says so when that was not enough.

use event_runtime::schema::compat::{Options, Verdict, compare};
use serde_json::{Value, json};

fn nested(depth: usize, leaf: Value) -> Value {
    (0..depth)
        .fold(leaf, |inner, _| json!({ "type": "object", "properties": { "a": inner }, "required": ["a"] }))
}

#[test]
fn schemas_as_deep_as_people_write_them_are_judged() {
    for depth in [10, 25] {
        let report = compare(
            &nested(depth, json!({ "type": "integer" })),
            &nested(depth, json!({ "type": "string" })),
            &Options::default(),
        );
        assert!(matches!(report.backward, Verdict::Breaking { .. }), "{depth}: {:?}", report.backward);
        let report = compare(
            &nested(depth, json!({ "type": "integer" })),
            &nested(depth, json!({ "type": "number" })),
            &Options::default(),
        );
        assert!(report.backward.is_compatible(), "{depth}: {:?}", report.backward);
    }
}

#[test]
fn deeper_schemas_end_without_a_guess() {
    let (old, new) =
        (nested(1_000, json!({ "type": "integer" })), nested(1_000, json!({ "type": "number" })));
    let report = compare(&old, &new, &Options::default());
    assert!(matches!(report.backward, Verdict::Unknown { .. }), "{:?}", report.backward);
}

#[test]
fn combinations_that_multiply_end() {
    let choice = |index: usize| {
        json!({ "anyOf": [
        { "properties": { format!("p{index}"): { "minimum": index } } },
        { "properties": { format!("q{index}"): { "maximum": index } } },
        { "required": [format!("r{index}")] } ] })
    };
    let tower = |count: usize, extra: Value| {
        let mut parts: Vec<Value> = (0..count).map(choice).collect();
        parts.push(extra);
        json!({ "type": "object", "allOf": parts })
    };
    let (old, new) = (
        tower(24, json!({ "not": { "required": ["z"] } })),
        tower(23, json!({ "properties": { "z": false } })),
    );
    let report = compare(&old, &new, &Options::default());
    assert!(report.backward.is_compatible() || matches!(report.backward, Verdict::Unknown { .. }));
}

#[test]
fn doubling_definitions_end() {
    let doubling = |leaf: Value| {
        let mut definitions = serde_json::Map::new();
        definitions.insert("d0".into(), leaf);
        for level in 1..40 {
            let below = json!({ "$ref": format!("#/$defs/d{}", level - 1) });
            definitions.insert(format!("d{level}"), json!({ "anyOf": [
                { "type": "array", "prefixItems": [below, below] }, { "type": "object", "properties": { "l": below, "r": below } } ] }));
        }
        json!({ "$ref": "#/$defs/d39", "$defs": definitions })
    };
    let report = compare(
        &doubling(json!({ "type": "integer" })),
        &doubling(json!({ "type": "string" })),
        &Options::default(),
    );
    assert!(!report.backward.is_compatible());
}

#[test]
fn a_schema_that_only_leads_to_itself_has_no_verdict() {
    let looping = json!({ "$ref": "#" });
    let paradox = json!({ "type": "integer", "not": { "$ref": "#" } });
    for schema in [looping, paradox] {
        let report = compare(&schema, &json!({ "type": "integer" }), &Options::default());
        assert!(matches!(report.backward, Verdict::Unknown { .. }), "{:?}", report.backward);
        let report = compare(&json!({ "type": "integer" }), &schema, &Options::default());
        assert!(matches!(report.backward, Verdict::Unknown { .. }), "{:?}", report.backward);
    }
}

#[test]
fn without_steps_there_is_no_verdict() {
    let schema = |kind: &str| json!({ "type": "object", "properties": { "a": { "type": kind } } });
    let report = compare(&schema("integer"), &schema("number"), &Options { steps: 5, ..Options::default() });
    assert!(matches!(report.backward, Verdict::Unknown { .. }), "{:?}", report.backward);
}

/// An instance that shows a breach is confirmed by every schema, or not shown at all.
#[test]
fn a_budget_that_ends_midway_shows_no_instance_that_is_none() {
    let old = json!({ "properties": { "a": { "type": "integer" } }, "type": "object" });
    let new = json!({ "properties": { "a": { "type": "integer" } } });
    for steps in 0..200 {
        let report = compare(&old, &new, &Options { steps, ..Options::default() });
        assert!(!matches!(report.backward, Verdict::Breaking { .. }), "{steps}: {:?}", report.backward);
    }
}
