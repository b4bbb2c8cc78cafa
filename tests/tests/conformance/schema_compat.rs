//! JSON Schema evolution as other projects published it: old, new, and whether new reads old.

use std::fs;

use event_runtime::schema::compat::{Options, Verdict, Writers, compare};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Suite {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    old: Value,
    new: Value,
    expect: Expect,
    class: String,
}

#[derive(Deserialize)]
struct Expect {
    backward: bool,
}

/// These suites take a schema for everything that a writer may send, unknown properties included.
fn as_written() -> Options {
    Options { writers: Writers::AsWritten, ..Options::default() }
}

fn cases() -> Option<Vec<Case>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/schema-compat/sentry.json");
    let Ok(text) = fs::read_to_string(path) else {
        println!("skipped: conformance data not found");
        return None;
    };
    let suite: Suite = serde_json::from_str(&text).expect("the suite has its documented form");
    let gated = suite.cases.into_iter().filter(|case| case.class == "agrees-with-instances");
    Some(gated.collect())
}

#[test]
fn verdicts_agree_with_instances() {
    let Some(cases) = cases() else { return };
    assert!(cases.len() >= 80, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let report = compare(&case.old, &case.new, &as_written());
        if report.backward.is_compatible() != case.expect.backward {
            wrong.push(format!("{}: {:?}", case.id, report.backward));
        }
        if !case.expect.backward && matches!(report.backward, Verdict::Unknown { .. }) {
            wrong.push(format!("{}: no counterexample: {:?}", case.id, report.backward));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
