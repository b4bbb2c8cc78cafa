//! Comparisons in words and as JSON.

use event_runtime::schema::compat::{Change, Effect, Report, Severity, Verdict};
use serde_json::{Value, json};

use crate::output::{Output, Tone};

/// One word for a verdict.
pub(super) fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Compatible => "compatible",
        Verdict::Breaking { .. } => "breaking",
        _ => "unknown",
    }
}

/// A verdict as JSON, with its counterexample or its reason.
pub(super) fn verdict_json(verdict: &Verdict) -> Value {
    let mut value = json!({ "verdict": word(verdict) });
    match verdict {
        Verdict::Breaking { counterexample } => value["counterexample"] = counterexample.clone(),
        Verdict::Unknown { reason } => value["reason"] = reason.as_str().into(),
        _ => {}
    }
    value
}

/// The changes of a report as JSON.
pub(super) fn changes_json(report: &Report) -> Value {
    report.changes.iter().map(change_json).collect()
}

fn change_json(change: &Change) -> Value {
    json!({
        "pointer": change.pointer,
        "place": change.place,
        "kind": format!("{:?}", change.kind),
        "sentence": change.sentence,
        "severity": severity(change.severity()),
        "backward": effect_json(&change.backward),
        "forward": effect_json(&change.forward),
    })
}

fn effect_json(effect: &Effect) -> Value {
    match effect {
        Effect::Breaking { counterexample } => {
            json!({ "severity": "breaking", "counterexample": counterexample })
        }
        other => json!({ "severity": severity(other.severity()) }),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Harmless => "harmless",
        Severity::Lossy => "lossy",
        Severity::Unproven => "unproven",
        Severity::Breaking => "breaking",
    }
}

/// Prints the changes, each with the events that it breaks.
pub(super) fn print_changes(out: &mut Output, report: &Report) -> std::io::Result<()> {
    for change in &report.changes {
        let tone = match change.severity() {
            Severity::Harmless => Tone::Good,
            Severity::Lossy | Severity::Unproven => Tone::Doubtful,
            Severity::Breaking => Tone::Bad,
        };
        let mark = out.paint(tone, severity(change.severity()));
        out.line(format!("    {mark}: {}", change.sentence))?;
        let effects = [
            ("new code does not read the old event", &change.backward),
            ("old code does not read the new event", &change.forward),
        ];
        for (what, effect) in effects {
            if let Effect::Breaking { counterexample } = effect {
                out.line(format!("      {what} {counterexample}"))?;
            }
        }
    }
    Ok(())
}

/// Prints both directions.
pub(super) fn print_verdicts(out: &mut Output, report: &Report) -> std::io::Result<()> {
    for (what, verdict) in [("backward", &report.backward), ("forward", &report.forward)] {
        let tone = match verdict {
            Verdict::Compatible => Tone::Good,
            Verdict::Breaking { .. } => Tone::Bad,
            _ => Tone::Doubtful,
        };
        let word = out.paint(tone, word(verdict));
        let reason = match verdict {
            Verdict::Unknown { reason } => format!(" ({reason})"),
            _ => String::new(),
        };
        out.line(format!("    {what}: {word}{reason}"))?;
    }
    Ok(())
}
