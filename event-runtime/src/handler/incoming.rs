//! One attempt at one message.

use crate::envelope::Message;
use crate::handler::Cancellation;
use crate::handler::extensions::Extensions;

/// One attempt at one message: what layers pass on and extractors read.
///
/// Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Incoming {
    message: Message,
    attempt: u32,
    cancellation: Cancellation,
    extensions: Extensions,
}

impl Incoming {
    /// A first attempt that nobody cancels, for calls outside a consumer.
    pub fn new(message: Message) -> Self {
        Self { message, attempt: 1, cancellation: Cancellation::never(), extensions: Extensions::default() }
    }

    /// The same message as attempt number `attempt`, from 1 on.
    #[must_use]
    pub fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The same message with what tells its handler to give up, a `CancellationToken` for instance.
    #[must_use]
    pub fn with_cancellation(mut self, cancellation: impl Into<Cancellation>) -> Self {
        self.cancellation = cancellation.into();
        self
    }

    /// The same attempt with another message, for layers that decrypt or fetch what the message stands for.
    #[must_use]
    pub fn with_message(mut self, message: Message) -> Self {
        self.message = message;
        self
    }

    /// The same attempt with a value for what stands further in: handlers take it by
    /// [`Extension<T>`](crate::handler::Extension). A value of the same type that was there is hidden.
    #[must_use]
    pub fn with_extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions.insert(value);
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
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// The value of this type that a layer further out has added.
    pub fn extension<T: 'static>(&self) -> Option<&T> {
        self.extensions.get()
    }
}

impl From<Message> for Incoming {
    fn from(message: Message) -> Self {
        Self::new(message)
    }
}
