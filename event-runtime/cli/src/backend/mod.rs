//! The transports that a configuration can choose here, and what the command line asks of them beyond
//! [`Transport`].

#[cfg(feature = "embedded")]
mod embedded;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqs")]
mod sqs;

use std::sync::Arc;

use event_runtime::config::{BundleError, Config, ConfigError, Transport};
use event_runtime::transport::BoxFuture;

/// What a queue holds; what its transport does not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Messages that could be received now.
    pub visible: Option<u64>,
    /// Messages received and not yet settled.
    pub in_flight: Option<u64>,
    /// Messages that are kept back.
    pub delayed: Option<u64>,
}

#[cfg(any(feature = "embedded", feature = "sqlite"))]
impl From<event_runtime::embedded::QueueCounts> for QueueStats {
    fn from(counts: event_runtime::embedded::QueueCounts) -> Self {
        let number = |count: usize| Some(count as u64);
        Self {
            visible: number(counts.visible),
            in_flight: number(counts.in_flight),
            delayed: number(counts.delayed),
        }
    }
}

/// The error of a backend that can't say what a queue holds.
#[cfg(any(feature = "embedded", feature = "sqlite", feature = "sqs"))]
fn unanswered(queue: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BundleError {
    BundleError::transport(format!("queue `{queue}` can't be asked"), error)
}

/// A transport as the command line uses it.
pub trait Backend: Send + Sync {
    /// What builds producers and sources by configuration.
    fn transport(&self) -> &dyn Transport;

    /// What a queue holds; `client` is the bundle's client section, or an empty object.
    ///
    /// # Errors
    /// Where the queue can't be asked.
    ///
    /// # Cancel safety
    /// A dropped call asked or did not; nothing changes by it.
    fn stats<'a>(
        &'a self,
        client: &'a Config,
        queue: &'a str,
    ) -> BoxFuture<'a, Result<QueueStats, BundleError>>;
}

/// Makes the backend for a configuration; `None` where the configuration does not speak of it.
pub type BackendFactory = Box<dyn Fn(&Config) -> Result<Option<Arc<dyn Backend>>, ConfigError> + Send + Sync>;

/// The backends of the features that are on.
pub(crate) fn built_in() -> Vec<BackendFactory> {
    vec![
        #[cfg(feature = "embedded")]
        Box::new(embedded::from_config),
        #[cfg(feature = "sqlite")]
        Box::new(sqlite::from_config),
        #[cfg(feature = "sqs")]
        Box::new(|_| Ok(Some(Arc::new(sqs::SqsBackend::default())))),
    ]
}
