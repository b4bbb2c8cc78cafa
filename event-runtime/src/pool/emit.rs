//! Emitting from application code: the methods on [`Envelope`], and the default emitter behind them.

use std::sync::{Arc, PoisonError, RwLock};

use crate::codec::Codec;
use crate::envelope::{Context, Envelope, Message};
use crate::event::Registered;
use crate::pool::{DynEmitter, EmitError, EmitErrorKind, EmitErrors, Emitter};
use crate::transport::BoxFuture;

/// What emitting returns: a boxed future, and not an opaque one of the event's type, so that the compiler says
/// once, and not once more at every use, that an event is in no pack.
pub type Emitting<'a, Failed = EmitError> = BoxFuture<'a, Result<(), Failed>>;

static DEFAULT: RwLock<Option<Arc<dyn DynEmitter>>> = RwLock::new(None);

/// Makes `emitter` the one that [`emit`], [`emit_batch`] and [`emit_async`] use in this process, and returns the one
/// before it.
///
/// Applications set it once at start-up. Libraries and tests pass emitters by hand ([`Envelope::emit_to`]): what is
/// global to a process is shared by its tests.
pub fn set_default_emitter(emitter: impl Emitter + 'static) -> Option<Arc<dyn DynEmitter>> {
    DEFAULT.write().unwrap_or_else(PoisonError::into_inner).replace(Arc::new(emitter))
}

/// Takes the default emitter away and returns it; emitting fails until the next [`set_default_emitter`].
pub fn take_default_emitter() -> Option<Arc<dyn DynEmitter>> {
    DEFAULT.write().unwrap_or_else(PoisonError::into_inner).take()
}

/// The default emitter.
///
/// # Errors
/// [`EmitErrorKind::NotConfigured`] where none is set.
pub fn default_emitter() -> Result<Arc<dyn DynEmitter>, EmitError> {
    DEFAULT.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
        let text = "no default emitter is set; call `set_default_emitter` at start-up, or use `emit_to`";
        EmitError::new(EmitErrorKind::NotConfigured, text)
    })
}

/// [`Envelope::emit`] as a function.
///
/// # Errors
/// Those of [`Envelope::emit`].
///
/// # Cancel safety
/// A dropped call may or may not have sent the event.
pub fn emit<E: Registered>(envelope: Envelope<E>) -> Emitting<'static> {
    envelope.emit()
}

/// Emits events of one type to the default emitter, in as few calls as its destinations allow.
///
/// # Errors
/// [`EmitErrorKind::NotConfigured`] for each of them, else those of [`emit_batch_to`].
///
/// # Cancel safety
/// A dropped call may have sent any of them.
pub fn emit_batch<E: Registered>(
    envelopes: impl IntoIterator<Item = Envelope<E>>,
) -> Emitting<'static, EmitErrors> {
    let prepared = match default_emitter() {
        Ok(emitter) => {
            let messages = prepare_all(&emitter, envelopes);
            Ok((emitter, messages))
        }
        Err(_) => Err(envelopes.into_iter().count()),
    };
    Box::pin(async move {
        match prepared {
            Ok((emitter, prepared)) => send_all(&emitter, prepared).await,
            Err(of) => {
                let failed = (0..of).filter_map(|index| Some((index, default_emitter().err()?)));
                EmitErrors::check(of, failed.collect())
            }
        }
    })
}

/// Emits events of one type to `emitter`, in as few calls as its destinations allow.
///
/// Every event is tried: one that is invalid does not keep the others back. Events of several types go as messages,
/// by [`Envelope::into_message`] and [`Emitter::emit_batch`].
///
/// # Errors
/// One error for each event that did not reach every destination, by its position; the kinds are those of
/// [`Envelope::emit_to`].
///
/// # Cancel safety
/// A dropped call may have sent any of them.
pub fn emit_batch_to<E: Registered, M: Emitter + ?Sized>(
    emitter: &M,
    envelopes: impl IntoIterator<Item = Envelope<E>>,
) -> Emitting<'_, EmitErrors> {
    Box::pin(send_all(emitter, prepare_all(emitter, envelopes)))
}

