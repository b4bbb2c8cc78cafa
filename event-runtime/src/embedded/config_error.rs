//! What is wrong with a configuration of the embedded transport.

use std::fmt;

use super::error::{QueueError, QueueErrorKind};

/// What is wrong with a configuration of the embedded transport: every problem, in its order.
#[derive(Clone, PartialEq, Eq)]
pub struct EmbeddedConfigError {
    problems: Vec<EmbeddedConfigProblem>,
}

impl EmbeddedConfigError {
    pub(super) fn unless_empty(problems: Vec<EmbeddedConfigProblem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }

    /// What is wrong; never empty.
    pub fn problems(&self) -> &[EmbeddedConfigProblem] {
        &self.problems
    }
}

impl fmt::Display for EmbeddedConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the embedded transport cannot start, problems: {}", self.problems.len())?;
        self.problems.iter().try_for_each(|problem| write!(formatter, "\n  {problem}"))
    }
}

/// As it displays: a `main` that returns the error prints this.
impl fmt::Debug for EmbeddedConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for EmbeddedConfigError {}

/// One mistake in a configuration of the embedded transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedConfigProblem {
    kind: EmbeddedConfigProblemKind,
    place: String,
    text: String,
}

/// What kind of mistake an [`EmbeddedConfigProblem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbeddedConfigProblemKind {
    /// Two queues have one name.
    DuplicateQueue,
    /// A name that no queue has.
    UnknownQueue,
    /// A number outside its range.
    OutOfRange,
    /// An attribute of FIFO queues on a standard queue.
    FifoOnly,
    /// A queue can't be like this: its name, or a dead-letter queue of the other kind.
    Refused(QueueErrorKind),
}

impl EmbeddedConfigProblem {
    pub(super) fn new(kind: EmbeddedConfigProblemKind, place: String, text: String) -> Self {
        Self { kind, place, text }
    }

    pub(super) fn refused(place: String, error: &QueueError) -> Self {
        Self::new(EmbeddedConfigProblemKind::Refused(error.kind()), place, error.to_string())
    }

    pub(super) fn at(self, place: String) -> Self {
        Self { place, ..self }
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> EmbeddedConfigProblemKind {
        self.kind
    }

    /// What is wrong and what to write instead, without the place.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands, such as `queues[1].redrive.dead_letter_queue`.
    pub fn place(&self) -> &str {
        &self.place
    }
}

impl fmt::Display for EmbeddedConfigProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.text)
    }
}
