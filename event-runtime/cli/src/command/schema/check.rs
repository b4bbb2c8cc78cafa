//! `schema check`: the gate of `cargo test`, for CI and for people.

use clap::Args;
use event_runtime::PackDescriptor;
use event_runtime::schema::compat::{Options, Report, check_history, compare};
use event_runtime::schema::{self, GateProblem, GateProblemKind};
use serde_json::{Value, json};

use super::opinion::opinion;
use super::report::{changes_json, print_changes};
use super::{SCHEMAS, Which, committed};
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};
use crate::output::Tone;

/// The arguments of `schema check`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events schema check\n  events schema check --root crates/orders --format json\n\n\
    Exit code 1: a schema is missing, stale or broken, or a fixture does not decode. `schema generate` writes what may \
    be written."
)]
pub(crate) struct Check {
    #[command(flatten)]
    which: Which,
}

impl Check {
    pub(crate) fn run(self, context: &mut Context) -> Result {
        let packs = self.which.packs(context)?;
        let folders = committed::folders(context);
        if !folders.iter().any(|folder| context.root.join(folder).is_dir()) {
            return Err(Failure::usage(format!(
                "{} has no folder `{SCHEMAS}`; write it with `schema generate`, or give --root",
                context.root.display()
            )));
        }
        let (mut problems, mut versions) = (0, 0);
        for pack in packs {
            versions += pack.events.iter().flat_map(|event| event.versions()).count();
            if let Err(error) = schema::gate(pack, &context.root) {
                problems += error.problems().len();
                print(context, pack, error.problems())?;
            }
            problems += contradictions(context, pack)?;
        }
        if !context.out.is_json() {
            let summary = match problems {
                0 => context
                    .out
                    .paint(Tone::Good, &format!("{versions} schemas are fresh, and every fixture decodes")),
                1 => context.out.paint(Tone::Bad, "1 problem"),
                count => context.out.paint(Tone::Bad, &format!("{count} problems")),
            };
            context.out.line(summary)?;
        }
        Ok(Answer::good_if(problems == 0))
    }
}

/// Prints where the second prover, if one is built in, contradicts what the gate goes by; says how often it does.
fn contradictions(context: &mut Context, pack: &PackDescriptor) -> Result<usize> {
    let mut count = 0;
    for event in pack.events.iter().flat_map(|event| event.versions()) {
        let file = context.root.join(event.schemas.unwrap_or(SCHEMAS)).join(schema::file_name(event));
        let committed =
            std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let fresh = schema::document(event);
        let Some(committed) = committed.filter(|committed| *committed != fresh) else { continue };
        let mut history = check_history(event.compatibility, &[&committed], &fresh, &Options::default());
        let Some(comparison) = history.comparisons.pop() else { continue };
        for text in opinion(&committed, &fresh, event.compatibility, &comparison.report).contradictions {
            count += 1;
            let name = schema::file_name(event);
            if context.out.is_json() {
                context.out.json(
                    &json!({ "pack": pack.name, "file": name, "kind": "contradiction", "problem": text, "changes": null }),
                )?;
            } else {
                let label = context.out.paint(Tone::Bad, "contradiction");
                context.out.line(format!("{label} {name}: {text}"))?;
            }
        }
    }
    Ok(count)
}

/// Prints problems, and what changed where a change breaks something.
pub(super) fn print(context: &mut Context, pack: &PackDescriptor, problems: &[GateProblem]) -> Result<()> {
    for problem in problems {
        let report = (problem.kind() == GateProblemKind::Incompatible)
            .then(|| changes(context, pack, problem))
            .flatten();
        let text = problem.to_string();
        if context.out.is_json() {
            context.out.json(&json!({
                "pack": pack.name,
                "file": problem.file().display().to_string(),
                "kind": kind(problem.kind()),
                "problem": text,
                "changes": report.as_ref().map_or(Value::Null, changes_json),
            }))?;
            continue;
        }
        let label = context.out.paint(Tone::Bad, kind(problem.kind()));
        context.out.line(format!("{label} {text}"))?;
        if let Some(report) = report {
            print_changes(&mut context.out, &report)?;
        }
    }
    Ok(())
}

fn kind(kind: GateProblemKind) -> &'static str {
    match kind {
        GateProblemKind::Missing => "missing",
        GateProblemKind::Stale => "stale",
        GateProblemKind::Incompatible => "breaking",
        GateProblemKind::Renamed => "renamed",
        GateProblemKind::Orphaned => "orphaned",
        GateProblemKind::Fixture => "fixture",
        _ => "unreadable",
    }
}

/// What changed between a committed schema and the code.
fn changes(context: &Context, pack: &PackDescriptor, problem: &GateProblem) -> Option<Report> {
    let name = problem.file().file_name()?.to_str()?;
    let mut versions = pack.events.iter().flat_map(|event| event.versions());
    let event = versions.find(|event| schema::file_name(event) == name)?;
    let text = std::fs::read_to_string(context.root.join(problem.file())).ok()?;
    let committed: Value = serde_json::from_str(&text).ok()?;
    Some(compare(&committed, &schema::document(event), &Options::default()))
}
