//! The `<transport>_consumer_configuration` section: the same keys for every transport.

use std::time::Duration;

use serde::Deserialize;

use crate::config::bounds::{between, optional_between};
use crate::consumer::{Backoff, ConsumerSettings, OnExhausted, Order};

/// A consumer as configuration; [`ConsumerConfig::settings`] is what the engine takes of it.
///
/// Every key but `queue_url` may be absent.
///
/// ```
/// use event_runtime::config::ConsumerConfig;
///
/// let config: ConsumerConfig = serde_json::from_str(r#"{ "queue_url": "orders", "requeue_max_retries": 2 }"#)?;
/// assert_eq!(config.settings().max_attempts, 3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerConfig {
    /// The queue: a URL, or the name of an embedded queue.
    pub queue_url: String,
    /// How many messages one receive asks for: 1 to 10, 10 unless set.
    #[serde(default = "ten", deserialize_with = "between::<_, _, 1, 10>")]
    pub max_number_of_messages: usize,
    /// How long one receive waits, in seconds: 0 to 20, 20 unless set.
    #[serde(default = "twenty", deserialize_with = "between::<_, _, 0, 20>")]
    pub wait_time_seconds: u64,
    /// How long a message is leased by one receive, in seconds: 1 to 43200; the queue's own setting unless set.
    #[serde(default, deserialize_with = "optional_between::<_, _, 1, 43_200>")]
    pub visibility_timeout_seconds: Option<u64>,
    /// The base of the delay between attempts, in seconds: 0 to 900, 5 unless set.
    #[serde(default = "five_seconds", deserialize_with = "between::<_, _, 0, 900>")]
    pub requeue_backoff_time_seconds: u64,
    /// The longest delay between attempts, in seconds: 0 to 43200, 900 unless set.
    #[serde(default = "fifteen_minutes", deserialize_with = "between::<_, _, 0, 43_200>")]
    pub requeue_max_backoff_time_seconds: u64,
    /// How often a message is tried again after its first attempt: 0 to 1000, 5 unless set.
    #[serde(default = "five_retries", deserialize_with = "between::<_, _, 0, 1_000>")]
    pub requeue_max_retries: u32,
    /// Do not ask the scope validator; false unless set.
    #[serde(default)]
    pub without_scope: bool,
    /// Honour the delay that an event was emitted with; true unless set.
    #[serde(default = "yes")]
    pub process_delayed_consumption_header: bool,
    /// What becomes of a message that will not be tried again: `dead_letter` unless set, or `discard`.
    #[serde(default)]
    pub on_exhausted: OnExhausted,
    /// Where dead letters go; the queue's own redrive policy says it unless set.
    #[serde(default)]
    pub dead_letter_queue_url: Option<String>,
    /// How many handlers run at once: 1 to 10000; the engine's default unless set.
    #[serde(default = "concurrency", deserialize_with = "between::<_, _, 1, 10_000>")]
    pub concurrency: usize,
    /// How many receives are in flight at once: 1 to 100; the engine's default unless set.
    #[serde(default = "receivers", deserialize_with = "between::<_, _, 1, 100>")]
    pub receivers: usize,
    /// How many messages are held at once: 1 to 1000000; the engine's default unless set.
    #[serde(default = "max_messages", deserialize_with = "between::<_, _, 1, 1_000_000>")]
    pub max_messages_in_flight: usize,
    /// How many bytes are held at once: 1 to 2⁴⁰; the engine's default unless set.
    #[serde(default = "max_bytes", deserialize_with = "between::<_, _, 1, 1_099_511_627_776>")]
    pub max_bytes_in_flight: usize,
    /// The longest time that one message is kept leased, in seconds: 1 to 43200; the engine's default unless set.
    #[serde(default = "max_lease", deserialize_with = "between::<_, _, 1, 43_200>")]
    pub max_lease_seconds: u64,
    /// Which messages wait for one another: `transport` unless set, or `per_key`.
    #[serde(default)]
    pub order: Order,
    /// How long a shutdown takes at most, in seconds: 1 to 3600; the engine's default unless set.
    #[serde(default = "drain", deserialize_with = "between::<_, _, 1, 3_600>")]
    pub drain_deadline_seconds: u64,
}

impl ConsumerConfig {
    /// The engine's settings: `max_attempts` is `requeue_max_retries` + 1.
    pub fn settings(&self) -> ConsumerSettings {
        ConsumerSettings {
            concurrency: self.concurrency,
            max_messages: self.max_messages_in_flight,
            max_bytes: self.max_bytes_in_flight,
            receivers: self.receivers,
            batch: self.max_number_of_messages,
            wait: Duration::from_secs(self.wait_time_seconds),
            max_lease: Duration::from_secs(self.max_lease_seconds),
            max_attempts: self.requeue_max_retries.saturating_add(1),
            backoff: Backoff {
                base: Duration::from_secs(self.requeue_backoff_time_seconds),
                max: Duration::from_secs(self.requeue_max_backoff_time_seconds),
            },
            order: self.order,
            on_exhausted: self.on_exhausted,
            drain_deadline: Duration::from_secs(self.drain_deadline_seconds),
            process_delayed: self.process_delayed_consumption_header,
            without_scope: self.without_scope,
            ..ConsumerSettings::default()
        }
    }
}

fn ten() -> usize {
    10
}

fn twenty() -> u64 {
    20
}

fn five_seconds() -> u64 {
    5
}

fn fifteen_minutes() -> u64 {
    900
}

fn five_retries() -> u32 {
    5
}

fn yes() -> bool {
    true
}

fn concurrency() -> usize {
    ConsumerSettings::default().concurrency
}

fn receivers() -> usize {
    ConsumerSettings::default().receivers
}

fn max_messages() -> usize {
    ConsumerSettings::default().max_messages
}

fn max_bytes() -> usize {
    ConsumerSettings::default().max_bytes
}

fn max_lease() -> u64 {
    ConsumerSettings::default().max_lease.as_secs()
}

fn drain() -> u64 {
    ConsumerSettings::default().drain_deadline.as_secs()
}
