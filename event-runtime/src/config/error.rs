//! What is wrong with a configuration: every mistake by its path, no value quoted.

use std::error::Error;
use std::fmt;

/// Why a configuration was refused: every mistake that could be seen at once, in the order of the file.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    origin: String,
    problems: Vec<ConfigProblem>,
}

/// One mistake in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    kind: ConfigProblemKind,
    path: String,
    text: String,
    nearest: Option<String>,
    /// Where it stands in the file, as a rank.
    rank: usize,
}

/// What kind of mistake a [`ConfigProblem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigProblemKind {
    /// The file cannot be read.
    Unreadable,
    /// The text is not JSON.
    Syntax,
    /// A key stands twice in one object.
    DuplicateKey,
    /// A placeholder is malformed.
    Placeholder,
    /// An environment variable is not set and has no default.
    MissingVariable,
    /// A key that nobody reads.
    UnknownKey,
    /// A key that must be there.
    MissingKey,
    /// A value of another type than the one asked for.
    WrongType,
    /// A value of the right type that is too small, too large or too long.
    OutOfRange,
    /// A word that is none of those allowed.
    UnknownValue,
    /// Another reason, of the section's own.
    Invalid,
}

impl ConfigProblem {
    pub(crate) fn new(kind: ConfigProblemKind, path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, path: path.into(), text: text.into(), nearest: None, rank: usize::MAX }
    }

    pub(crate) fn with_nearest(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }

    pub(super) fn with_rank(mut self, rank: usize) -> Self {
        self.rank = rank;
        self
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> ConfigProblemKind {
        self.kind
    }

    /// Where it is, keys joined by dots and positions in brackets: `producers[1].queue_url`; empty for the whole.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The nearest name that is allowed there, where one is near.
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.text)?;
        match &self.nearest {
            Some(nearest) => write!(formatter, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl ConfigError {
    pub(crate) fn new(origin: &str, mut problems: Vec<ConfigProblem>) -> Self {
        problems.sort_by_key(|problem| problem.rank);
        Self { origin: origin.into(), problems }
    }

    /// The mistakes in the order of the file, a missing key behind those that are there; never empty.
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }

    /// Adds another report's mistakes, but for those that are in this one.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for problem in other.problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        self.problems.sort_by_key(|problem| problem.rank);
        self
    }

    /// One result of two: both values, or the mistakes of both.
    ///
    /// # Errors
    /// Where either is one.
    pub fn both<A, B>(left: Result<A, Self>, right: Result<B, Self>) -> Result<(A, B), Self> {
        match (left, right) {
            (Ok(left), Ok(right)) => Ok((left, right)),
            (Err(left), Err(right)) => Err(left.and(right)),
            (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
        }
    }

    /// All values, or the mistakes of all results.
    ///
    /// # Errors
    /// Where there is one, with the others.
    pub fn all<T>(results: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
        let mut values = Ok(Vec::new());
        for result in results {
            values = Self::both(values, result).map(|(mut values, value)| {
                values.push(value);
                values
            });
        }
        values
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is refused, problems: {}", self.origin, self.problems.len())?;
        for problem in &self.problems {
            write!(formatter, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// As it displays: a `main` that returns the error prints this.
impl fmt::Debug for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Error for ConfigError {}
