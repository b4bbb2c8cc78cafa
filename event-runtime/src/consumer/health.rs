//! How a consumer fares, for a readiness probe.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::transport::SourceErrorKind;

/// A snapshot of a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Where the consumer stands.
    pub status: Status,
    /// When a receive last succeeded, empty or not.
    pub last_receive_at: Option<Timestamp>,
    /// How many receives have failed in a row, over all receivers.
    pub failed_receives: u32,
    /// The kind of the last receive error, while receives fail.
    pub last_error: Option<SourceErrorKind>,
    /// Messages held: waiting, running, backing off, being settled.
    pub in_flight: usize,
}

/// Where a consumer stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// `run` was not called, or has not finished its checks.
    #[default]
    Idle,
    /// Receiving.
    Running,
    /// Receives fail; the consumer keeps trying.
    Degraded,
    /// Shutting down.
    Draining,
    /// `run` has returned.
    Stopped,
}

impl Health {
    /// Whether the consumer does its work: it runs, and its last receive succeeded.
    pub fn is_healthy(&self) -> bool {
        self.status == Status::Running
    }
}

#[derive(Debug, Default)]
pub(crate) struct HealthCell(Mutex<Inner>);

#[derive(Debug, Default, Clone)]
struct Inner {
    status: Status,
    last_receive_at: Option<Timestamp>,
    failed_receives: u32,
    last_error: Option<SourceErrorKind>,
}

impl HealthCell {
    pub(crate) fn set(&self, status: Status) {
        self.with(|inner| inner.status = status);
    }

    pub(crate) fn received(&self, now: Timestamp) {
        self.with(|inner| {
            inner.last_receive_at = Some(now);
            inner.failed_receives = 0;
            inner.last_error = None;
            if inner.status == Status::Degraded {
                inner.status = Status::Running;
            }
        });
    }

    /// Notes a failed receive and returns how many there were in a row.
    pub(crate) fn receive_failed(&self, kind: SourceErrorKind) -> u32 {
        self.with(|inner| {
            inner.failed_receives = inner.failed_receives.saturating_add(1);
            inner.last_error = Some(kind);
            if inner.status == Status::Running {
                inner.status = Status::Degraded;
            }
            inner.failed_receives
        })
    }

    pub(crate) fn snapshot(&self, in_flight: usize) -> Health {
        let Inner { status, last_receive_at, failed_receives, last_error } = self.with(|inner| inner.clone());
        Health { status, last_receive_at, failed_receives, last_error, in_flight }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
