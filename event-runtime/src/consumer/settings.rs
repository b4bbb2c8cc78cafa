//! How a consumer behaves; every value has a default, and start-up checks them together.

use std::time::Duration;

use crate::consumer::Backoff;

/// How a consumer behaves.
///
/// ```
/// use event_runtime::consumer::{ConsumerSettings, Order};
///
/// let settings = ConsumerSettings { concurrency: 64, order: Order::PerKey, ..ConsumerSettings::default() };
/// assert_eq!(settings.max_attempts, 6);
/// ```
#[derive(Clone, Debug)]
pub struct ConsumerSettings {
    /// How many handlers run at once; at least 1.
    pub concurrency: usize,
    /// How many messages are held at once: waiting, running, backing off, being settled; at least `concurrency`.
    pub max_messages: usize,
    /// Nothing more is received while this many bytes of bodies and attributes are held; what receives in flight
    /// bring by then comes on top.
    pub max_bytes: usize,
    /// How many receives are in flight at once; at least 1.
    pub receivers: usize,
    /// How many messages one receive asks for; held to what the source can give. At least 1.
    pub batch: usize,
    /// How long one receive waits for messages.
    pub wait: Duration,
    /// The longest time that one message is kept leased, from its receipt on; held to the source's own limit.
    pub max_lease: Duration,
    /// How often a message is tried at most, the first time included; at least 1.
    pub max_attempts: u32,
    /// The delay between attempts.
    pub backoff: Backoff,
    /// Which messages wait for one another.
    pub order: Order,
    /// What becomes of a message whose attempts are used up, and of one that can't be handled at all.
    pub on_exhausted: OnExhausted,
    /// How long a settlement waits for company before it is sent.
    pub settle_linger: Duration,
    /// How long a shutdown takes at most.
    pub drain_deadline: Duration,
    /// Honour the `delayed-until` attribute.
    pub process_delayed: bool,
    /// Do not ask the scope validator.
    pub without_scope: bool,
}

impl Default for ConsumerSettings {
    fn default() -> Self {
        Self {
            concurrency: 16,
            max_messages: 64,
            max_bytes: 64 << 20,
            receivers: 1,
            batch: 10,
            wait: Duration::from_secs(20),
            max_lease: Duration::from_secs(3600),
            max_attempts: 6,
            backoff: Backoff::default(),
            order: Order::default(),
            on_exhausted: OnExhausted::default(),
            settle_linger: Duration::from_millis(5),
            drain_deadline: Duration::from_secs(30),
            process_delayed: true,
            without_scope: false,
        }
    }
}

/// Which messages wait for one another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// What the broker orders is handled in its order (FIFO groups, partitions); nothing else waits.
    #[default]
    Transport,
    /// Also messages of one ordering key on a broker without order wait for one another, in this process.
    PerKey,
}

/// What becomes of a message that will not be tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnExhausted {
    /// It is stored in the dead-letter destination; without one, start-up fails.
    #[default]
    DeadLetter,
    /// It is logged, counted and removed.
    Discard,
}

impl ConsumerSettings {
    /// Values that can't work, one line each.
    pub(crate) fn problems(&self) -> Vec<String> {
        let at_least_one = [
            ("concurrency", self.concurrency),
            ("max_messages", self.max_messages),
            ("max_bytes", self.max_bytes),
            ("receivers", self.receivers),
            ("batch", self.batch),
            ("max_attempts", self.max_attempts as usize),
        ];
        let mut problems: Vec<String> = at_least_one
            .into_iter()
            .filter(|(_, value)| *value == 0)
            .map(|(name, _)| format!("`{name}` is 0: give it 1 or more"))
            .collect();
        if self.max_messages < self.concurrency {
            problems.push(format!(
                "`max_messages` is {} and `concurrency` {}: a handler without a message has nothing to do, hold at \
                 least as many",
                self.max_messages, self.concurrency
            ));
        }
        problems
    }
}
