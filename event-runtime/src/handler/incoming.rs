//! One attempt at one message.

use tokio_util::sync::CancellationToken;

use crate::envelope::Message;

/// One attempt at one message: what layers pass on and extractors read.
#[derive(Clone, Debug)]
pub struct Incoming {
    message: Message,
    attempt: u32,
    cancellation: CancellationToken,
}

impl Incoming {
    /// A first attempt that nobody cancels, for calls outside a consumer.
    pub fn new(message: Message) -> Self {
        Self { message, attempt: 1, cancellation: CancellationToken::new() }
    }

    /// The same message as attempt number `attempt`, from 1 on.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The same message with the token that tells its handler to give up.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: CancellationToken) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The message alone.
    pub fn into_message(self) -> Message {
        self.message
    }

    /// Which attempt this is, from 1 on; an upper bound where the broker counts what was no attempt.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Cancelled when the message's lease is lost or the consumer's drain deadline has passed: whatever the
    /// handler does from then on may be done by another consumer too.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.cancellation
    }
}
