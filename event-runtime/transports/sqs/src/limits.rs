//! Amazon SQS's own limits, each with the page of its documentation that states it.
//!
//! Pages are those of the *Amazon SQS Developer Guide* and the *Amazon SQS API Reference*.

use std::time::Duration;

/// The most bytes of one message, and of one batch of messages: bodies with attribute names, types and values.
/// Developer Guide, "Amazon SQS message quotas", *Message size*; API Reference, `SendMessageBatch`.
pub const MAX_BYTES: usize = 1_048_576;

/// The most entries of one batch request. Developer Guide, "Amazon SQS message quotas", *Message batch*.
pub const MAX_BATCH: usize = 10;

/// The most attributes of one message. Developer Guide, "Amazon SQS message quotas", *Message attributes*.
pub const MAX_ATTRIBUTES: usize = 10;

/// The most attributes that the producer sets, so that two places stay free: one for the record of a dead
/// letter, one for tools on the way.
pub const MAX_OWN_ATTRIBUTES: usize = 8;

/// The longest `DelaySeconds`. Developer Guide, "Amazon SQS message quotas", *Message timer*.
pub const MAX_DELAY: Duration = Duration::from_secs(900);

/// The longest `WaitTimeSeconds` of a receive. Developer Guide, "Amazon SQS queue quotas", *Long polling*.
pub const MAX_WAIT: Duration = Duration::from_secs(20);

/// The longest visibility timeout, and the longest that all extensions of one receive may add up to.
/// Developer Guide, "Amazon SQS visibility timeout", *Setting and adjusting the visibility timeout*.
pub const MAX_VISIBILITY: Duration = Duration::from_secs(43_200);

/// The longest `MessageGroupId` and `MessageDeduplicationId`, in characters. API Reference, `SendMessage`.
pub const MAX_IDENTIFIER: usize = 128;

/// How long a `MessageDeduplicationId` and a `ReceiveRequestAttemptId` are remembered. API Reference,
/// `SendMessage` and `ReceiveMessage`.
pub const DEDUPLICATION_INTERVAL: Duration = Duration::from_secs(300);

/// The bytes of the data type that each text attribute adds to its name and value: `String`.
pub(crate) const ATTRIBUTE_TYPE_BYTES: usize = "String".len();
