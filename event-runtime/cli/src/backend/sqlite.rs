//! The queues of a SQLite file, shared with the processes that use them.

use std::sync::Arc;

use event_runtime::Clock;
use event_runtime::config::{BundleError, Config, ConfigError, Transport};
use event_runtime::transport::BoxFuture;
use event_transport_sqlite::SqliteTransport;

use super::{Backend, QueueStats, unanswered};

/// The section that names the file and its queues.
const SECTION: &str = "sqlite";

pub(super) fn from_config(config: &Config) -> Result<Option<Arc<dyn Backend>>, ConfigError> {
    let Some(section) = config.section(SECTION) else { return Ok(None) };
    Ok(Some(Arc::new(SqliteTransport::from_config(&section, Clock::system())?)))
}

impl Backend for SqliteTransport {
    fn transport(&self) -> &dyn Transport {
        self
    }

    fn stats<'a>(
        &'a self,
        _client: &'a Config,
        queue: &'a str,
    ) -> BoxFuture<'a, Result<QueueStats, BundleError>> {
        Box::pin(async move {
            let counts = match self.broker().queue(queue).await {
                Ok(queue) => queue.counts().await,
                Err(error) => Err(error),
            };
            counts.map(QueueStats::from).map_err(|error| unanswered(queue, error))
        })
    }
}
