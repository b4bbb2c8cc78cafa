//! A queue's attributes: what they are, how they are set, and which values they can have.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::{QueueError, QueueErrorKind};
use super::limits;
use super::redrive::{RedriveAllowPolicy, RedrivePolicy};
use super::room::Capacity;

/// The attributes of an existing queue.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueAttributes {
    /// Whether the queue keeps the order of each group and recognises duplicates.
    pub fifo: bool,
    /// How long a receive hides a message.
    pub visibility_timeout: Duration,
    /// How long a new message is kept back.
    pub delay: Duration,
    /// The most bytes of a message with its attributes.
    pub maximum_message_size: usize,
    /// How long a message is kept.
    pub retention: Duration,
    /// How long a receive waits that does not say it.
    pub receive_wait: Duration,
    /// When a message moves to a dead-letter queue, and to which.
    pub redrive: Option<RedrivePolicy>,
    /// Which queues may use this one as their dead-letter queue.
    pub redrive_allow: RedriveAllowPolicy,
    /// Whether the SHA-256 of the body stands in for an absent deduplication id. FIFO only.
    pub content_based_deduplication: bool,
    /// Where a deduplication id is unique. FIFO only.
    pub deduplication_scope: DeduplicationScope,
    /// What the service's throughput quota is counted by. FIFO only; kept, without effect.
    pub throughput_limit: ThroughputLimit,
    /// Attributes that are kept and returned, and have no effect here: access policy and encryption.
    pub inert: BTreeMap<String, String>,
}

/// Where a deduplication id is unique.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeduplicationScope {
    /// In the whole queue.
    #[default]
    Queue,
    /// In each group.
    MessageGroup,
}

/// What the service counts its FIFO throughput quota by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThroughputLimit {
    /// The whole queue.
    #[default]
    PerQueue,
    /// Each group; needs [`DeduplicationScope::MessageGroup`].
    PerMessageGroupId,
}

/// Attributes to create a queue with, or to change on one; what is not set keeps its value or its default.
///
/// ```
/// use std::time::Duration;
/// use event_runtime::embedded::{Broker, QueueSettings, RedrivePolicy};
///
/// let broker = Broker::new();
/// broker.create_queue("orders-dead", QueueSettings::new())?;
/// broker.create_queue(
///     "orders",
///     QueueSettings::new()
///         .visibility_timeout(Duration::from_secs(60))
///         .redrive(RedrivePolicy::new("orders-dead", 5)),
/// )?;
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueSettings {
    pub(super) fifo: Option<bool>,
    pub(super) visibility_timeout: Option<Duration>,
    pub(super) delay: Option<Duration>,
    pub(super) maximum_message_size: Option<usize>,
    pub(super) retention: Option<Duration>,
    pub(super) receive_wait: Option<Duration>,
    pub(super) redrive: Option<Option<RedrivePolicy>>,
    pub(super) redrive_allow: Option<RedriveAllowPolicy>,
    pub(super) content_based_deduplication: Option<bool>,
    pub(super) deduplication_scope: Option<DeduplicationScope>,
    pub(super) throughput_limit: Option<ThroughputLimit>,
    pub(super) inert: BTreeMap<String, String>,
    pub(super) capacity: Option<Capacity>,
}

impl QueueSettings {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Settings of a FIFO queue; its name must end in `.fifo`.
    pub fn fifo() -> Self {
        Self { fifo: Some(true), ..Self::default() }
    }

