//! The queues of a SQLite file, shared with the processes that use them.

use std::sync::Arc;

use event_runtime::Clock;
use event_runtime::config::{BundleError, Config, ConfigError, Transport};
use event_runtime::transport::BoxFuture;
use event_transport_sqlite::SqliteTransport;

use super::{Backend, QueueStats};

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
            let failed =
                |error| BundleError::transport(format!("queue `{queue}` can't be asked"), Box::new(error));
            let counts = self.broker().queue(queue).await.map_err(failed)?.counts().await.map_err(failed)?;
            let number = |count: usize| Some(count as u64);
            Ok(QueueStats {
                visible: number(counts.visible),
                in_flight: number(counts.in_flight),
                delayed: number(counts.delayed),
            })
        })
    }
}
