//! Our own search and a prover that shares no line with it: where both answer, they agree.

use event_cli::prover::{Opinion, Opinions};
use event_runtime::schema;
use event_runtime::schema::compat::{Options, Report, Writers, compare};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::arbitrary::{Choices, document, edited, schema};

/// How often the prover had an opinion, and all questions.
#[derive(Default)]
struct Tally {
    decided: usize,
    asked: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn ask(&mut self, old: &Value, new: &Value, writers: Writers) {
        let report: Report = compare(old, new, &Options { writers, steps: 30_000 });
        let opinions = Opinions::of(old, new, writers);
        self.asked += 2;
        self.decided +=
            [opinions.backward, opinions.forward].iter().filter(|one| **one != Opinion::Unknown).count();
        for direction in opinions.contradictions(&report) {
            self.wrong.push(format!(
                "{direction}: prover {opinions:?}, diff {:?} / {:?}\n  old {old}\n  new {new}",
                report.backward, report.forward
            ));
        }
    }

    fn check(&self, least: usize) {
        println!("the prover decided {} of {}", self.decided, self.asked);
        assert!(self.wrong.is_empty(), "{} disagreements:\n{}", self.wrong.len(), self.wrong.join("\n"));
        assert!(self.decided >= least, "the prover decided {} of {} only", self.decided, self.asked);
    }
}

/// What schemars makes of every event, changed in every place as people change things.
#[test]
fn they_agree_on_changes_of_the_packs() {
    let mut tally = Tally::default();
    for event in event_packs::all().events() {
        let versions: Vec<Value> = event.versions().map(schema::document).collect();
        for pair in versions.windows(2) {
            tally.ask(&pair[1], &pair[0], Writers::Closed);
        }
        for version in &versions {
            for changed in changes(version) {
                tally.ask(version, &changed, Writers::Closed);
            }
        }
    }
    tally.check(300);
}

/// A property more, less, required, optional, of another type, with other bounds; one at a time.
fn changes(document: &Value) -> Vec<Value> {
    let change = |apply: &dyn Fn(&mut Value)| {
        let mut changed = document.clone();
        // What is written changes alike; the search reads `x-writer`, so both have to.
        apply(&mut changed);
        if let Some(writer) = changed.get_mut("x-writer") {
            apply(writer);
        }
        changed
    };
    let mut all = vec![
        change(&|schema| schema["properties"]["added"] = json!({ "type": "string" })),
        change(&|schema| {
            schema["properties"]["added"] = json!({ "type": "integer", "format": "uint8" });
            if let Some(names) = schema["required"].as_array_mut() {
                names.push("added".into());
            }
        }),
    ];
    let names: Vec<String> =
        document["properties"].as_object().into_iter().flat_map(|map| map.keys().cloned()).collect();
    // One kind of change a property, so that the kinds take turns.
    for (index, name) in names.iter().enumerate() {
        let name = name.as_str();
        all.push(match index % 4 {
            0 => change(&|schema| {
                if let Some(properties) = schema["properties"].as_object_mut() {
                    properties.remove(name);
                }
                without(schema, name);
            }),
            1 => change(&|schema| without(schema, name)),
            2 => change(&|schema| {
                schema["properties"][name] = json!({ "type": ["string", "null"], "minLength": 3 })
            }),
            _ => change(&|schema| schema["properties"][name] = json!({ "type": "integer", "minimum": -5 })),
        });
    }
    all
}

fn without(schema: &mut Value, name: &str) {
    if let Some(names) = schema["required"].as_array_mut() {
        names.retain(|other| other != name);
    }
}

#[test]
fn they_agree_on_random_schemas() {
    let mut runner = TestRunner::deterministic();
    let cases = std::env::var("COMPAT_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    let mut tally = Tally::default();
    for _ in 0..cases {
        let strategy = (document(), schema(), document(), prop::collection::vec(any::<u32>(), 16));
        let (old, replacement, other, seeds) = strategy.new_tree(&mut runner).expect("a tree").current();
        let new = edited(&old, &replacement, &mut Choices::new(seeds));
        for writers in [Writers::AsWritten, Writers::Closed] {
            tally.ask(&old, &new, writers);
            tally.ask(&old, &other, writers);
        }
    }
    tally.check(cases);
}