    /// How long a receive hides a message, 0 to 43,200 s.
    #[must_use]
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.visibility_timeout = Some(timeout);
        self
    }

    /// How long a new message is kept back, 0 to 900 s.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// The most bytes of a message with its attributes, 1,024 to 1,048,576.
    #[must_use]
    pub fn maximum_message_size(mut self, bytes: usize) -> Self {
        self.maximum_message_size = Some(bytes);
        self
    }

    /// How long a message is kept, 60 to 1,209,600 s.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = Some(retention);
        self
    }

    /// How long a receive waits that does not say it, 0 to 20 s.
    #[must_use]
    pub fn receive_wait(mut self, wait: Duration) -> Self {
        self.receive_wait = Some(wait);
        self
    }

    /// When a message moves to a dead-letter queue, and to which.
    #[must_use]
    pub fn redrive(mut self, policy: RedrivePolicy) -> Self {
        self.redrive = Some(Some(policy));
        self
    }

    /// Takes the redrive policy away.
    #[must_use]
    pub fn without_redrive(mut self) -> Self {
        self.redrive = Some(None);
        self
    }

    /// Which queues may use this one as their dead-letter queue.
    #[must_use]
    pub fn redrive_allow(mut self, policy: RedriveAllowPolicy) -> Self {
        self.redrive_allow = Some(policy);
        self
    }

    /// Whether the SHA-256 of the body stands in for an absent deduplication id. FIFO only.
    #[must_use]
    pub fn content_based_deduplication(mut self, on: bool) -> Self {
        self.content_based_deduplication = Some(on);
        self
    }

    /// Where a deduplication id is unique. FIFO only.
    #[must_use]
    pub fn deduplication_scope(mut self, scope: DeduplicationScope) -> Self {
        self.deduplication_scope = Some(scope);
        self
    }

    /// What the throughput quota is counted by; kept, without effect. FIFO only.
    #[must_use]
    pub fn throughput_limit(mut self, limit: ThroughputLimit) -> Self {
        self.throughput_limit = Some(limit);
        self
    }

    /// The most that the queue holds, instead of the broker's default; for a new queue only.
    #[must_use]
    pub fn capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = Some(capacity);
        self
    }

    /// The attributes of a new queue with these settings.
    pub(super) fn create(self) -> Result<QueueAttributes, QueueError> {
        let mut attributes = QueueAttributes {
            fifo: self.fifo.unwrap_or(false),
            visibility_timeout: limits::DEFAULT_VISIBILITY_TIMEOUT,
            delay: Duration::ZERO,
            maximum_message_size: limits::MAX_MESSAGE_BYTES,
            retention: limits::DEFAULT_RETENTION,
            receive_wait: Duration::ZERO,
            redrive: None,
            redrive_allow: RedriveAllowPolicy::default(),
            content_based_deduplication: false,
            deduplication_scope: DeduplicationScope::default(),
            throughput_limit: ThroughputLimit::default(),
            inert: BTreeMap::new(),
        };
        self.apply(&mut attributes)?;
        Ok(attributes)
    }

    /// Changes `attributes`, all or nothing.
    pub(super) fn apply(self, attributes: &mut QueueAttributes) -> Result<(), QueueError> {
        self.check(attributes.fifo)?;
        let mut changed = attributes.clone();
        set(&mut changed.visibility_timeout, self.visibility_timeout);
        set(&mut changed.delay, self.delay);
        set(&mut changed.maximum_message_size, self.maximum_message_size);
        set(&mut changed.retention, self.retention);
        set(&mut changed.receive_wait, self.receive_wait);
        set(&mut changed.redrive, self.redrive);
        set(&mut changed.redrive_allow, self.redrive_allow);
        set(&mut changed.content_based_deduplication, self.content_based_deduplication);
        set(&mut changed.deduplication_scope, self.deduplication_scope);
        set(&mut changed.throughput_limit, self.throughput_limit);
        changed.inert.extend(self.inert);
        if changed.throughput_limit == ThroughputLimit::PerMessageGroupId
            && changed.deduplication_scope != DeduplicationScope::MessageGroup
        {
            return Err(invalid_value_because(
                "FifoThroughputLimit",
                "perMessageGroupId needs DeduplicationScope messageGroup",
            ));
        }
        *attributes = changed;
        Ok(())
    }

    /// The first attribute that is set here and has another value there.
    pub(super) fn difference(&self, attributes: &QueueAttributes) -> Option<&'static str> {
        fn differs<T: PartialEq>(wanted: &Option<T>, present: &T) -> bool {
            wanted.as_ref().is_some_and(|wanted| wanted != present)
        }
        let checks = [
            ("FifoQueue", differs(&self.fifo, &attributes.fifo)),
            ("VisibilityTimeout", differs(&self.visibility_timeout, &attributes.visibility_timeout)),
            ("DelaySeconds", differs(&self.delay, &attributes.delay)),
            ("MaximumMessageSize", differs(&self.maximum_message_size, &attributes.maximum_message_size)),
            ("MessageRetentionPeriod", differs(&self.retention, &attributes.retention)),
            ("ReceiveMessageWaitTimeSeconds", differs(&self.receive_wait, &attributes.receive_wait)),
            ("RedrivePolicy", differs(&self.redrive, &attributes.redrive)),
            ("RedriveAllowPolicy", differs(&self.redrive_allow, &attributes.redrive_allow)),
            (
                "ContentBasedDeduplication",
                differs(&self.content_based_deduplication, &attributes.content_based_deduplication),
            ),
            ("DeduplicationScope", differs(&self.deduplication_scope, &attributes.deduplication_scope)),
            ("FifoThroughputLimit", differs(&self.throughput_limit, &attributes.throughput_limit)),
            ("Policy", self.inert.iter().any(|(name, value)| attributes.inert.get(name) != Some(value))),
        ];
        checks.into_iter().find(|(_, differs)| *differs).map(|(name, _)| name)
    }

    fn check(&self, fifo: bool) -> Result<(), QueueError> {
        within("VisibilityTimeout", self.visibility_timeout, Duration::ZERO, limits::MAX_VISIBILITY_TIMEOUT)?;
        within("DelaySeconds", self.delay, Duration::ZERO, limits::MAX_DELAY)?;
        within("MessageRetentionPeriod", self.retention, limits::MIN_RETENTION, limits::MAX_RETENTION)?;
        within("ReceiveMessageWaitTimeSeconds", self.receive_wait, Duration::ZERO, limits::MAX_WAIT)?;
        within(
            "MaximumMessageSize",
            self.maximum_message_size,
            limits::MIN_MAXIMUM_MESSAGE_SIZE,
            limits::MAX_MESSAGE_BYTES,
        )?;
        if let Some(Some(policy)) = &self.redrive {
            policy.check()?;
        }
        if let Some(policy) = &self.redrive_allow {
            policy.check()?;
        }
        if fifo {
            if self.fifo == Some(false) {
                return Err(invalid_value_because("FifoQueue", "Modifying queue type is not supported."));
            }
            return Ok(());
        }
        let fifo_only = |name| {
            let text = format!("You can specify the {name} only when FifoQueue is set to true.");
            QueueError::new(QueueErrorKind::InvalidAttributeName, text)
        };
        if self.fifo.is_some() {
            return Err(unknown_attribute("FifoQueue"));
        }
        if self.content_based_deduplication.is_some() {
            return Err(unknown_attribute("ContentBasedDeduplication"));
        }
        if self.deduplication_scope.is_some() {
            return Err(fifo_only("DeduplicationScope"));
        }
        if self.throughput_limit.is_some() {
            return Err(fifo_only("FifoThroughputLimit"));
        }
        Ok(())
    }
}

pub(super) fn unknown_attribute(name: &str) -> QueueError {
    QueueError::new(QueueErrorKind::InvalidAttributeName, format!("Unknown Attribute {name}."))
}

pub(super) fn invalid_value(name: &str) -> QueueError {
    let text = format!("Invalid value for the parameter {name}.");
    QueueError::new(QueueErrorKind::InvalidAttributeValue, text)
}

fn invalid_value_because(name: &str, reason: &str) -> QueueError {
    let text = format!("Invalid value for the parameter {name}. Reason: {reason}");
    QueueError::new(QueueErrorKind::InvalidAttributeValue, text)
}

fn set<T>(attribute: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *attribute = value;
    }
}

fn within<T: PartialOrd>(name: &str, value: Option<T>, least: T, most: T) -> Result<(), QueueError> {
    match value {
        Some(value) if value < least || value > most => Err(invalid_value(name)),
        _ => Ok(()),
    }
}
