//! The broker: several named queues, and every request that concerns more than one of them.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::Clock;

use super::attributes::{QueueAttributes, QueueSettings};
use super::check;
use super::error::{QueueError, QueueErrorKind};
use super::ids::MessageId;
use super::limits;
use super::moves::Moves;
use super::queue::Queue;
use super::redrive::{RedriveAllowPolicy, RedrivePolicy, queue_of_arn};
use super::room::Capacity;
use super::shared::Shared;
use super::state::State;

/// Several queues in this process. Cloning is cheap; every clone is the same broker.
///
/// It spawns no task: time passes whenever somebody asks, and while somebody waits.
///
/// ```
/// use event_runtime::embedded::{Broker, QueueSettings};
///
/// let broker = Broker::new();
/// broker.create_queue("orders.fifo", QueueSettings::fifo().content_based_deduplication(true))?;
/// assert_eq!(broker.queue_names("ord"), ["orders.fifo"]);
/// # Ok::<(), event_runtime::embedded::QueueError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Broker {
    pub(super) hub: Arc<Hub>,
}

/// What the handles of a broker and of its queues share.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) clock: Clock,
    capacity: Capacity,
    arn_prefix: String,
    queues: RwLock<Queues>,
    seed: u64,
    next_message: AtomicU64,
    next_queue: AtomicU32,
    pub(super) moves: Mutex<Moves>,
    pub(super) has_moves: AtomicBool,
}

#[derive(Debug, Default)]
struct Queues {
    by_name: BTreeMap<String, Arc<Shared>>,
    /// When queues of these names were deleted.
    deleted: HashMap<String, i64>,
}

/// Sets a broker up.
#[derive(Clone, Debug)]
#[must_use]
pub struct BrokerBuilder {
    clock: Clock,
    capacity: Capacity,
    region: String,
    account: String,
}

impl BrokerBuilder {
    /// The clock that everything in the broker goes by; the system's unless set.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The most that each queue holds.
    pub fn capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// The region in ARNs; `us-east-1` unless set.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// The account in ARNs; `000000000000` unless set.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// The broker, without queues.
    pub fn build(self) -> Broker {
        let seed = RandomState::new().hash_one(self.clock.now().as_nanosecond());
        let hub = Hub {
            clock: self.clock,
            capacity: self.capacity,
            arn_prefix: format!("arn:aws:sqs:{}:{}:", self.region, self.account),
            queues: RwLock::default(),
            seed,
            next_message: AtomicU64::new(0),
            next_queue: AtomicU32::new((seed >> 32) as u32),
            moves: Mutex::default(),
            has_moves: AtomicBool::new(false),
        };
        Broker { hub: Arc::new(hub) }
    }
}

impl Default for Broker {
    fn default() -> Self {
        Self::new()
    }
}

impl Broker {
    /// A broker on the system's clock, with default capacities.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A broker with a clock or capacities of one's own.
    pub fn builder() -> BrokerBuilder {
        BrokerBuilder {
            clock: Clock::system(),
            capacity: Capacity::default(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
        }
    }

    /// The clock that everything in the broker goes by.
    pub fn clock(&self) -> &Clock {
        &self.hub.clock
    }

    /// Creates a queue, or returns the one that has this name and these attributes.
    ///
    /// # Errors
    /// `InvalidParameterValue` for a name that can't be, or a redrive policy whose dead-letter queue does not
    /// exist, is of the other kind, or does not allow this source; `InvalidAttributeName` and
    /// `InvalidAttributeValue`; `QueueNameExists` where an attribute differs; `QueueDeletedRecently`.
    pub fn create_queue(&self, name: &str, settings: QueueSettings) -> Result<Queue, QueueError> {
        let hub = &self.hub;
        check::queue_name(name, settings.fifo == Some(true))?;
        if let Some(existing) = hub.find(name) {
            return self.same_queue(existing, &settings);
        }
        hub.check_redrive(name, settings.fifo == Some(true), &settings)?;
        let capacity = settings.capacity.unwrap_or(hub.capacity);
        let attributes = settings.clone().create()?;
        let now = hub.now();
        let mut queues = hub.queues.write().unwrap_or_else(PoisonError::into_inner);
        let cool_down = limits::COOL_DOWN.as_micros() as i64;
        queues.deleted.retain(|_, deleted_at| now < *deleted_at + cool_down);
        if queues.deleted.contains_key(name) {
            return Err(deleted_recently());
        }
        if let Some(existing) = queues.by_name.get(name).cloned() {
            drop(queues);
            return self.same_queue(existing, &settings);
        }
        let id = hub.next_queue.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::new(Shared::new(name.to_owned(), State::new(id, attributes, capacity, now)));
        queues.by_name.insert(name.to_owned(), Arc::clone(&shared));
        Ok(self.handle(shared))
    }

    fn same_queue(&self, existing: Arc<Shared>, settings: &QueueSettings) -> Result<Queue, QueueError> {
        let queue = self.handle(existing);
        same_attributes(settings, &queue.attributes()?).map(|()| queue)
    }

    /// The queue of this name.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn queue(&self, name: &str) -> Result<Queue, QueueError> {
        self.hub.find(name).map(|shared| self.handle(shared)).ok_or_else(QueueError::does_not_exist)
    }

