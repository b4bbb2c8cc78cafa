//! Time as a value: the system's clock in production, one that tests advance by hand.
//!
//! Everything in the runtime that waits or stamps asks a [`Clock`]; nothing reads the system's time behind
//! its back. Queues, the consumer engine and the producer pool each take one.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Tells the time and waits for it.
///
/// Cloning is cheap, and every clone of a manual clock shares its time.
///
/// ```
/// use event_runtime::Clock;
///
/// let clock = Clock::system();
/// assert!(clock.now() > "2024-01-01T00:00:00Z".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Clock(Inner);

#[derive(Clone, Debug, Default)]
enum Inner {
    #[default]
    System,
    Manual(ManualClock),
}

impl Clock {
    /// The system's wall clock, with tokio's timers for waiting.
    pub fn system() -> Self {
        Self(Inner::System)
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Inner::System => Timestamp::now(),
            Inner::Manual(manual) => manual.now(),
        }
    }

    /// A moment to measure durations by: it goes with the timers of [`Clock::sleep`], and never back or ahead
    /// when somebody sets the wall clock.
    pub(crate) fn steady(&self) -> Timestamp {
        match &self.0 {
            Inner::System => {
                let (wall, since) = system_steady();
                after(wall, since)
            }
            Inner::Manual(manual) => manual.now(),
        }
    }

    /// [`Clock::steady`] in microseconds since the Unix epoch.
    pub(crate) fn steady_micros(&self) -> i64 {
        match &self.0 {
            Inner::System => {
                let (wall, since) = system_steady();
                wall.as_microsecond().saturating_add(micros(since))
            }
            Inner::Manual(manual) => manual.now().as_microsecond(),
        }
    }

    /// Completes when [`Clock::steady_micros`] is `deadline` or later.
    pub(crate) fn sleep_until_steady(&self, deadline: i64) -> Sleep {
        let left = deadline.saturating_sub(self.steady_micros());
        self.sleep(Duration::from_micros(u64::try_from(left).unwrap_or_default()))
    }

    /// Completes when `duration` has passed on this clock.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the wait and nothing else.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        Sleep(match &self.0 {
            Inner::System => SleepInner::System(Box::pin(tokio::time::sleep(duration))),
            Inner::Manual(manual) => SleepInner::Manual(manual.register(duration)),
        })
    }

    /// Completes when this clock shows `deadline` or later.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the wait and nothing else.
    pub fn sleep_until(&self, deadline: Timestamp) -> Sleep {
        self.sleep(until(self.now(), deadline))
    }
}

/// The wall clock when this process first asked, and what has passed since.
fn system_steady() -> (Timestamp, Duration) {
    static START: OnceLock<(Timestamp, Instant)> = OnceLock::new();
    let (wall, start) = *START.get_or_init(|| (Timestamp::now(), Instant::now()));
    (wall, tokio::time::Instant::now().into_std().saturating_duration_since(start))
}

/// Whole microseconds.
fn micros(duration: Duration) -> i64 {
    let seconds = i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    seconds.saturating_mul(1_000_000).saturating_add(i64::from(duration.subsec_micros()))
}

/// The time from `now` to `then`; zero when `then` has passed.
pub(crate) fn until(now: Timestamp, then: Timestamp) -> Duration {
    then.duration_since(now).try_into().unwrap_or(Duration::ZERO)
}

/// `start` plus `duration`, held at the end of time instead of overflowing.
pub(crate) fn after(start: Timestamp, duration: Duration) -> Timestamp {
    // By hand: jiff's own addition costs three times as much, and every delivery asks for the time twice.
    let nanoseconds = start.subsec_nanosecond() + duration.subsec_nanos() as i32;
    let carried = i64::from(nanoseconds / NANOSECONDS);
    let seconds = i64::try_from(duration.as_secs()).ok();
    let seconds = seconds.and_then(|seconds| start.as_second().checked_add(seconds)?.checked_add(carried));
    let end = seconds.and_then(|seconds| Timestamp::new(seconds, nanoseconds % NANOSECONDS).ok());
    end.unwrap_or(Timestamp::MAX)
}

const NANOSECONDS: i32 = 1_000_000_000;

/// The future of [`Clock::sleep`].
#[derive(Debug)]
#[must_use = "a sleep does nothing until it is awaited"]
pub struct Sleep(SleepInner);

#[derive(Debug)]
enum SleepInner {
    System(Pin<Box<tokio::time::Sleep>>),
    Manual(ManualSleep),
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            SleepInner::System(sleep) => sleep.as_mut().poll(context),
            SleepInner::Manual(sleep) => sleep.poll(context),
        }
    }
}

