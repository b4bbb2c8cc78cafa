//! `schema diff`: what changed since a folder or a git ref, and what that breaks.

use std::collections::BTreeSet;

use clap::Args;
use event_runtime::event::EventDescriptor;
use event_runtime::schema;
use event_runtime::schema::compat::{Comparison, Options, Report, check_history, compare};
use serde_json::{Value, json};

use super::opinion::{Opinion, opinion};
use super::report::{changes_json, print_changes, print_verdicts, verdict_json};
use super::{Committed, Which};
use crate::context::Context;
use crate::failure::{Answer, Result};
use crate::output::Tone;

/// The arguments of `schema diff`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events schema diff --against origin/main\n  events schema diff --against v1.4.0 --format json\n  \
    events schema diff --against ../released/schemas --all\n\n\
    Backward: new code reads old events; forward: old code reads new ones. A new version may change anything; the \
    listing says which versions its code reads through upcasters. Exit code 1: a change breaks the event's rule."
)]
pub(crate) struct Diff {
    /// A folder of schemas, or a git ref
    #[arg(long, value_name = "DIR|REF")]
    against: String,
    /// List what did not change too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    which: Which,
}

/// What became of one version of an event.
enum Fate {
    Unchanged,
    Changed(Box<Comparison>, Opinion),
    /// A version that was not there, compared with the one before it.
    New(Option<Box<Report>>),
}

impl Diff {
    pub(crate) fn run(self, context: &mut Context) -> Result {
        let packs = self.which.packs(context)?;
        let old = Committed::against(context, &self.against)?;
        let mut known = BTreeSet::new();
        let (mut answer, mut changes) = (Answer::Good, 0);
        for event in packs.iter().flat_map(|pack| pack.events.iter().copied()) {
            for version in event.versions() {
                known.insert(schema::file_name(version));
                let fate = fate(version, &old);
                if let Fate::Unchanged = fate {
                    if !self.all {
                        continue;
                    }
                } else {
                    changes += 1;
                }
                let refusals = match &fate {
                    Fate::Changed(comparison, opinion) => {
                        [comparison.refusals.as_slice(), &opinion.contradictions].concat()
                    }
                    _ => Vec::new(),
                };
                answer = answer.and(Answer::good_if(refusals.is_empty()));
                print(context, version, &fate, &refusals)?;
            }
        }
        if self.which.packs.is_empty() {
            for name in old.names().filter(|name| !known.contains(*name)) {
                changes += 1;
                answer = Answer::Bad;
                gone(context, name)?;
            }
        }
        if changes == 0 && !context.out.is_json() {
            context.out.line(format!("nothing changed against {}", self.against))?;
        }
        Ok(answer)
    }
}

fn fate(event: &'static EventDescriptor, old: &Committed) -> Fate {
    let fresh = schema::document(event);
    match old.get(&schema::file_name(event)) {
        Some(committed) if *committed == fresh => Fate::Unchanged,
        Some(committed) => {
            let options = Options::default();
            let mut history = check_history(event.compatibility, &[committed], &fresh, &options);
            let comparison = history.comparisons.pop().unwrap_or_else(|| Comparison {
                version: 0,
                report: compare(committed, &fresh, &options),
                refusals: Vec::new(),
            });
            let opinion = opinion(committed, &fresh, event.compatibility, &comparison.report);
            Fate::Changed(Box::new(comparison), opinion)
        }
        None => {
            let before = event.upcast_from.map(schema::document);
            Fate::New(before.map(|before| Box::new(compare(&before, &fresh, &Options::default()))))
        }
    }
}

/// The versions that code with this one reads.
pub(super) fn reads(event: &'static EventDescriptor) -> Vec<u32> {
    event.versions().map(|version| version.version).collect()
}

fn print(
    context: &mut Context,
    event: &'static EventDescriptor,
    fate: &Fate,
    refusals: &[String],
) -> Result<()> {
    let report = match fate {
        Fate::Unchanged => None,
        Fate::Changed(comparison, _) => Some(&comparison.report),
        Fate::New(report) => report.as_deref(),
    };
    let status = match fate {
        Fate::Unchanged => "unchanged",
        Fate::Changed(..) => "changed",
        Fate::New(_) => "new",
    };
    let prover = match fate {
        Fate::Changed(_, opinion) => opinion.json.clone(),
        _ => Value::Null,
    };
    let out = &mut context.out;
    if out.is_json() {
        out.json(&json!({
            "payload_type": event.payload_type,
            "version": event.version,
            "status": status,
            "rule": event.compatibility.as_str(),
            "allowed": refusals.is_empty(),
            "refusals": refusals,
            "reads": reads(event),
            "backward": report.map_or(Value::Null, |report| verdict_json(&report.backward)),
            "forward": report.map_or(Value::Null, |report| verdict_json(&report.forward)),
            "changes": report.map_or(Value::Null, changes_json),
            "prover": prover,
        }))?;
        return Ok(());
    }
    let name = out.paint(Tone::Strong, &format!("{} v{}", event.payload_type, event.version));
    let older: Vec<_> = reads(event).iter().skip(1).map(|version| format!("v{version}")).collect();
    let upcasts = if older.is_empty() {
        String::new()
    } else {
        format!(", reads {} through upcasters", older.join(", "))
    };
    out.line(format!("{name}: {status} (rule {}){upcasts}", event.compatibility.as_str()))?;
    if let Some(report) = report {
        if let (Fate::New(_), Some(before)) = (fate, event.upcast_from) {
            out.line(format!("  against v{}, which stays as it is:", before.version))?;
        }
        print_verdicts(out, report)?;
        print_changes(out, report)?;
    }
    for refusal in refusals {
        let refusal = out.paint(Tone::Bad, &format!("  refused: {refusal}"));
        out.line(refusal)?;
    }
    Ok(())
}

/// A version that was committed and that no code reads any more.
fn gone(context: &mut Context, name: &str) -> Result<()> {
    let refusal = "no code reads it any more: keep its event and name it in `upcast_from`";
    if context.out.is_json() {
        context
            .out
            .json(&json!({ "file": name, "status": "removed", "allowed": false, "refusals": [refusal] }))?;
    } else {
        let line = context.out.paint(Tone::Bad, &format!("{name}: removed; {refusal}"));
        context.out.line(line)?;
    }
    Ok(())
}
