//! What people write by hand, in the spellings of every draft.

use event_runtime::schema::compat::{Options, Verdict, Writers, compare};
use serde_json::{Value, json};

/// Old, new, whether new reads old, whether old reads new; writers as written.
fn assert_verdicts(old: Value, new: Value, backward: bool, forward: bool) {
    let report = compare(&old, &new, &Options { writers: Writers::AsWritten, ..Options::default() });
    for (direction, verdict, expected) in
        [("backward", &report.backward, backward), ("forward", &report.forward, forward)]
    {
        let right = match verdict {
            Verdict::Compatible => expected,
            Verdict::Breaking { .. } => !expected,
            _ => false,
        };
        assert!(right, "{direction}: {verdict:?}\nold {old}\nnew {new}");
    }
}

#[test]
fn spellings_of_older_drafts_mean_the_same() {
    let draft7 = "http://json-schema.org/draft-07/schema#";
    let tuple =
        |rest: bool| json!({ "type": "array", "items": [{ "type": "string" }], "additionalItems": rest });
    let modern =
        |rest: bool| json!({ "type": "array", "prefixItems": [{ "type": "string" }], "items": rest });
    assert_verdicts(tuple(false), modern(false), true, true);
    assert_verdicts(tuple(false), modern(true), true, false);
    assert_verdicts(
        json!({ "$schema": draft7, "dependencies": { "a": ["b"], "c": { "required": ["d"] } } }),
        json!({ "dependentRequired": { "a": ["b"] }, "dependentSchemas": { "c": { "required": ["d"] } } }),
        true,
        true,
    );
    assert_verdicts(
        json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true }),
        json!({ "type": "number", "exclusiveMinimum": 0 }),
        true,
        true,
    );
    // Beside `$ref`, draft 7 ignores everything.
    assert_verdicts(
        json!({ "$schema": draft7, "$ref": "#/definitions/A", "maxLength": 1, "definitions": { "A": { "type": "string" } } }),
        json!({ "type": "string", "maxLength": 1 }),
        false,
        true,
    );
}

#[test]
fn dependencies_lead_to_definitions_that_may_differ() {
    let schema = |kind: &str| json!({ "dependencies": { "a": { "$ref": "#/definitions/A" } }, "definitions": { "A": { "properties": { "b": { "type": kind } } } } });
    assert_verdicts(schema("integer"), schema("number"), true, false);
}

#[test]
fn logic_is_seen_through() {
    let string = json!({ "type": "string" });
    assert_verdicts(string.clone(), json!({ "not": { "not": string } }), true, true);
    assert_verdicts(
        json!({ "not": { "type": ["integer", "null"] } }),
        json!({ "not": { "type": "null" } }),
        true,
        false,
    );
    assert_verdicts(
        json!({ "if": { "type": "string" }, "then": { "minLength": 2 }, "else": { "type": "integer" } }),
        json!({ "anyOf": [{ "type": "string", "minLength": 2 }, { "type": "integer" }] }),
        true,
        true,
    );
    assert_verdicts(
        json!({ "allOf": [{ "minimum": 1 }, { "maximum": 5 }], "type": "integer" }),
        json!({ "enum": [1, 2, 3, 4, 5] }),
        true,
        true,
    );
    assert_verdicts(
        json!({ "type": "number" }),
        json!({ "anyOf": [{ "type": "number", "minimum": 0 }, { "type": "number", "maximum": 0 }] }),
        true,
        true,
    );
    assert_verdicts(
        json!({ "type": "integer", "minimum": 1, "maximum": 10 }),
        json!({ "oneOf": [{ "type": "integer", "maximum": 5 }, { "type": "integer", "minimum": 5 }] }),
        false,
        false,
    );
    assert_verdicts(json!({ "type": "boolean" }), json!({ "enum": [true, false] }), true, true);
}

