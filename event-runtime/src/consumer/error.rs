//! Why a consumer did not start, or stopped by itself.

use std::fmt;

use crate::transport::SourceError;

/// Why a consumer did not start, or stopped by itself.
#[derive(Debug)]
pub struct ConsumerError(Repr);

#[derive(Debug)]
enum Repr {
    Startup(Vec<String>),
    Source(SourceError),
    AlreadyRunning,
}

/// What kind of failure a [`ConsumerError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsumerErrorKind {
    /// Settings, routes and queue do not go together; [`ConsumerError::problems`] lists every reason.
    Startup,
    /// The source failed for good: the queue is gone, or the credentials do not allow it.
    Source,
    /// The same consumer runs already.
    AlreadyRunning,
}

impl ConsumerError {
    pub(crate) fn startup(problems: Vec<String>) -> Self {
        Self(Repr::Startup(problems))
    }

    pub(crate) fn source(error: SourceError) -> Self {
        Self(Repr::Source(error))
    }

    pub(crate) fn already_running() -> Self {
        Self(Repr::AlreadyRunning)
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ConsumerErrorKind {
        match self.0 {
            Repr::Startup(_) => ConsumerErrorKind::Startup,
            Repr::Source(_) => ConsumerErrorKind::Source,
            Repr::AlreadyRunning => ConsumerErrorKind::AlreadyRunning,
        }
    }

    /// Everything that start-up found, one line each; empty for the other kinds.
    pub fn problems(&self) -> &[String] {
        match &self.0 {
            Repr::Startup(problems) => problems,
            _ => &[],
        }
    }
}

impl fmt::Display for ConsumerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Startup(problems) => {
                write!(formatter, "the consumer can't start:")?;
                problems.iter().try_for_each(|problem| write!(formatter, "\n- {problem}"))
            }
            Repr::Source(_) => formatter.write_str("the source failed for good"),
            Repr::AlreadyRunning => formatter.write_str("the consumer runs already"),
        }
    }
}

impl std::error::Error for ConsumerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Repr::Source(error) => Some(error),
            _ => None,
        }
    }
}
