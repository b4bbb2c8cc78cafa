//! A folder, a broker, and short ways to write a request.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use event_runtime::ManualClock;
use event_runtime::embedded::{OutgoingMessage, ReceiveRequest, ReceivedMessage};
use event_transport_sqlite::{SqliteBroker, SqliteBrokerBuilder, SqliteQueue, Synchronous};

pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("event-sqlite-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("queues.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn builder(file: &Path) -> SqliteBrokerBuilder {
    SqliteBroker::builder(file).synchronous(Synchronous::Off)
}

/// A broker on a clock that stands still.
pub(crate) fn broker(folder: &Folder) -> (SqliteBroker, ManualClock) {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    (builder(&folder.file()).clock(clock.clock()).open().unwrap(), clock)
}

pub(crate) fn message(body: impl Into<String>) -> OutgoingMessage {
    OutgoingMessage::new(body.into())
}

/// A message for a FIFO queue, with its body as the deduplication id.
pub(crate) fn ordered(group: &str, body: &str) -> OutgoingMessage {
    message(body).with_group(group).with_deduplication_id(body)
}

pub(crate) fn ten() -> ReceiveRequest {
    ReceiveRequest::new().max(10)
}

pub(crate) async fn take(queue: &SqliteQueue) -> Vec<ReceivedMessage> {
    queue.try_receive(&ten()).await.unwrap()
}

pub(crate) fn body(message: &ReceivedMessage) -> &str {
    std::str::from_utf8(message.body()).unwrap()
}

pub(crate) fn bodies(messages: &[ReceivedMessage]) -> Vec<&str> {
    messages.iter().map(body).collect()
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
