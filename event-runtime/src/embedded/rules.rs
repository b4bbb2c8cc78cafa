//! The rules of these semantics for a queue elsewhere: what it takes, what it refuses and in which words.
//!
//! For the transports of this workspace that keep the same promises in another store; not for applications, and
//! without a promise of its own about what stays as it is.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use super::attributes::{QueueAttributes, QueueSettings};
use super::batch::{self, BatchEntry};
use super::check;
use super::config::EmbeddedQueueConfig;
use super::config_error::EmbeddedConfigProblem;
use super::error::{QueueError, QueueErrorKind};
use super::ids::{self, MessageId, Receipt, SequenceNumber};
use super::limits;
use super::message::{Content, MessageAttribute, OutgoingMessage, ReceivedMessage};
use super::receive::ReceiveRequest;
use super::redrive::{self, RedriveAllowPolicy, RedrivePolicy};
use super::room::Capacity;
use super::send;

pub use super::deliveries::{
    delivery, hidden_for, not_received, receipt_of, receive_request, refused, removed, source_error_kind,
    source_info,
};
pub use super::sending::{Batch, Sending, Target, letter, letter_limits, not_sent, produce_error_kind};
pub use super::transport::{no_such_queue, sending};

/// A group is noisy with this many messages in flight, and …
pub const NOISY_IN_FLIGHT: u32 = super::groups::NOISY_IN_FLIGHT;
/// … more than one in this many of all messages in flight.
pub const NOISY_SHARE: usize = super::groups::NOISY_SHARE;

/// A refusal in the service's words.
pub fn refusal(kind: QueueErrorKind, text: impl Into<std::borrow::Cow<'static, str>>) -> QueueError {
    QueueError::new(kind, text)
}

/// There is no such queue.
pub fn does_not_exist() -> QueueError {
    QueueError::does_not_exist()
}

/// The receipt is one of another queue.
pub fn invalid_handle(receipt: Receipt) -> QueueError {
    ids::invalid_handle(receipt)
}

/// The receipt's lease is over.
pub fn lease_lost(receipt: Receipt, reason: &str) -> QueueError {
    QueueError::lease_lost(receipt, reason)
}

/// A parameter names something that is not there.
pub fn resource_not_found(parameter: &str) -> QueueError {
    super::moves::not_found(parameter)
}

/// A queue's name.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn queue_name(name: &str, fifo: bool) -> Result<(), QueueError> {
    check::queue_name(name, fifo)
}

/// A visibility timeout.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn visibility_timeout(timeout: Duration) -> Result<(), QueueError> {
    check::visibility_timeout(timeout)
}

/// The total time that a message is hidden: `held` since its receive, and `timeout` from now.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn total_visibility(held: Duration, timeout: Duration) -> Result<(), QueueError> {
    if held + timeout <= limits::MAX_VISIBILITY_TIMEOUT {
        return Ok(());
    }
    Err(QueueError::invalid_parameter(
        timeout.as_secs_f64(),
        "VisibilityTimeout",
        "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]",
    ))
}

/// A message's size against its queue's own limit.
///
/// # Errors
/// `MessageTooLong`.
pub fn message_size(size: usize, most: usize) -> Result<(), QueueError> {
    check::message_size(size, most)
}

/// The ids of a batch.
///
/// # Errors
/// `EmptyBatchRequest`, `TooManyEntriesInBatchRequest`, `InvalidBatchEntryId` or `BatchEntryIdsNotDistinct`.
pub fn batch_ids<T>(entries: &[BatchEntry<T>]) -> Result<(), QueueError> {
    batch::check_ids(entries)
}

/// The bytes of a batch.
///
/// # Errors
/// `BatchRequestTooLong`.
pub fn batch_size(entries: &[BatchEntry<OutgoingMessage>]) -> Result<(), QueueError> {
    batch::check_size(entries)
}

/// A refusal as the service words it inside a batch.
pub fn in_batch(error: QueueError) -> QueueError {
    batch::in_batch(error)
}

/// A message on its way into a queue, checked.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The body.
    pub body: Bytes,
    /// The attributes.
    pub attributes: Vec<MessageAttribute>,
    /// How long it is kept back; `None` = as the queue says.
    pub delay: Option<Duration>,
    /// The group.
    pub group: Option<ByteString>,
    /// The deduplication id, where one was given.
    pub deduplication_id: Option<ByteString>,
    /// The `AWSTraceHeader` system attribute.
    pub trace_header: Option<ByteString>,
    /// Bytes that count.
    pub size: usize,
}

