//! The actions of the protocol, by name.

use std::fmt;
use std::str::FromStr;

macro_rules! actions {
    ($($name:ident)*) => {
        /// An action of Amazon SQS that the local endpoint knows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Action {
            $(#[doc = concat!("`", stringify!($name), "`.")] $name,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name as it stands in requests.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }
        }
    };
}

actions! {
    CreateQueue DeleteQueue GetQueueUrl ListQueues GetQueueAttributes SetQueueAttributes PurgeQueue
    SendMessage SendMessageBatch ReceiveMessage
    DeleteMessage DeleteMessageBatch ChangeMessageVisibility ChangeMessageVisibilityBatch
    ListDeadLetterSourceQueues StartMessageMoveTask CancelMessageMoveTask ListMessageMoveTasks
    TagQueue UntagQueue ListQueueTags
}

impl Action {
    /// Whether a request holds several entries, each with a result of its own.
    pub(crate) fn is_batch(self) -> bool {
        matches!(self, Self::SendMessageBatch | Self::DeleteMessageBatch | Self::ChangeMessageVisibilityBatch)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    /// # Errors
    /// [`UnknownAction`] for a name that the endpoint does not know.
    fn from_str(name: &str) -> Result<Self, UnknownAction> {
        Self::ALL.iter().copied().find(|action| action.as_str() == name).ok_or(UnknownAction)
    }
}

/// A name that is no action of the local endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an action of the local endpoint")]
pub struct UnknownAction;
