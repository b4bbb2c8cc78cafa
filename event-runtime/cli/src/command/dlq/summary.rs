//! What a walk over dead letters did, in words; its progress on a terminal.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use event_runtime::consumer::repair::{DeadLetters, RepairError, RepairReport};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Answer, Failure, Result, chain};
use crate::output::Tone;

/// A walk that ended early, with what it had done.
pub(super) fn repair_failed(error: RepairError) -> Failure {
    let report = error.report();
    let done = match report.moved {
        0 => String::new(),
        moved => format!(" (before that, {moved} letters were moved)"),
    };
    Failure::Failed(format!("{}{done}", chain(&error)))
}

/// How long ago something was, in one unit.
pub(super) fn age(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Shows progress where somebody watches, and ends the walk in good order on an interrupt.
pub(super) struct Watch {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
    listener: tokio::task::JoinHandle<()>,
}

impl Watch {
    pub(super) fn start(context: &Context, total: Option<u64>) -> Self {
        let bar = match (context.out.is_watched(), total) {
            (false, _) => ProgressBar::hidden(),
            (true, Some(total)) => ProgressBar::new(total),
            (true, None) => ProgressBar::new_spinner(),
        };
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos} looked at, {msg} {elapsed}") {
            bar.set_style(style);
        }
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        let listener = tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
            }
        });
        Self { bar, interrupted, listener }
    }

    /// The letters with this watch over their walk.
    pub(super) fn over(&self, letters: DeadLetters) -> DeadLetters {
        let (bar, interrupted) = (self.bar.clone(), Arc::clone(&self.interrupted));
        letters.on_progress(move |report| {
            bar.set_position(report.scanned as u64);
            bar.set_message(format!("{} matching", report.matched));
            if interrupted.load(Ordering::Relaxed) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    /// Ends the watch; whether the walk was interrupted.
    pub(super) fn end(self) -> bool {
        self.bar.finish_and_clear();
        self.listener.abort();
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Prints what was done; `verb` says what that was: `moved`, `discarded`.
pub(super) fn print(
    context: &mut Context,
    report: &RepairReport,
    verb: &str,
    dry_run: bool,
    interrupted: bool,
) -> Result {
    let good = report.failures.is_empty() && report.left_behind == 0 && report.waiting == 0 && !interrupted;
    let out = &mut context.out;
    if out.lists_json() {
        let failures: Vec<_> = report
            .failures
            .iter()
            .map(|failure| json!({ "id": failure.transport_id, "reason": failure.reason }))
            .collect();
        out.json(&json!({
            "dry_run": dry_run, "interrupted": interrupted, "scanned": report.scanned, "matched": report.matched,
            verb: report.moved, "left_behind": report.left_behind, "waiting": report.waiting, "failures": failures,
        }))?;
        return Ok(Answer::good_if(good));
    }
    let (done, count) = if dry_run { ("would be ", report.matched) } else { ("", report.moved) };
    let line = format!("{count} letters {done}{verb}, of {} looked at", report.scanned);
    out.line(line)?;
    for failure in &report.failures {
        let line = format!("  {} stays: {}", failure.transport_id, failure.reason);
        let line = out.paint(Tone::Bad, &line);
        out.line(line)?;
    }
    if report.waiting > 0 {
        out.line(format!("  {} stay behind one of their group that stays", report.waiting))?;
    }
    if report.left_behind > 0 {
        let line = format!("  {} could not be removed and are there twice now", report.left_behind);
        let line = out.paint(Tone::Doubtful, &line);
        out.line(line)?;
    }
    if interrupted {
        out.line("  interrupted; what was not moved stays where it is")?;
    }
    Ok(Answer::good_if(good))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_one_unit() {
        let then = Timestamp::UNIX_EPOCH;
        let after = |seconds| age(then, Timestamp::from_second(seconds).unwrap());
        assert_eq!([after(119), after(120), after(7_200), after(172_800)], ["119s", "2m", "2h", "2d"]);
        assert_eq!(age(Timestamp::from_second(5).unwrap(), then), "0s");
    }
}