/// Checks everything about a message that its queue's attributes do not decide.
///
/// # Errors
/// `MissingParameter`, `InvalidParameterValue` or `InvalidMessageContents`.
pub fn prepare(message: OutgoingMessage, fifo: bool) -> Result<Prepared, QueueError> {
    check::message(&message, fifo)?;
    let size = message.size();
    let OutgoingMessage { body, attributes, delay, group, deduplication_id, trace_header } = message;
    Ok(Prepared { body, attributes, delay, group, deduplication_id, trace_header, size })
}

/// The deduplication id of a message that has none: its body's hash.
///
/// # Errors
/// `InvalidParameterValue` where the queue does not hash bodies.
pub fn content_deduplication(body: &[u8], hashes_bodies: bool) -> Result<ByteString, QueueError> {
    send::content_deduplication(body, hashes_bodies)
}

/// A receive request, checked; durations are those that it names.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The most messages.
    pub max: usize,
    /// How long to wait; `None` = as the queue says.
    pub wait: Option<Duration>,
    /// How long to hide; `None` = as the queue says.
    pub visibility_timeout: Option<Duration>,
    /// The receive request attempt id.
    pub attempt_id: Option<ByteString>,
}

/// Checks a receive request.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn wanted(request: &ReceiveRequest) -> Result<Wanted, QueueError> {
    let (wait, visibility_timeout, attempt_id) = request.parts();
    Ok(Wanted { max: request.wanted()?.max, wait, visibility_timeout, attempt_id })
}

/// The refusal of a receive on a standard queue with too many messages in flight.
pub fn over_limit() -> QueueError {
    super::receive::over_limit_error()
}

/// What a store knows of a message that it hands out. Times are microseconds since the Unix epoch.
#[derive(Debug)]
pub struct Handout {
    /// The id.
    pub id: MessageId,
    /// The body.
    pub body: Bytes,
    /// The attributes.
    pub attributes: Vec<MessageAttribute>,
    /// The group.
    pub group: Option<ByteString>,
    /// The deduplication id.
    pub deduplication_id: Option<ByteString>,
    /// The `AWSTraceHeader` system attribute.
    pub trace_header: Option<ByteString>,
    /// Bytes that count.
    pub size: usize,
    /// The handle on this receive.
    pub receipt: Receipt,
    /// Receives less hand-backs.
    pub receive_count: u32,
    /// When the queue took it.
    pub sent_at: i64,
    /// When it was first received.
    pub first_received_at: i64,
    /// The place in a FIFO queue's order.
    pub sequence_number: Option<SequenceNumber>,
    /// The ARN of the queue that it was moved away from.
    pub dead_letter_source: Option<Arc<str>>,
}

impl From<Handout> for ReceivedMessage {
    fn from(handout: Handout) -> Self {
        let Handout { id, body, attributes, group, deduplication_id, trace_header, size, .. } = handout;
        let content = Content { id, body, attributes, group, deduplication_id, trace_header, size };
        Self {
            content: Arc::new(content),
            receipt: handout.receipt,
            receive_count: handout.receive_count,
            sent_at: handout.sent_at,
            first_received_at: handout.first_received_at,
            sequence_number: handout.sequence_number,
            dead_letter_source: handout.dead_letter_source,
        }
    }
}

/// The `counter`-th id of a broker with this random seed.
pub fn message_id(seed: u64, counter: u64) -> MessageId {
    MessageId::nth(seed, counter)
}

/// The id that [`MessageId::as_u128`] took apart.
pub fn message_id_from(number: u128) -> MessageId {
    MessageId::from_number(number)
}

/// The place in an order that is this number.
pub fn sequence_number(number: u64) -> SequenceNumber {
    SequenceNumber(number)
}

/// The number of a place in an order.
pub fn sequence(number: SequenceNumber) -> u64 {
    number.0
}

/// Whether the settings are those of a FIFO queue.
pub fn is_fifo(settings: &QueueSettings) -> bool {
    settings.fifo == Some(true)
}

/// The attributes of a new queue.
///
/// # Errors
/// `InvalidAttributeName`, `InvalidAttributeValue` or `InvalidParameterValue`.
pub fn new_attributes(settings: QueueSettings) -> Result<QueueAttributes, QueueError> {
    settings.create()
}

/// Changes attributes, all or none.
///
/// # Errors
/// Those of [`new_attributes`].
pub fn change_attributes(
    settings: QueueSettings,
    attributes: &mut QueueAttributes,
) -> Result<(), QueueError> {
    settings.apply(attributes)
}

/// Refuses to create a queue again with another value of an attribute.
///
/// # Errors
/// `QueueNameExists`.
pub fn same_attributes(settings: &QueueSettings, attributes: &QueueAttributes) -> Result<(), QueueError> {
    super::broker::same_attributes(settings, attributes)
}

/// The queue of this name was deleted less than 60 seconds ago.
pub fn deleted_recently() -> QueueError {
    super::broker::deleted_recently()
}