#[test]
fn numbers_are_exact() {
    assert_verdicts(json!({ "multipleOf": 6 }), json!({ "multipleOf": 3 }), true, false);
    assert_verdicts(json!({ "type": "integer" }), json!({ "type": "number", "multipleOf": 1 }), true, true);
    assert_verdicts(
        json!({ "type": "number", "multipleOf": 0.01 }),
        json!({ "type": "number", "multipleOf": 0.1 }),
        false,
        true,
    );
    assert_verdicts(
        json!({ "type": "integer", "exclusiveMinimum": 4 }),
        json!({ "type": "integer", "minimum": 5 }),
        true,
        true,
    );
    assert_verdicts(
        json!({ "maximum": 9007199254740993u64 }),
        json!({ "maximum": 9007199254740992u64 }),
        false,
        true,
    );
    assert_verdicts(
        json!({ "type": "integer", "minimum": 1, "maximum": 2, "multipleOf": 5 }),
        json!(false),
        true,
        true,
    );
}

#[test]
fn patterns_are_compared_by_what_they_match() {
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    assert_verdicts(text("^[a-z]+$"), text(r"^\w*$"), true, false);
    assert_verdicts(text("^(a|b)$"), json!({ "enum": ["a", "b"] }), true, true);
    assert_verdicts(text("^.{2,4}$"), json!({ "type": "string", "minLength": 2 }), true, false);
    assert_verdicts(
        json!({ "type": "object", "patternProperties": { "^x-": { "type": "integer" } }, "additionalProperties": false }),
        json!({ "type": "object", "patternProperties": { "^x-": { "type": "number" }, "^y-": {} }, "additionalProperties": false }),
        true,
        false,
    );
    assert_verdicts(
        json!({ "type": "object", "propertyNames": { "enum": ["a", "b"] } }),
        json!({ "type": "object", "propertyNames": { "pattern": "^[a-c]$" } }),
        true,
        false,
    );
}

#[test]
fn objects_and_arrays_are_counted() {
    let listed =
        json!({ "type": "object", "properties": { "a": {}, "b": {} }, "additionalProperties": false });
    assert_verdicts(listed.clone(), json!({ "type": "object", "maxProperties": 2 }), true, false);
    assert_verdicts(listed, json!({ "type": "object", "maxProperties": 1 }), false, false);
    assert_verdicts(
        json!({ "type": "array", "contains": { "const": 1 } }),
        json!({ "type": "array", "minItems": 1 }),
        true,
        false,
    );
    assert_verdicts(
        json!({ "type": "array", "prefixItems": [{}, {}], "items": false }),
        json!({ "type": "array", "maxItems": 2 }),
        true,
        true,
    );
    assert_verdicts(
        json!({ "type": "array", "maxItems": 1 }),
        json!({ "type": "array", "uniqueItems": true }),
        true,
        false,
    );
}

#[test]
fn unevaluated_properties_see_through_combinations() {
    let base = json!({ "type": "object", "properties": { "a": { "type": "integer" } } });
    let closed = |more: Value| json!({ "allOf": [base.clone(), more], "unevaluatedProperties": false });
    let b = json!({ "properties": { "b": { "type": "string" } } });
    let flat = json!({
        "type": "object",
        "properties": { "a": { "type": "integer" }, "b": { "type": "string" } },
        "additionalProperties": false
    });
    assert_verdicts(closed(b), flat.clone(), true, true);
    assert_verdicts(closed(json!({})), flat, true, false);
}

#[test]
fn recursion_is_followed_to_its_end() {
    let tree = |value: Value| {
        json!({
            "$ref": "#/$defs/Tree",
            "$defs": { "Tree": { "type": "object", "properties": { "value": value, "children": { "type": "array", "items": { "$ref": "#/$defs/Tree" } } }, "required": ["value"] } }
        })
    };
    assert_verdicts(tree(json!({ "type": "integer" })), tree(json!({ "type": "number" })), true, false);
    // A list that never ends holds nothing, so everything reads it.
    let endless =
        json!({ "type": "object", "properties": { "next": { "$ref": "#" } }, "required": ["next"] });
    assert_verdicts(endless, json!(false), true, true);
}

#[test]
fn an_unchanged_document_reads_itself_whatever_it_holds() {
    let odd = json!({ "$dynamicRef": "#node", "unevaluatedItems": false, "pattern": "(?<year>\\d+)", "$defs": { "A": { "$id": "other.json" } } });
    assert_verdicts(odd.clone(), odd, true, true);
}
