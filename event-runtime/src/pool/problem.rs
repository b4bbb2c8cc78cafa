//! What is wrong with a pool before the first event: every mistake at once.

use std::fmt;

/// Why a pool was not built: all of its problems, in the order of its configuration.
pub struct PoolError {
    pool: String,
    problems: Vec<PoolProblem>,
}

impl PoolError {
    pub(super) fn new(pool: &str, problems: Vec<PoolProblem>) -> Self {
        Self { pool: pool.into(), problems }
    }

    /// The pool's id.
    pub fn pool(&self) -> &str {
        &self.pool
    }

    /// What is wrong; never empty.
    pub fn problems(&self) -> &[PoolProblem] {
        &self.problems
    }
}

impl fmt::Display for PoolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "producer pool `{}` cannot start, problems: {}", self.pool, self.problems.len())?;
        for problem in &self.problems {
            write!(formatter, "\n  {problem}")?;
        }
        Ok(())
    }
}

/// As it displays: a `main` that returns the error prints this.
impl fmt::Debug for PoolError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for PoolError {}

/// One mistake in a pool's set-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolProblem {
    kind: PoolProblemKind,
    place: String,
    text: String,
    nearest: Option<String>,
}

/// What kind of mistake a [`PoolProblem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolProblemKind {
    /// Two packs have one name, or list one payload type.
    PackConflict,
    /// The pool has no producers.
    NoProducers,
    /// Two producers have one id.
    DuplicateProducer,
    /// A rule names a producer that does not exist.
    UnknownProducer,
    /// A rule names a payload type that no pack lists.
    UnknownPayloadType,
    /// A rule names a pack that was not given to the pool.
    UnknownPack,
    /// A rule stands twice in one list.
    DuplicateRule,
    /// A list of rules is empty.
    EmptyRules,
    /// No rule sends anything to a producer.
    NoRules,
    /// An event without an ordering key could reach a producer that needs one.
    Keyless,
}

impl PoolProblem {
    pub(super) fn new(kind: PoolProblemKind, place: impl Into<String>, text: impl Into<String>) -> Self {
        Self { kind, place: place.into(), text: text.into(), nearest: None }
    }

    pub(super) fn with_nearest(mut self, nearest: Option<&str>) -> Self {
        self.nearest = nearest.map(Into::into);
        self
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> PoolProblemKind {
        self.kind
    }

    /// Where it is, in the terms of the configuration: `supported_packs.payments_producer[0]`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The nearest known name, where a name is unknown and one is near.
    pub fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }
}

impl fmt::Display for PoolProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.text)?;
        match &self.nearest {
            Some(nearest) => write!(formatter, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}
