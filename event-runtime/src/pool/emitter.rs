//! The two interfaces that emitting goes through: [`Emitter`], and its boxed twin.

use std::future::Future;
use std::sync::Arc;

use crate::codec::Codec;
use crate::envelope::Message;
use crate::pool::{EmitError, EmitErrorKind, EmitErrors};
use crate::transport::BoxFuture;

/// Takes encoded messages and brings them to wherever they belong.
///
/// A [`ProducersPool`](crate::pool::ProducersPool) is one, a [`ProducerEmitter`](crate::pool::ProducerEmitter) makes
/// one of a single producer; an outbox or a test's probe is another. Application code rarely calls it: it emits
/// envelopes, by [`Envelope::emit_to`](crate::Envelope::emit_to).
pub trait Emitter: Send + Sync {
    /// The format that this emitter wants its messages in.
    fn codec(&self) -> &Codec;

    /// Sends one message, as it is, to every destination that takes it.
    ///
    /// # Errors
    /// See [`EmitErrorKind`]; the error holds the message and says who took it and who did not.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have sent the message.
    fn emit(&self, message: Message) -> impl Future<Output = Result<(), EmitError>> + Send;

    /// Sends several messages, in as few calls as the destinations allow, and tries every one of them.
    ///
    /// # Errors
    /// One error for each message that did not reach every destination, by its position.
    ///
    /// # Cancel safety
    /// A dropped call may have sent any of them.
    fn emit_batch(&self, messages: Vec<Message>) -> impl Future<Output = Result<(), EmitErrors>> + Send {
        async move {
            let of = messages.len();
            let mut failures = Vec::new();
            for (index, message) in messages.into_iter().enumerate() {
                if let Err(error) = self.emit(message).await {
                    failures.push((index, error));
                }
            }
            EmitErrors::check(of, failures)
        }
    }

    /// Sends a failed message again, under the same id, to the destinations that did not take it.
    ///
    /// The default sends it to all of them, which is right for an emitter with one destination.
    ///
    /// # Errors
    /// Those of [`Emitter::emit`]; an error that holds no message comes back as it is.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have sent the message.
    fn retry(&self, error: EmitError) -> impl Future<Output = Result<(), EmitError>> + Send {
        async move {
            match error.message().cloned() {
                Some(message) => self.emit(message).await,
                None => Err(error),
            }
        }
    }

    /// Takes a message to send it later, without waiting.
    ///
    /// # Errors
    /// [`EmitErrorKind::Unsupported`] unless the emitter has a buffer of its own, as a pool has;
    /// [`EmitErrorKind::BufferFull`] and [`EmitErrorKind::Closed`] where it takes no more.
    fn enqueue(&self, message: Message) -> Result<(), EmitError> {
        let text = "this emitter sends nothing in the background; use a producer pool, or await `emit`";
        Err(EmitError::new(EmitErrorKind::Unsupported, text).with_message(message))
    }
}

/// [`Emitter`] behind a pointer; implemented for every emitter.
///
/// `dyn DynEmitter` is an [`Emitter`] again: call it by that trait's methods. These have names of their own, so that
/// having both traits in scope is never ambiguous.
pub trait DynEmitter: Send + Sync {
    /// [`Emitter::codec`].
    fn dyn_codec(&self) -> &Codec;
    /// [`Emitter::emit`].
    fn dyn_emit(&self, message: Message) -> BoxFuture<'_, Result<(), EmitError>>;
    /// [`Emitter::emit_batch`].
    fn dyn_emit_batch(&self, messages: Vec<Message>) -> BoxFuture<'_, Result<(), EmitErrors>>;
    /// [`Emitter::retry`].
    fn dyn_retry(&self, error: EmitError) -> BoxFuture<'_, Result<(), EmitError>>;
    /// [`Emitter::enqueue`].
    ///
    /// # Errors
    /// Those of [`Emitter::enqueue`].
    fn dyn_enqueue(&self, message: Message) -> Result<(), EmitError>;
}

impl<M: Emitter> DynEmitter for M {
    fn dyn_codec(&self) -> &Codec {
        Emitter::codec(self)
    }

    fn dyn_emit(&self, message: Message) -> BoxFuture<'_, Result<(), EmitError>> {
        Box::pin(Emitter::emit(self, message))
    }

    fn dyn_emit_batch(&self, messages: Vec<Message>) -> BoxFuture<'_, Result<(), EmitErrors>> {
        Box::pin(Emitter::emit_batch(self, messages))
    }

    fn dyn_retry(&self, error: EmitError) -> BoxFuture<'_, Result<(), EmitError>> {
        Box::pin(Emitter::retry(self, error))
    }

    fn dyn_enqueue(&self, message: Message) -> Result<(), EmitError> {
        Emitter::enqueue(self, message)
    }
}

impl Emitter for dyn DynEmitter + '_ {
    fn codec(&self) -> &Codec {
        self.dyn_codec()
    }

    fn emit(&self, message: Message) -> impl Future<Output = Result<(), EmitError>> + Send {
        self.dyn_emit(message)
    }

    fn emit_batch(&self, messages: Vec<Message>) -> impl Future<Output = Result<(), EmitErrors>> + Send {
        self.dyn_emit_batch(messages)
    }

    fn retry(&self, error: EmitError) -> impl Future<Output = Result<(), EmitError>> + Send {
        self.dyn_retry(error)
    }

    fn enqueue(&self, message: Message) -> Result<(), EmitError> {
        self.dyn_enqueue(message)
    }
}

impl<M: Emitter + ?Sized> Emitter for Arc<M> {
    fn codec(&self) -> &Codec {
        M::codec(self)
    }

    fn emit(&self, message: Message) -> impl Future<Output = Result<(), EmitError>> + Send {
        M::emit(self, message)
    }

    fn emit_batch(&self, messages: Vec<Message>) -> impl Future<Output = Result<(), EmitErrors>> + Send {
        M::emit_batch(self, messages)
    }

    fn retry(&self, error: EmitError) -> impl Future<Output = Result<(), EmitError>> + Send {
        M::retry(self, error)
    }

    fn enqueue(&self, message: Message) -> Result<(), EmitError> {
        M::enqueue(self, message)
    }
}
