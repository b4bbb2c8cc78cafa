//! `schema check`: the gate of `cargo test`, for CI and for people.

use clap::Args;
use event_runtime::PackDescriptor;
use event_runtime::schema::compat::{Options, Report, compare};
use event_runtime::schema::{self, GateProblem, GateProblemKind};
use serde_json::{Value, json};

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
