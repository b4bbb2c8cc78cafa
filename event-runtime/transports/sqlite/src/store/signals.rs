//! Who waits for a queue, and how they learn that something changed in it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The signals of a broker's queues, by their ids.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    queues: Mutex<HashMap<i64, Arc<Notify>>>,
    /// Receives and sends that wait; while there are any, the writer looks for what other processes wrote.
    waiting: AtomicUsize,
}

impl Signals {
    /// The signal of one queue.
    pub(crate) fn of(&self, queue: i64) -> Arc<Notify> {
        Arc::clone(self.lock().entry(queue).or_default())
    }

    pub(super) fn wake(&self, queue: i64) {
        let signal = self.lock().get(&queue).map(Arc::clone);
        if let Some(signal) = signal {
            signal.notify_waiters();
        }
    }

    pub(super) fn wake_all(&self) {
        let signals: Vec<_> = self.lock().values().map(Arc::clone).collect();
        for signal in signals {
            signal.notify_waiters();
        }
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Arc<Notify>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one that waits, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a Signals);

impl<'a> Waiting<'a> {
    pub(crate) fn new(signals: &'a Signals) -> Self {
        signals.waiting.fetch_add(1, Ordering::AcqRel);
        Self(signals)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}
