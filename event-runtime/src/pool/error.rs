//! What emitting can fail with: who took the event, who did not, and the message to try again with.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::envelope::Message;
use crate::error::with_causes;
use crate::transport::ProduceError;

type Source = Box<dyn Error + Send + Sync>;

/// Why an event did not reach every destination.
///
/// It holds the encoded message, so that nothing is lost with it: [`Emitter::retry`](crate::pool::Emitter::retry)
/// sends it on to whoever is [`remaining`](Self::remaining), under the same id.
pub struct EmitError(Box<Inner>);

struct Inner {
    kind: EmitErrorKind,
    text: String,
    message: Option<Message>,
    taken: Vec<Arc<str>>,
    remaining: Vec<Remaining>,
    source: Option<Source>,
}

/// What kind of failure an [`EmitError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmitErrorKind {
    /// There is no default emitter.
    NotConfigured,
    /// The event breaks its own validation rules; nothing was sent.
    Invalid,
    /// The event does not serialise; nothing was sent.
    Encode,
    /// No producer takes this payload type; nothing was sent.
    NoRoute,
    /// No producer took the event.
    Produce,
    /// Some producers took the event, others did not.
    Partial,
    /// The buffer for background emits is full.
    BufferFull,
    /// The pool is closed for background emits.
    Closed,
    /// The emitter cannot do what was asked, for instance send in the background.
    Unsupported,
}

impl EmitErrorKind {
    /// The kind as it stands in metrics, for instance `no_route`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::Invalid => "invalid",
            Self::Encode => "encode",
            Self::NoRoute => "no_route",
            Self::Produce => "produce",
            Self::Partial => "partial",
            Self::BufferFull => "buffer_full",
            Self::Closed => "closed",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A producer that did not take an event, and why.
#[derive(Debug)]
pub struct Remaining {
    producer: Arc<str>,
    error: ProduceError,
}

impl Remaining {
    /// A producer by its id, and its error.
    pub fn new(producer: impl Into<Arc<str>>, error: ProduceError) -> Self {
        Self { producer: producer.into(), error }
    }

    /// The producer's id.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// Why it did not take the event.
    pub fn error(&self) -> &ProduceError {
        &self.error
    }
}

impl EmitError {
    /// An error with one line for people; for emitters other than the runtime's own.
    pub fn new(kind: EmitErrorKind, text: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            text: text.into(),
            message: None,
            taken: Vec::new(),
            remaining: Vec::new(),
            source: None,
        }))
    }

    /// An error about producers: [`EmitErrorKind::Partial`] where one has taken the message, else
    /// [`EmitErrorKind::Produce`].
    pub fn undelivered(message: Message, taken: Vec<Arc<str>>, remaining: Vec<Remaining>) -> Self {
        let names = remaining.iter().map(Remaining::producer).collect::<Vec<_>>().join("`, `");
        let metadata = message.metadata();
        let event = format!("event `{}` with id `{}`", metadata.payload_type, metadata.id);
        let (kind, text) = if taken.is_empty() {
            (EmitErrorKind::Produce, format!("{event} was not taken by `{names}`"))
        } else {
            let took = taken.join("`, `");
            (EmitErrorKind::Partial, format!("{event} was taken by `{took}`, not by `{names}`"))
        };
        Self(Box::new(Inner { kind, text, message: Some(message), taken, remaining, source: None }))
    }

    /// The same error with the message that was not sent.
    #[must_use]
    pub fn with_message(mut self, message: Message) -> Self {
        self.0.message = Some(message);
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> EmitErrorKind {
        self.0.kind
    }

    /// The ids of the producers that took the event.
    pub fn taken(&self) -> impl Iterator<Item = &str> {
        self.0.taken.iter().map(AsRef::as_ref)
    }

    /// The producers that did not take the event, each with its error.
    pub fn remaining(&self) -> &[Remaining] {
        &self.0.remaining
    }

    /// Whether the same message may pass later: one of the remaining producers failed for a reason that
    /// passes, or a buffer was full.
    pub fn is_retryable(&self) -> bool {
        self.0.kind == EmitErrorKind::BufferFull
            || self.0.remaining.iter().any(|remaining| remaining.error.is_retryable())
    }

    /// The message as it was to be sent; `None` where the event never became one.
    pub fn message(&self) -> Option<&Message> {
        self.0.message.as_ref()
    }

    /// The message alone, for a queue or an outbox of one's own.
    pub fn into_message(self) -> Option<Message> {
        self.0.message
    }

    /// Who took the event, and who did not.
    pub(super) fn into_results(self) -> (Vec<Arc<str>>, Vec<Remaining>) {
        (self.0.taken, self.0.remaining)
    }
}

impl fmt::Display for EmitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.text)
    }
}

/// The kind and the error, with its cause or with every producer's; never the payload.
impl fmt::Debug for EmitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}: ", self.0.kind)?;
        if self.0.source.is_some() {
            return with_causes(self, formatter);
        }
        write!(formatter, "{self}")?;
        for remaining in &self.0.remaining {
            write!(formatter, "\n  `{}`: {:?}", remaining.producer, remaining.error)?;
        }
        Ok(())
    }
}

/// Its source is the cause that was given, else the error of the first remaining producer.
impl Error for EmitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => self.0.remaining.first().map(|remaining| &remaining.error as &(dyn Error + 'static)),
        }
    }
}

/// Several emits of which some failed; each failure by its position in what was given, in order; never empty.
pub struct EmitErrors {
    failures: Vec<(usize, EmitError)>,
    of: usize,
}

impl EmitErrors {
    /// `Ok` where `failures` is empty; `of` is how many emits there were.
    ///
    /// # Errors
    /// The failures, where there are any.
    pub fn check(of: usize, failures: Vec<(usize, EmitError)>) -> Result<(), Self> {
        if failures.is_empty() { Ok(()) } else { Err(Self { failures, of }) }
    }

    /// The failures with their positions.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &EmitError)> {
        self.failures.iter().map(|(index, error)| (*index, error))
    }

    /// The failures with their positions, to retry them.
    pub fn into_failures(self) -> Vec<(usize, EmitError)> {
        self.failures
    }

    /// How many emits there were, failed or not.
    pub fn of(&self) -> usize {
        self.of
    }

    /// Whether one of them may pass later.
    pub fn is_retryable(&self) -> bool {
        self.failures.iter().any(|(_, error)| error.is_retryable())
    }
}

impl fmt::Display for EmitErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {} emits failed", self.failures.len(), self.of)
    }
}

/// Every failure with its position.
impl fmt::Debug for EmitErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self}")?;
        self.failures.iter().try_for_each(|(index, error)| write!(formatter, "\n[{index}] {error:?}"))
    }
}

/// Its source is the first failure.
impl Error for EmitErrors {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures.first().map(|(_, error)| error as &(dyn Error + 'static))
    }
}
