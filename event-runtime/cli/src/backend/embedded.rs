//! The queues of this process: they begin empty and end with the command.

use std::sync::Arc;

use event_runtime::Clock;
use event_runtime::config::{BundleError, Config, ConfigError, Transport};
use event_runtime::embedded::EmbeddedTransport;
use event_runtime::transport::BoxFuture;

use super::{Backend, QueueStats};

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
            let counts = counts
                .map_err(|error| BundleError::transport(format!("queue `{queue}` can't be asked"), error))?;
            let number = |count: usize| Some(count as u64);
            Ok(QueueStats {
                visible: number(counts.visible),
                in_flight: number(counts.in_flight),
                delayed: number(counts.delayed),
            })
        })
    }
}
