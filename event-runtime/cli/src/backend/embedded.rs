//! The queues of this process: they begin empty and end with the command.

use std::sync::Arc;

use event_runtime::Clock;
use event_runtime::config::{BundleError, Config, ConfigError, Transport};
use event_runtime::embedded::EmbeddedTransport;
use event_runtime::transport::BoxFuture;

use super::{Backend, QueueStats, unanswered};

/// The section that declares the queues.
const SECTION: &str = "embedded";

pub(super) fn from_config(config: &Config) -> Result<Option<Arc<dyn Backend>>, ConfigError> {
    let Some(section) = config.section(SECTION) else { return Ok(None) };
    Ok(Some(Arc::new(EmbeddedTransport::from_config(&section, Clock::system())?)))
}

impl Backend for EmbeddedTransport {
    fn transport(&self) -> &dyn Transport {
        self
    }

    fn stats<'a>(
        &'a self,
        _client: &'a Config,
        queue: &'a str,
    ) -> BoxFuture<'a, Result<QueueStats, BundleError>> {
        Box::pin(async move {
            let counts = self.broker().queue(queue).and_then(|queue| queue.counts());
            counts.map(QueueStats::from).map_err(|error| unanswered(queue, error))
        })
    }
}