/// A clock that stands still until a test moves it.
///
/// ```
/// use std::time::Duration;
/// use event_runtime::ManualClock;
///
/// let manual = ManualClock::new("2026-01-01T00:00:00Z".parse()?);
/// let clock = manual.clock();
/// manual.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().to_string(), "2026-01-01T00:01:30Z");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Manual>>);

#[derive(Debug)]
struct Manual {
    now: Timestamp,
    next_id: u64,
    /// `None` until the sleeper was polled for the first time.
    sleepers: BTreeMap<(Timestamp, u64), Option<Waker>>,
}

impl ManualClock {
    /// A clock that shows `start`.
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Manual { now: start, next_id: 0, sleepers: BTreeMap::new() })))
    }

    /// The handle that the runtime's parts take.
    pub fn clock(&self) -> Clock {
        Clock(Inner::Manual(self.clone()))
    }

    /// The moment that the clock shows.
    pub fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// Moves the clock forward and wakes every sleeper whose time has come.
    pub fn advance(&self, duration: Duration) {
        let to = after(self.now(), duration);
        self.move_to(to);
    }

    /// Moves the clock to the earliest pending wake-up and returns the new time; `None`, and nothing moves,
    /// where nobody sleeps.
    pub fn advance_to_next(&self) -> Option<Timestamp> {
        let next = self.lock().sleepers.keys().next()?.0;
        self.move_to(next);
        Some(next)
    }

    /// How many sleeps are pending; a test waits for this instead of guessing when a task went to sleep.
    pub fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    fn move_to(&self, to: Timestamp) {
        let woken = {
            let mut manual = self.lock();
            let now = manual.now.max(to);
            manual.now = now;
            // All sleepers up to and including this moment are due.
            let later = manual.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut manual.sleepers, later)
        };
        for waker in woken.into_values().flatten() {
            waker.wake();
        }
    }

    fn register(&self, duration: Duration) -> ManualSleep {
        let mut manual = self.lock();
        let key = (after(manual.now, duration), manual.next_id);
        manual.next_id += 1;
        if key.0 > manual.now {
            manual.sleepers.insert(key, None);
        }
        ManualSleep { clock: self.clone(), key }
    }

    fn lock(&self) -> MutexGuard<'_, Manual> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct ManualSleep {
    clock: ManualClock,
    key: (Timestamp, u64),
}

impl ManualSleep {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match self.clock.lock().sleepers.get_mut(&self.key) {
            Some(waker) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        self.clock.lock().sleepers.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> ManualClock {
        ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_time_comes_and_not_before() {
        let manual = clock();
        let sleep = manual.clock().sleep(Duration::from_secs(10));
        let task = tokio::spawn(sleep);
        manual.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        manual.advance(Duration::from_secs(1));
        task.await.unwrap();
        assert_eq!(manual.sleepers(), 0);
    }

    #[test]
    fn a_moment_later_is_what_jiff_says_it_is() {
        for start in ["1969-12-31T23:59:58.7Z", "1970-01-01T00:00:00Z", "2026-01-01T00:00:00.999999999Z"] {
            let start: Timestamp = start.parse().unwrap();
            for duration in
                [0, 1, 300_000_000, 999_999_999, 1_300_000_001, 86_400_000_000_001].map(Duration::from_nanos)
            {
                assert_eq!(after(start, duration), start + duration, "{start} {duration:?}");
            }
            assert_eq!(after(start, Duration::MAX), Timestamp::MAX);
            assert_eq!(after(Timestamp::MAX, Duration::from_secs(1)), Timestamp::MAX);
        }
    }

    #[test]
    fn microseconds_are_those_of_the_steady_clock() {
        let manual = clock();
        manual.advance(Duration::from_nanos(1_500_001_999));
        assert_eq!(manual.clock().steady_micros(), manual.now().as_microsecond());
        let system = Clock::system();
        let (before, between, after) =
            (system.steady().as_microsecond(), system.steady_micros(), system.steady().as_microsecond());
        // A microsecond off: one counts from a start that has nanoseconds.
        assert!((before - 1..=after).contains(&between), "{before} {between} {after}");
    }

    #[tokio::test]
    async fn a_sleep_into_the_past_is_over_at_once() {
        let manual = clock();
        manual.clock().sleep_until(Timestamp::MIN).await;
        manual.clock().sleep_until_steady(i64::MIN).await;
        manual.clock().sleep(Duration::ZERO).await;
    }

    #[test]
    fn a_dropped_sleep_is_forgotten() {
        let manual = clock();
        drop(manual.clock().sleep(Duration::from_secs(5)));
        assert_eq!(manual.advance_to_next(), None);
    }
}
