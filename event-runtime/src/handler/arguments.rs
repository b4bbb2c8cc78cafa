//! The arguments of handlers, as a whole: an event first, a pack first, or extractors alone.

use crate::envelope::{Envelope, Message};
use crate::event::{DecodeError, Event};
use crate::factory::MessagePack;
use crate::handler::arity::for_each_arity;
use crate::handler::{FromIncoming, Incoming, Payload};
use crate::outcome::HandlerError;

/// The arguments of a handler of one event: [`Payload<E>`] or [`Envelope<E>`], then at most seven
/// [extractors](FromIncoming).
#[diagnostic::on_unimplemented(
    message = "a handler of an event does not take `{Self}`",
    note = "its first argument is `Payload<E>` or `Envelope<E>`, at most seven extractors follow"
)]
pub trait EventArguments<S>: Sized + 'static {
    /// The event that the first argument carries.
    type Event: Event;

    /// Takes the arguments out of a message, the event first.
    ///
    /// # Errors
    /// What is to become of a message that does not have them.
    fn extract(incoming: &Incoming, state: &S) -> Result<Self, HandlerError>;
}

/// The arguments of a handler of every event of a pack: the sum type that `message_pack!` generates, then at most
/// seven [extractors](FromIncoming).
#[diagnostic::on_unimplemented(
    message = "a handler of a message pack does not take `{Self}`",
    note = "its first argument is the pack's type as `message_pack!` generates it, at most seven extractors follow"
)]
pub trait PackArguments<S>: Sized + 'static {
    /// The pack.
    type Pack: MessagePack;

    /// Takes the arguments out of a message, the event first.
    ///
    /// # Errors
    /// What is to become of a message that does not have them.
    fn extract(incoming: &Incoming, state: &S) -> Result<Self, HandlerError>;
}

/// The arguments of a handler of undecoded messages: at most eight [extractors](FromIncoming), usually the
/// [`Message`] first.
#[diagnostic::on_unimplemented(
    message = "a handler of undecoded messages does not take `{Self}`",
    note = "it takes at most eight extractors"
)]
pub trait RawArguments<S>: Sized + 'static {
    /// Takes the arguments out of a message.
    ///
    /// # Errors
    /// What is to become of a message that does not have them.
    fn extract(incoming: &Incoming, state: &S) -> Result<Self, HandlerError>;
}

/// The first argument of a handler of one event: it carries the event.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the first argument of a handler of an event",
    label = "neither `Payload<E>` nor `Envelope<E>`",
    note = "a handler that goes to `.on(..)` takes `Payload<E>` or `Envelope<E>` first, whatever else it takes behind it",
    note = "a handler that takes a message pack goes to `.on_pack(..)`, one that takes undecoded messages to `.on_type(..)` or `.fallback(..)`"
)]
pub trait EventArgument: Sized + 'static {
    /// The event.
    type Event: Event;

    /// Decodes and validates the message.
    ///
    /// # Errors
    /// Those of [`Message::decode`].
    fn from_message(message: &Message) -> Result<Self, DecodeError>;
}

impl<E: Event> EventArgument for Payload<E> {
    type Event = E;

    fn from_message(message: &Message) -> Result<Self, DecodeError> {
        message.decode().map(Payload)
    }
}

impl<E: Event> EventArgument for Envelope<E> {
    type Event = E;

    fn from_message(message: &Message) -> Result<Self, DecodeError> {
        message.to_envelope()
    }
}

impl<S> RawArguments<S> for () {
    fn extract(_: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(())
    }
}

macro_rules! implement {
    ($($argument:ident),*) => {
        impl<S, A1: EventArgument, $($argument: FromIncoming<S> + 'static,)*> EventArguments<S>
            for (A1, $($argument,)*)
        {
            type Event = A1::Event;

            #[allow(unused_variables, reason = "there may be one argument alone")]
            fn extract(incoming: &Incoming, state: &S) -> Result<Self, HandlerError> {
                Ok((A1::from_message(incoming.message())?, $($argument::from_incoming(incoming, state)?,)*))
            }
        }

        impl<S, P: MessagePack, $($argument: FromIncoming<S> + 'static,)*> PackArguments<S>
            for (P, $($argument,)*)
        {
            type Pack = P;

            #[allow(unused_variables, reason = "there may be one argument alone")]
            fn extract(incoming: &Incoming, state: &S) -> Result<Self, HandlerError> {
                Ok((P::decode(incoming.message())?, $($argument::from_incoming(incoming, state)?,)*))
            }
        }

        impl<S, A1: FromIncoming<S> + 'static, $($argument: FromIncoming<S> + 'static,)*> RawArguments<S>
            for (A1, $($argument,)*)
        {
            fn extract(incoming: &Incoming, state: &S) -> Result<Self, HandlerError> {
                Ok((A1::from_incoming(incoming, state)?, $($argument::from_incoming(incoming, state)?,)*))
            }
        }
    };
}

for_each_arity!(implement);