    /// The queue of this ARN.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn queue_by_arn(&self, arn: &str) -> Result<Queue, QueueError> {
        self.queue(queue_of_arn(arn).ok_or_else(QueueError::does_not_exist)?)
    }

    /// The names of all queues that begin with `prefix`, sorted.
    pub fn queue_names(&self, prefix: &str) -> Vec<String> {
        let queues = self.hub.queues.read().unwrap_or_else(PoisonError::into_inner);
        let names = queues.by_name.range(prefix.to_owned()..).map(|(name, _)| name);
        names.take_while(|name| name.starts_with(prefix)).cloned().collect()
    }

    /// Deletes a queue with all it holds; whoever waits on it gets `QueueDoesNotExist`.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn delete_queue(&self, name: &str) -> Result<(), QueueError> {
        let now = self.hub.now();
        let removed = {
            let mut queues = self.hub.queues.write().unwrap_or_else(PoisonError::into_inner);
            let removed = queues.by_name.remove(name).ok_or_else(QueueError::does_not_exist)?;
            queues.deleted.insert(name.to_owned(), now);
            removed
        };
        removed.delete();
        Ok(())
    }

    /// The names of the queues whose redrive policy names this one, sorted.
    ///
    /// # Errors
    /// `QueueDoesNotExist`.
    pub fn dead_letter_source_queues(&self, name: &str) -> Result<Vec<String>, QueueError> {
        self.queue(name)?;
        Ok(self.hub.dead_letter_sources(name))
    }

    fn handle(&self, shared: Arc<Shared>) -> Queue {
        Queue { shared, hub: Arc::clone(&self.hub) }
    }
}

impl Hub {
    /// Microseconds since the Unix epoch, by a clock that nobody sets: a lease must neither end nor go on because the
    /// wall clock jumps.
    pub(super) fn now(&self) -> i64 {
        self.clock.steady_micros()
    }

    pub(super) fn next_message_id(&self) -> MessageId {
        MessageId::nth(self.seed, self.next_message.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn arn_prefix(&self) -> &str {
        &self.arn_prefix
    }

    pub(super) fn arn(&self, queue: &str) -> String {
        format!("{}{queue}", self.arn_prefix)
    }

    pub(super) fn find(&self, name: &str) -> Option<Arc<Shared>> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        queues.by_name.get(name).map(Arc::clone)
    }

    pub(super) fn all(&self) -> Vec<Arc<Shared>> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        queues.by_name.values().map(Arc::clone).collect()
    }

    pub(super) fn dead_letter_sources(&self, name: &str) -> Vec<String> {
        let names = |shared: Arc<Shared>| {
            let policy = shared.with(|state| state.attributes.redrive.clone());
            policy.filter(|policy| policy.dead_letter_queue == name).map(|_| shared.name.clone())
        };
        self.all().into_iter().filter_map(names).collect()
    }

    /// Whether the redrive policy in `settings`, if any, is possible for the queue of this name.
    pub(super) fn check_redrive(
        &self,
        name: &str,
        fifo: bool,
        settings: &QueueSettings,
    ) -> Result<(), QueueError> {
        let Some(Some(policy)) = &settings.redrive else { return Ok(()) };
        policy.check()?;
        let target = self.find(&policy.dead_letter_queue);
        let target =
            target.map(|target| (target.fifo, target.with(|state| state.attributes.redrive_allow.clone())));
        check_target(name, fifo, policy, &self.arn_prefix, target)
    }
}

/// Whether a queue can have this policy; `target` = the kind of the queue that it names, and what that one allows.
pub(super) fn check_target(
    name: &str,
    fifo: bool,
    policy: &RedrivePolicy,
    arn_prefix: &str,
    target: Option<(bool, RedriveAllowPolicy)>,
) -> Result<(), QueueError> {
    let refuse = |reason| Err(refused_policy(policy, arn_prefix, reason));
    if policy.dead_letter_queue == name {
        return refuse("A queue can't be its own dead-letter queue.");
    }
    let Some((target_is_fifo, allow)) = target else {
        return refuse("Dead letter target does not exist.");
    };
    if target_is_fifo != fifo {
        return refuse("Dead-letter queue must be same type of queue as the source.");
    }
    if !allow.allows(name) {
        return refuse("Queue does not have permission to use this dead-letter queue.");
    }
    Ok(())
}

pub(super) fn same_attributes(
    settings: &QueueSettings,
    attributes: &QueueAttributes,
) -> Result<(), QueueError> {
    let Some(attribute) = settings.difference(attributes) else { return Ok(()) };
    let text =
        format!("A queue already exists with the same name and a different value for attribute {attribute}");
    Err(QueueError::new(QueueErrorKind::QueueNameExists, text))
}

pub(super) fn deleted_recently() -> QueueError {
    QueueError::new(
        QueueErrorKind::QueueDeletedRecently,
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
    )
}

fn refused_policy(policy: &RedrivePolicy, arn_prefix: &str, reason: &str) -> QueueError {
    QueueError::invalid_parameter(policy.to_json(arn_prefix), "RedrivePolicy", reason)
}
