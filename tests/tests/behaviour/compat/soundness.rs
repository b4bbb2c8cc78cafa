//! No instance contradicts a verdict. An independent validator is the judge.

use event_runtime::schema::compat::{Effect, Options, Report, Verdict, Writers, compare};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::arbitrary::{Choices, document, draft_07, edited, sample, schema, value};

fn judge(schema: &Value) -> Option<Validator> {
    let draft = jsonschema::Draft::Draft202012;
    let options = jsonschema::options().should_validate_formats(true);
    let options = if schema.get("$schema").is_some() { options } else { options.with_draft(draft) };
    options.build(&with_ranges(schema)).ok()
}

/// The formats of numbers in words that the judge knows.
fn with_ranges(schema: &Value) -> Value {
    match schema {
        Value::Object(rules) => {
            let mut rules: serde_json::Map<_, _> =
                rules.iter().map(|(keyword, value)| (keyword.clone(), with_ranges(value))).collect();
            let range = match rules.get("format").and_then(Value::as_str) {
                Some("uint8") => json!({ "minimum": 0, "maximum": 255 }),
                Some("int8") => json!({ "minimum": -128, "maximum": 127 }),
                Some("uint16") => json!({ "minimum": 0, "maximum": 65_535 }),
                _ => return Value::Object(rules),
            };
            let parts = rules.entry("allOf").or_insert(json!([]));
            parts.as_array_mut().into_iter().for_each(|parts| parts.push(range.clone()));
            Value::Object(rules)
        }
        Value::Array(items) => items.iter().map(with_ranges).collect(),
        other => other.clone(),
    }
}

/// The writer's schema with objects closed, in JSON Schema's own words.
fn closed(schema: &Value, root: &Value, in_place: bool) -> Value {
    let Some(rules) = schema.as_object() else { return schema.clone() };
    let mut closed_rules = rules.clone();
    for (keyword, value) in &mut closed_rules {
        match keyword.as_str() {
            "properties" | "patternProperties" => {
                for (_, part) in value.as_object_mut().into_iter().flatten() {
                    *part = closed(part, root, false);
                }
            }
            "items" | "additionalProperties" | "unevaluatedProperties" => *value = closed(value, root, false),
            "unevaluatedItems" => *value = closed(value, root, false),
            "prefixItems" => {
                value.as_array_mut().into_iter().flatten().for_each(|part| *part = closed(part, root, false))
            }
            "allOf" | "anyOf" | "oneOf" => {
                value.as_array_mut().into_iter().flatten().for_each(|part| *part = closed(part, root, true));
            }
            "$defs" => {
                for (_, part) in value.as_object_mut().into_iter().flatten() {
                    *part = closed(part, root, true);
                }
            }
            _ => {}
        }
    }
    // A property that is asked for is emitted, listed or not.
    let says_rest =
        ["additionalProperties", "unevaluatedProperties"].iter().any(|k| closed_rules.contains_key(*k));
    // What is said of the rest around this place holds for such a property too.
    if !says_rest
        && !root.to_string().contains("unevaluatedProperties")
        && closed_rules.contains_key("properties")
        && let Some(required) = rules.get("required").and_then(Value::as_array)
    {
        for name in required.iter().filter_map(Value::as_str) {
            if let Some(properties) = closed_rules["properties"].as_object_mut() {
                properties.entry(name).or_insert(json!(true));
            }
        }
    }
    if !in_place && lists_properties(schema, root, 0) {
        closed_rules.entry("unevaluatedProperties").or_insert(json!(false));
    }
    Value::Object(closed_rules)
}

fn lists_properties(schema: &Value, root: &Value, depth: usize) -> bool {
    let place =
        |reference: &str| if reference == "#bee" { "/$defs/B".to_owned() } else { reference[1..].to_owned() };
    let target = schema["$ref"].as_str().and_then(|reference| root.pointer(&place(reference)));
    let parts = ["allOf", "anyOf", "oneOf"]
        .iter()
        .flat_map(|keyword| schema[keyword].as_array().into_iter().flatten());
    let mut parts = parts.chain(target);
    schema.get("properties").is_some()
        || depth < 10 && parts.any(|part| lists_properties(part, root, depth + 1))
}

fn check(
    writer: &Value,
    reader: &Value,
    verdict: &Verdict,
    instances: &[Value],
) -> Result<(), TestCaseError> {
    let (Some(writes), Some(reads)) = (judge(writer), judge(reader)) else { return Ok(()) };
    match verdict {
        Verdict::Compatible => {
            for instance in instances {
                prop_assert!(
                    !writes.is_valid(instance) || reads.is_valid(instance),
                    "called compatible, but {instance} is written and not read\nwriter {writer}\nreader {reader}"
                );
            }
        }
        Verdict::Breaking { counterexample } => {
            prop_assert!(
                writes.is_valid(counterexample),
                "{counterexample} is not written\nwriter {writer}\nreader {reader}"
            );
            prop_assert!(
                !reads.is_valid(counterexample),
                "{counterexample} is read\nwriter {writer}\nreader {reader}"
            );
        }
        _ => {}
    }
    Ok(())
}

