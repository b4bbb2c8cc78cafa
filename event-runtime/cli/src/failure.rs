//! How a command ends.

use std::error::Error;
use std::fmt;
use std::io;

/// How a command ended that did what it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing to complain of.
    Good,
    /// There is; it was printed.
    Bad,
}

impl Answer {
    pub(crate) fn good_if(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self::good_if(self == Self::Good && other == Self::Good)
    }
}

/// Why a command did not come to an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The question is wrong: an unknown name, a missing file. Exit code 2.
    Usage(String),
    /// It went wrong on the way. Exit code 1.
    Failed(String),
    /// Nobody reads the output any more.
    OutputClosed,
}

pub(crate) type Result<T = Answer> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// An error with its causes, one a line.
    pub(crate) fn failed(error: &dyn Error) -> Self {
        Self::Failed(chain(error))
    }

    /// A file that could not be read or written.
    pub(crate) fn file(path: &std::path::Path, error: &io::Error) -> Self {
        Self::Usage(format!("{}: {error}", path.display()))
    }
}

/// An error and its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Errors of writing the output; files name themselves by [`Failure::file`].
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Failed(format!("the output can't be written: {error}")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => formatter.write_str(text),
            Self::OutputClosed => Ok(()),
        }
    }
}
