//! How a producer behaves; every value has a default.

use std::time::Duration;

use event_runtime::transport::KeylessGroup;

/// How a producer behaves.
///
/// ```
/// use std::time::Duration;
/// use event_transport_sqs::ProducerSettings;
///
/// let settings = ProducerSettings { linger: Duration::from_millis(5), ..ProducerSettings::default() };
/// assert_eq!(settings.max_attempts, 5);
/// ```
#[derive(Clone, Debug)]
pub struct ProducerSettings {
    /// On a FIFO queue, the group of an event without an ordering key; `None` = such an event is refused.
    pub keyless_group: Option<KeylessGroup>,
    /// On a standard queue, the tenant as `MessageGroupId`: SQS then keeps the backlog of one tenant from
    /// delaying the others (fair queues). Order is not affected.
    pub tenant_groups: bool,
    /// On a FIFO queue, several events of one group in one call: up to ten times the rate of a single key. Batches
    /// then go one after the other, and where SQS takes only a part of a batch, an event may overtake an earlier
    /// one of its key.
    pub group_batches: bool,
    /// How long a send waits for others to share a call with; zero = not at all.
    pub linger: Duration,
    /// How often an event is sent at most while SQS fails or asks to slow down; at least 1.
    pub max_attempts: u32,
}

impl Default for ProducerSettings {
    fn default() -> Self {
        Self {
            keyless_group: None,
            tenant_groups: false,
            group_batches: false,
            linger: Duration::ZERO,
            max_attempts: 5,
        }
    }
}
