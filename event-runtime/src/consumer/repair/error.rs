//! Why a walk over dead letters ended early.

use crate::transport::{ProduceError, SourceError};

use super::RepairReport;

/// Why a walk ended early, and what it had done by then.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct RepairError {
    kind: RepairErrorKind,
    message: String,
    report: Box<RepairReport>,
    #[source]
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// What kind of failure a [`RepairError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RepairErrorKind {
    /// The queue of dead letters can't be read.
    Source,
    /// The destination takes nothing: it does not exist, is closed, or the credentials do not allow it.
    Destination,
}

impl RepairError {
    pub(super) fn source_failed(error: SourceError, report: RepairReport) -> Self {
        let message = "the queue of dead letters can't be read".to_owned();
        Self { kind: RepairErrorKind::Source, message, report: Box::new(report), source: Box::new(error) }
    }

    pub(super) fn destination_failed(name: &str, error: ProduceError, report: RepairReport) -> Self {
        let message = format!("`{name}` takes no messages");
        let kind = RepairErrorKind::Destination;
        Self { kind, message, report: Box::new(report), source: Box::new(error) }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> RepairErrorKind {
        self.kind
    }

    /// What had been done by then.
    pub fn report(&self) -> &RepairReport {
        &self.report
    }
}