/// Changes are told where something breaks and only there, and each event that they show breaks indeed.
fn check_changes(old: &Value, new: &Value, report: &Report) -> Result<(), TestCaseError> {
    let backward: Vec<&Effect> = report.changes.iter().map(|change| &change.backward).collect();
    let forward: Vec<&Effect> = report.changes.iter().map(|change| &change.forward).collect();
    for (writer, reader, verdict, effects) in
        [(old, new, &report.backward, backward), (new, old, &report.forward, forward)]
    {
        prop_assert_eq!(verdict.is_compatible(), !effects.iter().any(|effect| effect.breaks()));
        for effect in effects {
            if let Effect::Breaking { counterexample } = effect {
                check(writer, reader, &Verdict::Breaking { counterexample: counterexample.clone() }, &[])?;
            }
        }
    }
    Ok(())
}

fn instances(writer: &Value, seeds: &[u32], random: Vec<Value>) -> Vec<Value> {
    let mut all = random;
    for start in 0..60u32 {
        let seeds = seeds.iter().map(|seed| seed.wrapping_add(start.wrapping_mul(40_503_777))).collect();
        all.push(sample(writer, writer, &mut Choices::new(seeds), 0));
    }
    all
}

fn options(writers: Writers) -> Options {
    Options { writers, steps: 30_000 }
}

fn seeds() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 16)
}

fn config() -> ProptestConfig {
    let cases = std::env::var("COMPAT_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(100);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn unrelated_schemas(old in document(), new in document(), seeds in seeds(), random in prop::collection::vec(value(), 40)) {
        let report = compare(&old, &new, &options(Writers::AsWritten));
        check_changes(&old, &new, &report)?;
        check(&old, &new, &report.backward, &instances(&old, &seeds, random.clone()))?;
        check(&new, &old, &report.forward, &instances(&new, &seeds, random))?;
    }

    #[test]
    fn edited_schemas(old in document(), replacement in schema(), seeds in seeds(), random in prop::collection::vec(value(), 40)) {
        let new = edited(&old, &replacement, &mut Choices::new(seeds.clone()));
        let report = compare(&old, &new, &options(Writers::AsWritten));
        check_changes(&old, &new, &report)?;
        check(&old, &new, &report.backward, &instances(&old, &seeds, random.clone()))?;
        check(&new, &old, &report.forward, &instances(&new, &seeds, random))?;
    }

    #[test]
    fn old_spellings(old in document(), replacement in schema(), seeds in seeds(), random in prop::collection::vec(value(), 40)) {
        let new = edited(&old, &replacement, &mut Choices::new(seeds.clone()));
        let (was, is) = (draft_07(&old), draft_07(&new));
        for (from, to, modern) in [(&was, &is, &old), (&was, &new, &old), (&old, &is, &old)] {
            let report = compare(from, to, &options(Writers::AsWritten));
            check_changes(from, to, &report)?;
            check(from, to, &report.backward, &instances(modern, &seeds, random.clone()))?;
        }
    }

    /// A budget may cost a verdict; it never turns one into another.
    #[test]
    fn small_budgets(old in document(), replacement in schema(), seeds in seeds(), steps in 0u64..3_000) {
        let new = edited(&old, &replacement, &mut Choices::new(seeds));
        let whole = compare(&old, &new, &options(Writers::Closed));
        let hasty = compare(&old, &new, &Options { writers: Writers::Closed, steps });
        for (whole, hasty) in [(&whole.backward, &hasty.backward), (&whole.forward, &hasty.forward)] {
            let agree = whole.is_compatible() == hasty.is_compatible();
            let is_open = |verdict: &Verdict| matches!(verdict, Verdict::Unknown { .. });
            prop_assert!(agree || is_open(hasty) || is_open(whole), "{hasty:?} within {steps} steps, else {whole:?}");
        }
    }

    #[test]
    fn closed_writers(old in document(), replacement in schema(), seeds in seeds(), random in prop::collection::vec(value(), 40)) {
        let new = edited(&old, &replacement, &mut Choices::new(seeds.clone()));
        let report = compare(&old, &new, &options(Writers::Closed));
        for (writer, reader, verdict) in [(&old, &new, &report.backward), (&new, &old, &report.forward)] {
            // JSON Schema has no words for closing what a condition describes.
            let is_said = !writer.to_string().contains("\"if\"");
            if verdict.is_compatible() && is_said {
                check(&closed(writer, writer, false), reader, verdict, &instances(writer, &seeds, random.clone()))?;
            }
            if !verdict.is_compatible() {
                check(writer, reader, verdict, &[])?;
            }
        }
    }
}

/// How often the answer is "can't tell", printed for those who tune the search.
#[test]
fn most_edits_get_a_verdict() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut unknown, mut all) = (0, 0);
    for _ in 0..200 {
        let tree = (document(), schema(), seeds()).new_tree(&mut runner).expect("a tree");
        let (old, replacement, seeds) = tree.current();
        let new = edited(&old, &replacement, &mut Choices::new(seeds));
        let report = compare(&old, &new, &options(Writers::AsWritten));
        for (verdict, writer, reader) in [(&report.backward, &old, &new), (&report.forward, &new, &old)] {
            all += 1;
            if matches!(verdict, Verdict::Unknown { .. }) {
                unknown += 1;
                if std::env::var("COMPAT_SHOW").is_ok() {
                    println!("{verdict:?}\n  W {writer}\n  R {reader}");
                }
            }
        }
    }
    println!("{unknown} of {all} verdicts unknown");
    // Some schemas hold a format that nobody knows.
    assert!(unknown * 8 < all, "{unknown} of {all} verdicts unknown");
}
