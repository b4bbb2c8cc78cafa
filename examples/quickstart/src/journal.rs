//! What the handlers did, by queue, so that the output does not depend on who was quicker.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use event_runtime::shutdown_signal;
use tokio::sync::watch;

/// How many lines the whole run writes; with the last one the consumers are asked to stop.
const LINES: usize = 9;

/// Lines by queue, shared by all handlers.
#[derive(Clone)]
pub(crate) struct Journal {
    lines: Arc<Mutex<BTreeMap<&'static str, Vec<String>>>>,
    written: watch::Sender<usize>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { lines: Arc::default(), written: watch::Sender::new(0) }
    }
}

impl Journal {
    /// Adds a line under a queue's name.
    pub(crate) fn write(&self, queue: &'static str, line: impl Into<String>) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.entry(queue).or_default().push(line.into());
        drop(lines);
        self.written.send_modify(|written| *written += 1);
    }

    /// Completes when everything was written, or at Ctrl-C: the signal for a graceful stop.
    pub(crate) fn complete(&self) -> impl Future<Output = ()> + use<> {
        let mut written = self.written.subscribe();
        async move {
            tokio::select! {
                _ = written.wait_for(|written| *written == LINES) => {}
                () = shutdown_signal() => {}
            }
        }
    }

    /// Prints every queue's lines.
    pub(crate) fn print(&self) {
        for (queue, lines) in &*self.lines.lock().unwrap_or_else(PoisonError::into_inner) {
            let mut lines = lines.clone();
            // Without order between keys, the audit's lines come as they come.
            if *queue == "audit" {
                lines.sort();
            }
            lines.iter().for_each(|line| println!("{queue}: {line}"));
        }
    }
}
