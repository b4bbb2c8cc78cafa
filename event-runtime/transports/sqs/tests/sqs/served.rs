//! An endpoint over queues in memory or in a file, so that a test can hold for both.

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use event_runtime::embedded::Broker;
use event_runtime::{Clock, ManualClock};
use event_transport_sqlite::{SqliteBroker, Synchronous};
use event_transport_sqs::local::{Backend, DATA_FILE, LocalEndpoint};
use serde_json::{Value, json};

use super::raw::{Answer, Listens, call};

/// Where the queues are.
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    InMemory,
    InAFile,
}

/// An endpoint on any port.
pub struct Served {
    endpoint: LocalEndpoint<Backend>,
    /// Removed after the endpoint is gone.
    _folder: Option<Folder>,
}

impl Served {
    /// On the system's clock.
    pub async fn new(kept: Kept) -> Self {
        Self::on(kept, Clock::system()).await
    }

    /// On a clock that stands still.
    pub async fn at_rest(kept: Kept) -> (Self, ManualClock) {
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        (Self::on(kept, clock.clock()).await, clock)
    }

    async fn on(kept: Kept, clock: Clock) -> Self {
        let (queues, folder): (Backend, _) = match kept {
            Kept::InMemory => (Broker::builder().clock(clock).build().into(), None),
            Kept::InAFile => {
                let folder = Folder::new();
                (open(folder.path(), clock).into(), Some(folder))
            }
        };
        Self { endpoint: start(queues).await, _folder: folder }
    }

    /// Creates a queue and returns its URL.
    pub async fn create(&self, name: &str, attributes: Value) -> String {
        create(&self.endpoint, name, attributes).await
    }
}

impl Deref for Served {
    type Target = LocalEndpoint<Backend>;

    fn deref(&self) -> &Self::Target {
        &self.endpoint
    }
}

impl Listens for Served {
    fn address(&self) -> SocketAddr {
        self.endpoint.address()
    }
}

/// The queues of a folder; what a test writes need not survive a power cut.
pub fn open(folder: &Path, clock: Clock) -> SqliteBroker {
    let builder = SqliteBroker::builder(folder.join(DATA_FILE)).synchronous(Synchronous::Off);
    builder.clock(clock).open().unwrap()
}

pub async fn start<B: Clone + Into<Backend>>(queues: B) -> LocalEndpoint<B> {
    LocalEndpoint::start_with(queues, ([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// Creates a queue and returns its URL.
pub async fn create(endpoint: &impl Listens, name: &str, attributes: Value) -> String {
    let created =
        asked(endpoint, "CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
    created["QueueUrl"].as_str().unwrap().to_owned()
}

/// The body of an answer that is no error.
pub async fn asked(endpoint: &impl Listens, action: &str, body: Value) -> Value {
    let answer: Answer = call(endpoint, action, body).await;
    assert_eq!(answer.status, 200, "{action}: {answer:?}");
    answer.body
}

/// One attribute of a queue, as a text.
pub async fn attribute(endpoint: &impl Listens, url: &str, name: &str) -> String {
    let request = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
    let answer = asked(endpoint, "GetQueueAttributes", request).await;
    answer["Attributes"][name].as_str().unwrap_or_default().to_owned()
}

/// How many messages a queue shows.
pub async fn visible(endpoint: &impl Listens, url: &str) -> usize {
    attribute(endpoint, url, "ApproximateNumberOfMessages").await.parse().unwrap()
}

/// How many messages of a queue are in flight.
pub async fn in_flight(endpoint: &impl Listens, url: &str) -> usize {
    attribute(endpoint, url, "ApproximateNumberOfMessagesNotVisible").await.parse().unwrap()
}

/// A folder of a test's own, removed when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("event-sqs-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Makes two tests of each function: over queues in memory, and over queues in a file.
macro_rules! over_both {
    ($($test:ident)*) => {
        mod in_memory {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::sqs::served::Kept::InMemory).await;
                }
            )*
        }

        mod in_a_file {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test(crate::sqs::served::Kept::InAFile).await;
                }
            )*
        }
    };
}

pub(crate) use over_both;
