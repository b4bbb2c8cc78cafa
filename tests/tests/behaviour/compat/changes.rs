//! Changes are told by place and kind, with what each breaks.

use event_runtime::schema::compat::{Change, ChangeKind, Effect, Options, Report, Severity, compare};
use serde_json::{Value, json};

fn between(old: &Value, new: &Value) -> Report {
    compare(old, new, &Options::default())
}

fn only(report: &Report) -> &Change {
    assert_eq!(report.changes.len(), 1, "{:#?}", report.changes);
    &report.changes[0]
}

fn counterexample(effect: &Effect) -> Option<&Value> {
    match effect {
        Effect::Breaking { counterexample } => Some(counterexample),
        _ => None,
    }
}

#[test]
fn a_change_deep_inside_is_shown_by_a_whole_event() {
    let order = |amount: Value| {
        json!({
            "type": "object",
            "properties": { "id": { "type": "string" }, "items": { "type": "array", "items": { "$ref": "#/$defs/Item" } } },
            "required": ["id", "items"],
            "$defs": { "Item": { "type": "object", "properties": { "amount": amount }, "required": ["amount"] } }
        })
    };
    let report = between(
        &order(json!({ "type": "integer", "maximum": 100 })),
        &order(json!({ "type": "integer", "maximum": 50 })),
    );
    let change = only(&report);
    assert_eq!(change.kind, ChangeKind::RangeChanged);
    assert_eq!(change.pointer, "/$defs/Item/properties/amount/maximum");
    assert_eq!(change.place, "items[].amount");
    assert_eq!(change.severity(), Severity::Breaking);
    assert_eq!(change.forward, Effect::None);
    let event = counterexample(&change.backward).expect("an event");
    assert!(event["id"].is_string() && event["items"][0]["amount"].as_i64() > Some(50), "{event}");
}

#[test]
fn each_change_has_its_own_event() {
    let old = json!({ "type": "object", "properties": { "a": { "type": "integer" }, "b": { "type": ["string", "null"] } }, "required": ["a"] });
    let new = json!({ "type": "object", "properties": { "a": { "type": "string" }, "b": { "type": "string" }, "c": {} }, "required": ["a", "c"] });
    let report = between(&old, &new);
    let kinds: Vec<_> = report.changes.iter().map(|change| (change.place.as_str(), change.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("a", ChangeKind::TypeChanged),
            ("b", ChangeKind::TypeChanged),
            ("c", ChangeKind::RequiredPropertyAdded)
        ]
    );
    assert!(report.changes.iter().all(|change| change.severity() == Severity::Breaking));
    assert_eq!(counterexample(&report.changes[1].backward).map(|event| &event["b"]), Some(&Value::Null));
}

#[test]
fn alternatives_are_known_by_their_tags() {
    let variant = |tag: &str| json!({ "type": "object", "properties": { "type": { "const": tag } }, "required": ["type"] });
    let old = json!({ "oneOf": [variant("paid"), variant("shipped")] });
    let new = json!({ "oneOf": [variant("shipped"), variant("cancelled")] });
    let report = between(&old, &new);
    let [gone, came] = report.changes.as_slice() else { panic!("{:#?}", report.changes) };
    assert_eq!((gone.kind, gone.pointer.as_str()), (ChangeKind::VariantRemoved, "/oneOf/0"));
    assert_eq!(counterexample(&gone.backward), Some(&json!({ "type": "paid" })));
    assert_eq!((came.kind, came.pointer.as_str()), (ChangeKind::VariantAdded, "/oneOf/1"));
    assert_eq!(counterexample(&came.forward), Some(&json!({ "type": "cancelled" })));
}

#[test]
fn a_flattened_alternative_is_shown_with_the_fields_around_it() {
    let variant = |tag: &str| json!({ "type": "object", "properties": { "type": { "const": tag } }, "required": ["type"] });
    let event = |variants: Value| json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"], "oneOf": variants });
    let report = between(
        &event(json!([variant("a"), variant("b")])),
        &event(json!([variant("a"), variant("b"), variant("c")])),
    );
    let event = counterexample(&only(&report).forward).expect("an event");
    assert!(event["type"] == "c" && event["id"].is_string(), "{event}");
}

#[test]
fn a_rename_is_told_as_one() {
    let event = |name: &str| json!({ "type": "object", "properties": { name: { "type": "string", "maxLength": 9 } }, "required": [name] });
    let report = between(&event("total"), &event("amount"));
    let change = only(&report);
    assert_eq!((change.kind, change.place.as_str()), (ChangeKind::PropertyRenamed, "amount"));
    assert!(change.sentence.contains("`total`") && change.severity() == Severity::Breaking);
}

