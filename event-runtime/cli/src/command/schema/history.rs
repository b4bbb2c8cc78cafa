//! `schema history`: the versions of events.

use clap::Args;
use event_runtime::event::EventDescriptor;
use event_runtime::schema::compat::{Options, Report, compare};
use event_runtime::schema::{self};
use serde_json::{Value, json};

use super::diff::reads;
use super::report::{changes_json, print_changes, verdict_json};
use super::{Committed, Which};
use crate::context::Context;
use crate::failure::{Answer, Result};
use crate::output::Tone;

/// The arguments of `schema history`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events schema history OrderCreatedEvent\n  events schema history --format json\n\n\
    Without a payload type: every event that has more than one version."
)]
pub(crate) struct History {
    /// The payload type
    payload_type: Option<String>,
    #[command(flatten)]
    which: Which,
}

impl History {
    pub(crate) fn run(self, context: &mut Context) -> Result {
        if let Some(payload_type) = &self.payload_type
            && context.factory.event(payload_type).is_none()
        {
            return Err(context.unknown_type(payload_type));
        }
        let committed = Committed::own(context)?;
        let mut count = 0;
        for event in self.which.packs(context)?.iter().flat_map(|pack| pack.events.iter().copied()) {
            let is_meant = match &self.payload_type {
                Some(payload_type) => event.payload_type == payload_type,
                None => event.upcast_from.is_some(),
            };
            if is_meant {
                count += 1;
                print(context, event, &committed)?;
            }
        }
        if count == 0 && !context.out.is_json() {
            context.out.line("every event has one version")?;
        }
        Ok(Answer::Good)
    }
}

fn print(context: &mut Context, newest: &'static EventDescriptor, committed: &Committed) -> Result<()> {
    let mut versions: Vec<_> = newest.versions().collect();
    versions.reverse();
    if !context.out.is_json() {
        let title = context.out.paint(Tone::Strong, newest.payload_type);
        context.out.line(format!("{title}: {}", newest.description))?;
    }
    let mut before: Option<Value> = None;
    for event in versions {
        // What was published counts, not what the code would publish now.
        let document = committed.get(&schema::file_name(event)).cloned();
        let is_committed = document.is_some();
        let document = document.unwrap_or_else(|| schema::document(event));
        let report = before.as_ref().map(|before| compare(before, &document, &Options::default()));
        version(context, event, is_committed, report.as_ref())?;
        before = Some(document);
    }
    Ok(())
}

fn version(
    context: &mut Context,
    event: &'static EventDescriptor,
    is_committed: bool,
    report: Option<&Report>,
) -> Result<()> {
    let out = &mut context.out;
    if out.is_json() {
        out.json(&json!({
            "payload_type": event.payload_type,
            "version": event.version,
            "rust_name": event.rust_name,
            "committed": is_committed,
            "reads": reads(event),
            "backward_without_upcaster": report.map_or(Value::Null, |report| verdict_json(&report.backward)),
            "changes": report.map_or(Value::Null, changes_json),
        }))?;
        return Ok(());
    }
    let reads: Vec<_> = reads(event).iter().map(|version| format!("v{version}")).collect();
    let committed = if is_committed { "" } else { ", not committed" };
    out.line(format!("  v{} ({}) reads {}{committed}", event.version, event.rust_name, reads.join(", ")))?;
    match report {
        Some(report) => print_changes(out, report)?,
        None => out.line(format!("    {} fields", event.fields.len()))?,
    }
    Ok(())
}
