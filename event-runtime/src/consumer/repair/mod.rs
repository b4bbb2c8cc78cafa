//! Repair of dead letters: look at them, send them back, or throw them away.
//!
//! It owns the walk over a dead-letter queue and what becomes of each letter; the command line and other tools call it.
//! It asks of a transport what [`Source`] and [`DeadLetterSink`](crate::DeadLetterSink) give and nothing else: a letter
//! is sent back by storing the original, byte for byte, in the queue that it came from.
//!
//! A walk leases what it looks at, so that it meets every letter once, and hands back what it leaves. On a queue that
//! keeps order it sees, of each group, what one receive returns: the rest of a group waits behind its first letters.

mod error;
mod filter;
mod letter;
mod pace;
mod report;
mod walk;

pub use error::{RepairError, RepairErrorKind};
pub use filter::LetterFilter;
pub use letter::StoredLetter;
pub use report::{RepairFailure, RepairReport};

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::transport::{DynDeadLetterSink, DynSource, Source};

use walk::{Act, Walk};

/// A dead-letter queue under repair.
///
/// ```
/// use event_runtime::consumer::repair::DeadLetters;
/// use event_runtime::embedded::{Broker, EmbeddedDeadLetters, EmbeddedSource, QueueSettings};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let broker = Broker::new();
/// let orders = broker.create_queue("orders", QueueSettings::new())?;
/// let dead = broker.create_queue("dead", QueueSettings::new())?;
/// let letters = DeadLetters::new(EmbeddedSource::new(dead)).of_code("TIMED_OUT").at_most_per_second(50.0);
/// let report = letters.redrive(&EmbeddedDeadLetters::new(orders)).await?;
/// assert_eq!(report.moved, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct DeadLetters {
    pub(super) source: Arc<dyn DynSource>,
    pub(super) clock: Clock,
    pub(super) filter: LetterFilter,
    pub(super) limit: usize,
    pub(super) per_second: Option<f64>,
    pub(super) wait: Duration,
    pub(super) progress: Progress,
}

/// Told after each letter; a break ends the walk.
type Progress = Arc<dyn Fn(&RepairReport) -> ControlFlow<()> + Send + Sync>;

impl DeadLetters {
    /// The letters of this queue.
    pub fn new(source: impl Source) -> Self {
        Self::from_shared(Arc::new(source))
    }

    /// The letters of a queue that others use too.
    pub fn from_shared(source: Arc<dyn DynSource>) -> Self {
        Self {
            source,
            clock: Clock::system(),
            filter: LetterFilter::default(),
            limit: usize::MAX,
            per_second: None,
            wait: Duration::ZERO,
            progress: Arc::new(|_| ControlFlow::Continue(())),
        }
    }

    /// Only the letters that `filter` lets through; all unless set.
    pub fn with_filter(mut self, filter: LetterFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Only letters with this error code, such as `TIMED_OUT`, besides those of codes named before.
    pub fn of_code(mut self, code: impl Into<String>) -> Self {
        self.filter.codes.push(code.into());
        self
    }

    /// At most so many matching letters.
    pub fn at_most(mut self, letters: usize) -> Self {
        self.limit = letters;
        self
    }

    /// At most so many letters a second are sent back; as fast as the queues allow unless set. Not more than 0 = no
    /// limit.
    pub fn at_most_per_second(mut self, letters: f64) -> Self {
        self.per_second = Some(letters).filter(|letters| *letters > 0.0);
        self
    }

    /// How long one receive waits for letters before the queue counts as empty (two such receives in a row end the
    /// walk); not at all unless set. A queue spread over several machines needs a second or two.
    pub fn waiting(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// The clock that ages and the pace are measured by; the system's unless set.
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Called after every letter that was looked at; `Break` ends the walk in good order.
    pub fn on_progress(
        mut self,
        hook: impl Fn(&RepairReport) -> ControlFlow<()> + Send + Sync + 'static,
    ) -> Self {
        self.progress = Arc::new(hook);
        self
    }

    /// The letters that match, which stay where they are. It is the dry run of the other two.
    ///
    /// # Errors
    /// See [`RepairErrorKind`].
    ///
    /// # Cancel safety
    /// A dropped call leaves letters leased; they are visible again when their leases end.
    pub async fn list(&self) -> Result<(Vec<StoredLetter>, RepairReport), RepairError> {
        let mut letters = Vec::new();
        let report = Walk::new(self, Act::List(&mut letters)).await?.run().await?;
        Ok((letters, report))
    }

    /// Stores the original of each matching letter in `destination`, and then removes the letter.
    ///
    /// A letter that is not stored stays. One that is stored and can't be removed stays too: its original is then
    /// there twice, which is counted as [`RepairReport::left_behind`]. After a failure, the letters of the same group
    /// that come later in the batch stay as well, so that none overtakes another.
    ///
    /// # Errors
    /// See [`RepairErrorKind`]; what was done until then is in the error.
    ///
    /// # Cancel safety
    /// A dropped call loses nothing; the letters of the batch under way may be in both queues.
    pub async fn redrive(&self, destination: &dyn DynDeadLetterSink) -> Result<RepairReport, RepairError> {
        Walk::new(self, Act::Redrive(destination)).await?.run().await
    }

    /// Removes each matching letter for good.
    ///
    /// # Errors
    /// See [`RepairErrorKind`]; what was done until then is in the error.
    ///
    /// # Cancel safety
    /// A dropped call may have removed letters that no report names.
    pub async fn discard(&self) -> Result<RepairReport, RepairError> {
        Walk::new(self, Act::Discard).await?.run().await
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeadLetters")
            .field("filter", &self.filter)
            .field("limit", &self.limit)
            .field("per_second", &self.per_second)
            .finish_non_exhaustive()
    }
}