/// Each change is judged by what it breaks itself.
#[test]
fn an_optional_property_is_not_blamed_for_its_neighbours() {
    let event = |names: [&str; 2]| {
        let properties: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        json!({ "type": "object", "properties": properties, "required": ["id"] })
    };
    let mut new = event(["id", "note"]);
    new["properties"]["id"] = json!({ "type": "integer" });
    let report = between(&event(["id", "id"]), &new);
    let note = report.changes.iter().find(|change| change.place == "note").unwrap();
    assert_eq!((note.kind, note.severity()), (ChangeKind::OptionalPropertyAdded, Severity::Harmless));
    assert!(report.changes.iter().any(|change| change.severity() == Severity::Breaking));
}

/// Nothing is refused, and yet what the other side wrote is not found.
#[test]
fn a_renamed_optional_property_is_lossy_and_no_breach() {
    let event = |properties: Value| json!({ "type": "object", "properties": properties });
    let text = || json!({ "type": "string" });
    let report = between(&event(json!({ "note": text() })), &event(json!({ "remark": text() })));
    assert!(report.backward.is_compatible() && report.forward.is_compatible());
    let change = only(&report);
    assert_eq!((change.kind, change.severity()), (ChangeKind::PropertyRenamed, Severity::Lossy));
    assert_eq!((&change.backward, &change.forward), (&Effect::Lossy, &Effect::Lossy));

    // New code that reads both names loses nothing; old code does not know the new one.
    let aliased = json!({ "type": "string", "x-aliases": ["note"] });
    let report = between(&event(json!({ "note": text() })), &event(json!({ "remark": aliased })));
    assert_eq!((&only(&report).backward, &only(&report).forward), (&Effect::None, &Effect::Lossy));
}

#[test]
fn another_spelling_of_all_names_is_many_renames() {
    let event = |names: [&str; 3]| {
        let properties: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        json!({ "type": "object", "properties": properties })
    };
    let report =
        between(&event(["first_name", "last_name", "city"]), &event(["firstName", "lastName", "city"]));
    let kinds: Vec<_> = report.changes.iter().map(|change| (change.kind, change.severity())).collect();
    assert_eq!(kinds, [(ChangeKind::PropertyRenamed, Severity::Lossy); 2]);
}

#[test]
fn a_property_that_went_and_a_different_one_that_came_are_two_changes() {
    let event = |properties: Value| json!({ "type": "object", "properties": properties });
    let report = between(
        &event(json!({ "note": { "type": "string" } })),
        &event(json!({ "count": { "type": "integer" } })),
    );
    assert!(report.changes.len() == 2 && report.changes.iter().all(|c| c.severity() == Severity::Harmless));
}

#[test]
fn what_the_words_do_not_know_still_breaks_with_an_event() {
    let old = json!({ "type": "object", "properties": { "a": {}, "b": {} } });
    let new =
        json!({ "type": "object", "properties": { "a": {}, "b": {} }, "dependentRequired": { "a": ["b"] } });
    let report = between(&old, &new);
    let change = only(&report);
    assert_eq!((change.kind, change.pointer.as_str()), (ChangeKind::RulesChanged, "/dependentRequired"));
    let event = counterexample(&change.backward).expect("an event");
    assert!(event.get("a").is_some() && event.get("b").is_none(), "{event}");
}

#[test]
fn names_are_escaped_in_pointers() {
    let event = |kind: &str| json!({ "type": "object", "properties": { "a/b~c": { "type": kind } } });
    let report = between(&event("string"), &event("integer"));
    assert_eq!(only(&report).pointer, "/properties/a~1b~0c");
}

#[test]
fn words_alone_are_no_change() {
    let old = json!({ "title": "A", "type": "object", "properties": { "description": { "type": "string", "description": "one" } } });
    let new = json!({ "title": "B", "type": "object", "properties": { "description": { "type": "string", "description": "two" } }, "x-event": "E" });
    let mut old_event = old.clone();
    old_event["x-event"] = json!("E");
    assert!(between(&old_event, &new).changes.is_empty());
}

#[test]
fn keywords_that_are_not_read_fail_closed_and_an_unchanged_schema_does_not() {
    let schema = |rule: &str| json!({ "type": "object", "properties": { "a": { "type": "string", "pattern": rule } } });
    let report = between(&schema(r"^(?=a)\w+$"), &schema(r"^(?=b)\w+$"));
    assert!(!report.backward.is_compatible() && !report.forward.is_compatible());
    assert_eq!(only(&report).severity(), Severity::Unproven);
    let report = between(&schema(r"^(?=a)\w+$"), &schema(r"^(?=a)\w+$"));
    assert!(report.full().is_compatible() && report.changes.is_empty());
}