/// [`Envelope::emit_async`] as a function.
///
/// # Errors
/// Those of [`Envelope::emit_async`].
pub fn emit_async<E: Registered>(envelope: Envelope<E>) -> Result<(), EmitError> {
    envelope.emit_async()
}

impl<E> Envelope<E> {
    /// The event as a message in `codec`'s format: what every `emit…` sends.
    ///
    /// It inherits the context of the message being handled (see [`Context::fill`]) and is validated.
    ///
    /// # Errors
    /// [`EmitErrorKind::Invalid`] where it breaks its rules, [`EmitErrorKind::Encode`] where it does not serialise.
    pub fn into_message(mut self, codec: &Codec) -> Result<Message, EmitError>
    where
        E: Registered,
    {
        self.check()?;
        codec.encode_owned(self).map_err(|error| not_encoded(E::PAYLOAD_TYPE, error))
    }

    fn check(&mut self) -> Result<(), EmitError>
    where
        E: Registered,
    {
        if let Some(context) = Context::current() {
            context.fill(&mut self.metadata);
        }
        if E::HAS_RULES {
            self.payload.validate().map_err(|errors| invalid(E::PAYLOAD_TYPE, errors))?;
        }
        Ok(())
    }

    /// Emits the event to the default emitter.
    ///
    /// The context of the message being handled is inherited when this is called, not when it is awaited.
    ///
    /// # Errors
    /// [`EmitErrorKind::NotConfigured`] where no default emitter is set, else those of [`Envelope::emit_to`].
    ///
    /// # Cancel safety
    /// A dropped call may or may not have sent the event.
    pub fn emit(self) -> Emitting<'static>
    where
        E: Registered,
    {
        Box::pin(send_by_default(default_emitter().and_then(|emitter| {
            let message = self.into_message(emitter.codec())?;
            Ok((emitter, message))
        })))
    }

    /// Emits the event to `emitter`: a pool, a [`ProducerEmitter`](crate::pool::ProducerEmitter), a `dyn DynEmitter`.
    ///
    /// The context of the message being handled is inherited when this is called, not when it is awaited.
    ///
    /// # Errors
    /// [`EmitErrorKind::Invalid`] and [`EmitErrorKind::Encode`] before anything is sent, [`EmitErrorKind::NoRoute`]
    /// where nobody takes the event, [`EmitErrorKind::Produce`] and [`EmitErrorKind::Partial`] where producers failed.
    ///
    /// # Cancel safety
    /// A dropped call may or may not have sent the event.
    pub fn emit_to<M: Emitter + ?Sized>(self, emitter: &M) -> Emitting<'_>
    where
        E: Registered,
    {
        Box::pin(send(emitter, self.into_message(emitter.codec())))
    }

    /// Emits the event to several emitters, one after the other, and tries every one; all get the same id.
    ///
    /// Emitters of different types are given as `&dyn DynEmitter`.
    ///
    /// # Errors
    /// One error for each emitter that failed, by its position; the kinds are those of [`Envelope::emit_to`].
    ///
    /// # Cancel safety
    /// A dropped call may have sent the event to any of them.
    pub fn emit_to_all<'a, M: Emitter + ?Sized + 'a>(
        mut self,
        emitters: impl IntoIterator<Item = &'a M>,
    ) -> Emitting<'a, EmitErrors>
    where
        E: Registered,
    {
        let prepared: Vec<_> = emitters
            .into_iter()
            .map(|emitter| {
                let message = self.check().and_then(|()| {
                    let encoded = emitter.codec().encode(&self);
                    encoded.map_err(|error| not_encoded(E::PAYLOAD_TYPE, error))
                });
                (emitter, message)
            })
            .collect();
        Box::pin(async move {
            let of = prepared.len();
            let mut failures = Vec::new();
            for (index, (emitter, message)) in prepared.into_iter().enumerate() {
                if let Err(error) = send(emitter, message).await {
                    failures.push((index, error));
                }
            }
            EmitErrors::check(of, failures)
        })
    }

