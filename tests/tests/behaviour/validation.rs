//! The validator and the schema say the same of random payloads; a JSON Schema validator is the judge.

use std::collections::BTreeMap;

use event_runtime::prelude::*;
use jsonschema::Validator as Judge;
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Every rule was kept or broken.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
#[serde(rename_all = "camelCase")]
struct Ruled {
    #[validate(required)]
    not_empty: String,
    #[serde(default)]
    #[validate(required)]
    not_empty_list: Vec<u8>,
    #[validate(required)]
    present: Option<bool>,
    #[validate(length(min = 2, max = 4))]
    short: String,
    #[validate(length(equal = 2))]
    pair: Option<Vec<u8>>,
    #[validate(length(max = 1), inner(range(max = 5)))]
    counts: BTreeMap<String, i32>,
    #[validate(range(min = -1, max = 3))]
    small: i64,
    #[validate(range(min = 0.5))]
    half: f64,
    #[validate(email)]
    mail: Option<String>,
    #[validate(url)]
    link: String,
    #[validate(uuid)]
    id: String,
    #[validate(ip)]
    address: Option<String>,
    #[validate(pattern(r"^[a-z]+\s?\d{2}$"))]
    code: String,
    #[validate(one_of("red", "green"))]
    colour: Option<String>,
    #[validate(one_of(1, 2))]
    level: u8,
    #[validate(inner(length(min = 1), pattern("^[^/]*$")))]
    names: Option<Vec<String>>,
    #[validate(nested)]
    nested: Nested,
    #[validate(nested)]
    nested_map: BTreeMap<String, Option<Nested>>,
    #[validate(nested)]
    shapes: Vec<Shape>,
    #[serde(flatten)]
    #[validate(nested)]
    flat: Flat,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Nested {
    #[validate(length(min = 1))]
    text: String,
    #[serde(rename = "again", default)]
    #[validate(nested)]
    nested: Vec<Nested>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
enum Shape {
    Nothing,
    Named {
        #[validate(uuid)]
        id: String,
    },
    Alone(#[validate(range(min = 1))] u8),
    Two(#[validate(range(min = 1))] u8, #[validate(required)] String),
    Kind(#[validate(nested)] Tagged),
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Tagged {
    FirstKind {
        #[validate(length(max = 2))]
        id: String,
    },
    SecondKind {
        #[validate(length(min = 3))]
        id: String,
    },
}

#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Flat {
    #[validate(one_of("a", "b"))]
    letter: String,
}

fn judge() -> Judge {
    let schema = event_runtime::schema::document(Ruled::DESCRIPTOR);
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

/// A payload that keeps every rule.
fn kept() -> Value {
    json!({
        "notEmpty": "x", "notEmptyList": [1], "present": true, "short": "ab", "pair": [1, 2], "counts": {"a": 1}, "small": 3,
        "half": 0.5, "mail": "ann@example.com", "link": "https://example.com", "id": "018f4b2e-0000-7000-8000-00000000000a",
        "address": "::1", "code": "ab 12", "colour": "red", "level": 1, "names": ["a"],
        "nested": {"text": "t", "again": [{"text": "u"}]}, "nestedMap": {"a": null}, "shapes": ["Nothing"], "letter": "a",
    })
}

/// Values for a member, some that keep its rules and some that break them.
fn pool(member: &str) -> Vec<Value> {
    match member {
        "notEmpty" => vec![json!(""), json!(" "), json!("ä")],
        "notEmptyList" => vec![json!([]), json!([0])],
        "present" => vec![Value::Null, json!(false)],
        "short" => vec![json!("a"), json!("ää"), json!("aaaa"), json!("äääää"), json!("👩‍👩‍👧")],
        "pair" => vec![Value::Null, json!([]), json!([1]), json!([1, 2, 3])],
        "counts" => vec![json!({}), json!({"a": 6}), json!({"a": 5, "b": 5}), json!({"a/b": 9})],
        "small" => vec![json!(-1), json!(-2), json!(4), json!(i64::MAX)],
        "half" => vec![json!(0.49), json!(1), json!(0), json!(1e300)],
        "mail" => {
            ["", "ann", "ann@", "a.b@c", "a..b@c.d", "@x", "a b@c.d", "\"a b\"@c.d"].map(Value::from).into()
        }
        "link" => ["", "x", "a:b", "http://[::1]/", "http://a b", "//a", "urn:x?y#z", "http://%zz"]
            .map(Value::from)
            .into(),
        "id" => [
            "",
            "018F4B2E-0000-7000-8000-00000000000A",
            "018f4b2e000070008000000000000000",
            "018f4b2e-0000-7000-8000-00000000000g",
        ]
        .map(Value::from)
        .into(),
        "address" => vec![Value::Null, json!("127.0.0.1"), json!("1.2.3"), json!("::g"), json!("")],
        "code" => {
            ["", "ab12", "ab\u{feff}12", "AB12", "ab123", "ab\u{663}1", "xab 12\n"].map(Value::from).into()
        }
        "colour" => vec![Value::Null, json!("green"), json!("blue"), json!("")],
        "level" => vec![json!(0), json!(2), json!(3), json!(255)],
        "names" => vec![Value::Null, json!([]), json!([""]), json!(["a/b"]), json!(["a", "b"])],
        "nested" => vec![
            json!({"text": ""}),
            json!({"text": "t", "again": [{"text": ""}]}),
            json!({"text": "t", "again": [{"text": "u", "again": [{"text": ""}]}]}),
        ],
        "nestedMap" => vec![json!({}), json!({"a": {"text": ""}}), json!({"a": {"text": "t"}, "b": null})],
        "shapes" => vec![
            json!([]),
            json!([{"Named": {"id": "x"}}]),
            json!([{"Named": {"id": "018f4b2e-0000-7000-8000-00000000000a"}}]),
            json!([{"Alone": 0}]),
            json!([{"Alone": 1}, {"Two": [1, "x"]}]),
            json!([{"Two": [0, "x"]}]),
            json!([{"Two": [1, ""]}]),
            json!([{"Kind": {"kind": "first_kind", "id": "ab"}}]),
            json!([{"Kind": {"kind": "first_kind", "id": "abc"}}]),
            json!([{"Kind": {"kind": "second_kind", "id": "ab"}}]),
            json!([{"Kind": {"kind": "second_kind", "id": "abc"}}]),
        ],
        "letter" => vec![json!("b"), json!("c")],
        _ => Vec::new(),
    }
}

/// A member and what becomes of it: `None` takes it away.
fn change() -> impl Strategy<Value = (String, Option<Value>)> {
    let members: Vec<String> = kept().as_object().unwrap().keys().cloned().collect();
    proptest::sample::select(members).prop_flat_map(|member| {
        let mut choices: Vec<Option<Value>> = pool(&member).into_iter().map(Some).collect();
        choices.push(None);
        choices.push(Some(json!({"of another": "type"})));
        (Just(member), proptest::sample::select(choices))
    })
}

fn accepts(payload: &Value) -> bool {
    serde_json::from_value::<Ruled>(payload.clone()).is_ok_and(|event| event.validate().is_ok())
}

/// What both say of a payload, and of the same payload written anew.
fn check(judge: &Judge, payload: &Value) {
    let reasons: Vec<_> = judge.iter_errors(payload).map(|error| error.to_string()).collect();
    assert_eq!(accepts(payload), reasons.is_empty(), "{payload:#}\nthe judge says: {reasons:?}");
}

#[test]
fn the_kept_payload_is_accepted() {
    check(&judge(), &kept());
    assert!(accepts(&kept()));
}

#[test]
fn each_value_alone() {
    let judge = judge();
    let (mut kept_ones, mut broken) = (0, 0);
    for member in kept().as_object().unwrap().keys() {
        for value in pool(member) {
            let mut payload = kept();
            payload[member] = value;
            check(&judge, &payload);
            *if accepts(&payload) { &mut kept_ones } else { &mut broken } += 1;
        }
        let mut payload = kept();
        payload.as_object_mut().unwrap().remove(member);
        check(&judge, &payload);
    }
    assert!(kept_ones > 20 && broken > 40, "{kept_ones} kept, {broken} broken");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn values_together(changes in proptest::collection::vec(change(), 1..4)) {
        let mut payload: Map<String, Value> = kept().as_object().unwrap().clone();
        for (member, value) in changes {
            match value {
                Some(value) => payload.insert(member, value),
                None => payload.remove(&member),
            };
        }
        check(&judge(), &Value::Object(payload));
    }

    #[test]
    fn texts_of_any_kind(text in any::<String>()) {
        let judge = judge();
        for member in ["notEmpty", "short", "mail", "link", "id", "address", "code", "colour"] {
            let mut payload = kept();
            payload[member] = text.clone().into();
            check(&judge, &payload);
        }
    }
}