/// The capacity that the settings name.
pub fn capacity(settings: &QueueSettings) -> Option<Capacity> {
    settings.capacity
}

/// A capacity's messages, bytes, messages in flight, and deduplication ids.
pub fn capacity_parts(capacity: Capacity) -> [usize; 4] {
    [capacity.messages, capacity.bytes, capacity.in_flight, capacity.deduplication_ids]
}

/// Attributes as the service's names and texts.
pub fn attribute_pairs(attributes: &QueueAttributes, arn_prefix: &str) -> Vec<(String, String)> {
    attributes.to_pairs(arn_prefix)
}

/// The queue's name in an ARN.
pub fn queue_of_arn(arn: &str) -> Option<&str> {
    redrive::queue_of_arn(arn)
}

/// Whether the redrive policy in `settings`, if any, is possible for the queue of this name. `find` tells of a queue
/// whether it is FIFO and which sources it allows.
///
/// # Errors
/// `InvalidParameterValue`, or what `find` fails with.
pub fn check_redrive<E: From<QueueError>>(
    name: &str,
    fifo: bool,
    settings: &QueueSettings,
    arn_prefix: &str,
    find: impl FnOnce(&str) -> Result<Option<(bool, RedriveAllowPolicy)>, E>,
) -> Result<(), E> {
    let Some(Some(policy)) = &settings.redrive else { return Ok(()) };
    policy.check()?;
    let target = find(&policy.dead_letter_queue)?;
    Ok(super::broker::check_target(name, fifo, policy, arn_prefix, target)?)
}

/// Whether a redrive policy names this queue.
pub fn names_as_target(policy: &Option<RedrivePolicy>, name: &str) -> bool {
    policy.as_ref().is_some_and(|policy| policy.dead_letter_queue == name)
}

/// What a move task must satisfy. `sources` = how many queues name the source as their dead-letter queue; `target` =
/// the destination's name and kind, where one is named.
///
/// # Errors
/// `InvalidParameterValue`, `ResourceNotFound`.
pub fn check_move(
    source: (&str, bool),
    sources: usize,
    target: Option<(&str, Option<bool>)>,
    rate: Option<u32>,
) -> Result<(), QueueError> {
    super::moves::check_move(source, sources, target, rate)
}

/// Values of a queue's configuration that it can't have.
pub fn queue_problems(queue: &EmbeddedQueueConfig, place: &str) -> Vec<EmbeddedConfigProblem> {
    queue.problems(place)
}

/// A configured queue's settings, all but its redrive policy.
pub fn queue_settings(queue: &EmbeddedQueueConfig) -> QueueSettings {
    queue.settings()
}

/// A name that resembles `name`, as the end of a message.
pub fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    crate::nearest::suggestion(name, known)
}

/// How many messages a queue holds.
pub fn counts(visible: usize, in_flight: usize, delayed: usize, bytes: usize) -> super::QueueCounts {
    super::QueueCounts { visible, in_flight, delayed, bytes }
}

/// A move task that begins now.
pub fn move_task(
    handle: String,
    source: String,
    destination: Option<String>,
    rate: Option<u32>,
    started_at: jiff::Timestamp,
) -> super::MoveTask {
    super::MoveTask {
        handle,
        source,
        destination,
        rate,
        status: super::MoveStatus::Running,
        failure_reason: None,
        moved: 0,
        to_move: 0,
        started_at,
    }
}

/// How many messages a task may have moved by `now`, microseconds since the Unix epoch: each second's share at its
/// beginning.
pub fn move_allowance(task: &super::MoveTask, now: i64) -> u64 {
    task.allowance(now)
}

/// When the next second's share of a task is due.
pub fn next_move(task: &super::MoveTask, now: i64) -> i64 {
    task.next_due(now)
}

/// There is a running task for this source.
pub fn move_is_running() -> QueueError {
    super::moves::is_running()
}

/// The task has ended.
pub fn move_has_ended() -> QueueError {
    super::moves::has_ended()
}

/// How many tasks a listing asks for.
///
/// # Errors
/// `InvalidParameterValue`.
pub fn listed_moves(max: usize) -> Result<(), QueueError> {
    super::moves::check_listed(max)
}

/// Only one purge in 60 seconds.
pub fn purge_in_progress(queue: &str) -> QueueError {
    super::state::purge_in_progress(queue)
}

/// The queue holds as much as it can.
pub fn queue_full(queue: &str) -> QueueError {
    send::queue_full(queue)
}

/// `start` plus `duration`, held at the end of time.
pub fn after(start: jiff::Timestamp, duration: Duration) -> jiff::Timestamp {
    crate::clock::after(start, duration)
}
