//! The service's limits, as its documentation states them ("Amazon SQS quotas" and the API reference).

use std::time::Duration;

/// How long a receive hides a message where the queue says nothing else.
pub const DEFAULT_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest visibility timeout, and the longest that one receive can keep a message hidden.
pub const MAX_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(43_200);
/// The longest delay of a message or a queue.
pub const MAX_DELAY: Duration = Duration::from_secs(900);
/// The longest wait of a receive.
pub const MAX_WAIT: Duration = Duration::from_secs(20);
/// The most messages of one receive, and the most entries of one batch.
pub const MAX_BATCH: usize = 10;
/// The most bytes of a message with its attributes, and of a whole batch.
pub const MAX_MESSAGE_BYTES: usize = 1_048_576;
/// The least value of a queue's own maximum message size.
pub const MIN_MAXIMUM_MESSAGE_SIZE: usize = 1_024;
/// The most attributes of a message.
pub const MAX_ATTRIBUTES: usize = 10;
/// The longest attribute name, and the longest attribute type, in characters.
pub const MAX_ATTRIBUTE_NAME: usize = 256;
/// The longest group id or deduplication id, in characters.
pub const MAX_ID: usize = 128;
/// The longest id of a batch entry, in characters.
pub const MAX_BATCH_ENTRY_ID: usize = 80;
/// The longest name of a queue, `.fifo` included.
pub const MAX_QUEUE_NAME: usize = 80;
/// How long a deduplication id is remembered after it was first sent.
pub const DEDUPLICATION_INTERVAL: Duration = Duration::from_secs(300);
/// How long a receive request attempt id is remembered.
pub const ATTEMPT_INTERVAL: Duration = Duration::from_secs(300);
/// How long a message is kept where the queue says nothing else.
pub const DEFAULT_RETENTION: Duration = Duration::from_secs(345_600);
/// The shortest retention period.
pub const MIN_RETENTION: Duration = Duration::from_secs(60);
/// The longest retention period.
pub const MAX_RETENTION: Duration = Duration::from_secs(1_209_600);
/// The most messages in flight, standard and FIFO.
pub const MAX_IN_FLIGHT: usize = 120_000;
/// The highest `maxReceiveCount` of a redrive policy.
pub const MAX_RECEIVE_COUNT: u32 = 1_000;
/// The most source queues that a redrive allow policy may name.
pub const MAX_ALLOWED_SOURCES: usize = 10;
/// The least time between two purges of a queue, and between deleting a queue and creating it again.
pub const COOL_DOWN: Duration = Duration::from_secs(60);
/// The highest rate of a message move task, in messages a second.
pub const MAX_MOVE_RATE: u32 = 500;
/// How many finished and running move tasks are listed a queue.
pub const MAX_LISTED_MOVE_TASKS: usize = 10;
