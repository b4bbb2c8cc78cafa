//! A message that aborts real processes.

use std::process::Command;
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerSettings};
use event_runtime::embedded::{Broker, EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, QueueSettings};
use event_runtime::layer::{Idempotent, PoisonGuard};
use event_runtime::{Codec, FailureCode, Message, MessageRouter, Metadata, Outcome, Producer};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::inbox::SqlInbox;
use crate::migrate;

/// Where the child finds its file; also what makes the test a child.
const FILE: &str = "EVENT_TEST_INBOX_FILE";

/// How many aborts are allowed.
const MAX_CRASHES: u32 = 2;

fn killer() -> Message {
    let mut metadata = Metadata::new("killer", 1);
    metadata.id = "killer-1".into();
    metadata.occurred_at = None;
    Codec::Native.encode_raw(metadata, "{}", None).unwrap()
}

async fn abort() {
    std::process::abort()
}

/// What the child runs: a consumer, over what a broker has handed out again.
async fn consume(pool: SqlitePool) -> Outcome {
    let router = MessageRouter::new()
        .on_type("killer", abort)
        .layer(
            PoisonGuard::new(SqlInbox::new(pool.clone()), "starts")
                .with_max_crashes(MAX_CRASHES)
                .with_claim(CLAIM),
        )
        .layer(Idempotent::new(SqlInbox::new(pool), "billing").without_poison_detection().with_claim(CLAIM));
    loop {
        match router.handle(killer()).await {
            // The claim of the process that died has not ended yet.
            Outcome::Defer { after, .. } => tokio::time::sleep(after).await,
            outcome => return outcome,
        }
    }
}

const CLAIM: Duration = Duration::from_millis(100);

/// The body of a child; in an ordinary run there is nothing to do.
#[tokio::test]
async fn child() {
    let Ok(file) = std::env::var(FILE) else { return };
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await.unwrap();
    let outcome = consume(pool).await;
    assert_eq!(outcome.failure().map(|failure| failure.code), Some(FailureCode::Poisoned));
}

#[tokio::test]
async fn a_message_that_aborts_the_process_is_quarantined() {
    let place = crate::tests::databases::sqlite().await;
    migrate(&place.pool).await.unwrap();
    let file = place.pool.connect_options().get_filename().to_owned();
    let mut died = 0;
    let survived = loop {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::inbox::poison::child", "--nocapture"])
            .env(FILE, &file)
            .output()
            .unwrap();
        if child.status.success() {
            break String::from_utf8_lossy(&child.stdout).into_owned();
        }
        died += 1;
        assert!(died <= MAX_CRASHES, "{}", String::from_utf8_lossy(&child.stderr));
        // Aborted, and not failed: a test that fails ends with a code.
        #[cfg(unix)]
        assert!(std::os::unix::process::ExitStatusExt::signal(&child.status).is_some());
    };
    assert_eq!(died, MAX_CRASHES);
    assert!(survived.contains("1 passed"), "{survived}");

    // A consumer in this process stores it as a dead letter, and handles what comes after it.
    let broker = Broker::new();
    let queue = broker.create_queue("orders", QueueSettings::new()).unwrap();
    let dead = broker.create_queue("dead", QueueSettings::new()).unwrap();
    let producer = EmbeddedProducer::new("orders", queue.clone());
    producer.produce(&killer()).await.unwrap();
    producer.produce(&super::message("harmless")).await.unwrap();
    let router = MessageRouter::new()
        .on_type("killer", abort)
        .on_type("harmless", async || {})
        .layer(PoisonGuard::new(SqlInbox::new(place.pool.clone()), "starts").with_max_crashes(MAX_CRASHES));
    let consumer = Consumer::new(EmbeddedSource::new(queue.clone()))
        .with_settings(ConsumerSettings { wait: Duration::ZERO, ..ConsumerSettings::default() })
        .with_dead_letters(EmbeddedDeadLetters::new(dead.clone()));
    let done = async {
        loop {
            let counts = queue.counts().unwrap();
            if counts.visible + counts.in_flight + counts.delayed == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let report = consumer.run(router, done).await.unwrap();
    assert_eq!((report.dead_lettered, report.acknowledged, dead.counts().unwrap().visible), (1, 1, 1));
    place.remove().await;
}