    /// Hands the event to the default emitter's background queue and does not wait for the broker.
    ///
    /// # Errors
    /// [`EmitErrorKind::NotConfigured`] where no default emitter is set, else those of [`Envelope::emit_async_to`].
    pub fn emit_async(self) -> Result<(), EmitError>
    where
        E: Registered,
    {
        self.emit_async_to(&*default_emitter()?)
    }

    /// Hands the event to `emitter`'s background queue and does not wait for the broker; it is validated and
    /// encoded now, and later failures go to the emitter's own hook.
    ///
    /// # Errors
    /// [`EmitErrorKind::Invalid`] and [`EmitErrorKind::Encode`]; [`EmitErrorKind::NoRoute`] where nobody takes the
    /// event; [`EmitErrorKind::BufferFull`] where the queue has no room, [`EmitErrorKind::Closed`] after it was
    /// closed; [`EmitErrorKind::Unsupported`] where the emitter has none or no tokio runtime is at hand.
    pub fn emit_async_to<M: Emitter + ?Sized>(self, emitter: &M) -> Result<(), EmitError>
    where
        E: Registered,
    {
        emitter.enqueue(self.into_message(emitter.codec())?)
    }
}

fn invalid(payload_type: &str, errors: crate::event::ValidationErrors) -> EmitError {
    EmitError::new(EmitErrorKind::Invalid, format!("event `{payload_type}` breaks its validation rules"))
        .with_source(errors)
}

fn not_encoded(payload_type: &str, error: crate::codec::EncodeError) -> EmitError {
    EmitError::new(EmitErrorKind::Encode, format!("event `{payload_type}` was not encoded"))
        .with_source(error)
}

/// One instantiation an emitter, not one an event.
async fn send<M: Emitter + ?Sized>(
    emitter: &M,
    message: Result<Message, EmitError>,
) -> Result<(), EmitError> {
    emitter.emit(message?).await
}

async fn send_by_default(
    prepared: Result<(Arc<dyn DynEmitter>, Message), EmitError>,
) -> Result<(), EmitError> {
    let (emitter, message) = prepared?;
    emitter.emit(message).await
}

/// What came of preparing a batch: the messages that can go, and the failures of those that can't.
struct Prepared {
    of: usize,
    messages: Vec<Message>,
    positions: Vec<usize>,
    failures: Vec<(usize, EmitError)>,
}

fn prepare_all<E: Registered, M: Emitter + ?Sized>(
    emitter: &M,
    envelopes: impl IntoIterator<Item = Envelope<E>>,
) -> Prepared {
    let mut prepared = Prepared { of: 0, messages: Vec::new(), positions: Vec::new(), failures: Vec::new() };
    for envelope in envelopes {
        let index = prepared.of;
        prepared.of += 1;
        match envelope.into_message(emitter.codec()) {
            Ok(message) => {
                prepared.messages.push(message);
                prepared.positions.push(index);
            }
            Err(error) => prepared.failures.push((index, error)),
        }
    }
    prepared
}

async fn send_all<M: Emitter + ?Sized>(emitter: &M, prepared: Prepared) -> Result<(), EmitErrors> {
    let Prepared { of, messages, positions, mut failures } = prepared;
    if let Err(errors) = emitter.emit_batch(messages).await {
        let placed = errors.into_failures().into_iter();
        failures.extend(placed.map(|(index, error)| (positions.get(index).copied().unwrap_or(index), error)));
    }
    failures.sort_by_key(|(index, _)| *index);
    EmitErrors::check(of, failures)
}
