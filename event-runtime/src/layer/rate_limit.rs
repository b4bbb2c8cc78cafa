//! No more than so many in so much time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::clock::{Clock, after, until};
use crate::envelope::Message;
use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Full buckets are forgotten when there are twice as many as after the last time, and at least so many.
const SWEEP_FROM: usize = 1024;

/// Lets handlers start no faster than a rate; messages wait for their turn in the order in which they came.
///
/// It is a token bucket: it holds `burst` tokens, each message takes one, and tokens come back at the rate. So the first
/// `burst` messages start at once, and in any interval start at most the rate's number and the burst together; a burst
/// of 1 spaces them evenly.
///
/// A message that waits is leased, counts as in flight, and takes one of the consumer's places: for a limit by key, a
/// [longest wait](Self::with_max_wait) hands back what would block the others. It is handed back as well when it is cancelled
/// while it waits (a drain, a lost lease). Neither counts as an attempt; a message that is cancelled while others wait behind it
/// leaves its turn unused.
///
/// The limit holds in this process: `n` processes together handle `n` times as many. A clone shares the bucket.
///
/// ```
/// use std::time::Duration;
/// use event_runtime::layer::RateLimit;
/// use event_runtime::router::MessageRouter;
///
/// let all = RateLimit::new(50, Duration::from_secs(1));
/// let by_tenant = RateLimit::new(600, Duration::from_secs(60))
///     .with_burst(10)
///     .per_key(|message| message.metadata().tenant_id.clone())
///     .with_max_wait(Duration::from_secs(1));
/// let router = MessageRouter::new().layer(all).layer(by_tenant);
/// ```
#[derive(Clone)]
pub struct RateLimit {
    /// The time in which one token comes back.
    spacing: Duration,
    burst: u32,
    max_wait: Duration,
    key: Option<KeyFunction>,
    clock: Clock,
    buckets: Arc<Mutex<Buckets>>,
}

type KeyFunction = Arc<dyn Fn(&Message) -> Option<String> + Send + Sync>;

#[derive(Default)]
struct Buckets {
    by_key: HashMap<String, Bucket, RandomState>,
    swept: usize,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// When it will be full again.
    full_at: Timestamp,
    /// When the next message that is handed back is to return: one after the other, or they would all come at once.
    next_return: Timestamp,
}

impl RateLimit {
    /// At most `count` starts (at least 1) in each `interval`, after a burst of as many. Messages wait up to 30 seconds.
    pub fn new(count: u32, interval: Duration) -> Self {
        let count = count.max(1);
        Self {
            spacing: interval / count,
            burst: count,
            max_wait: Duration::from_secs(30),
            key: None,
            clock: Clock::system(),
            buckets: Arc::default(),
        }
    }

    /// How many may start at once after a pause, at least 1.
    #[must_use]
    pub fn with_burst(mut self, burst: u32) -> Self {
        self.burst = burst.max(1);
        self
    }

    /// A bucket for each key. A message for which the function gives none is not limited.
    #[must_use]
    pub fn per_key<K: Into<String>>(
        mut self,
        key: impl Fn(&Message) -> Option<K> + Send + Sync + 'static,
    ) -> Self {
        self.key = Some(Arc::new(move |message| key(message).map(K::into)));
        self
    }

    /// How long a message waits here at most; one whose turn is later is handed back until then, several at the rate,
    /// one after the other. Keep it below the time for which a message may be leased.
    #[must_use]
    pub fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// The same limit by another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    fn key_of(&self, message: &Message) -> Option<String> {
        match &self.key {
            Some(key) => key(message),
            None => Some(String::new()),
        }
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a token that is there or will be within the longest wait, and says how long that is and when the bucket will
    /// be full with it taken; otherwise says when the message is to come again.
    fn take(&self, key: &str) -> Result<(Duration, Timestamp), Duration> {
        let now = self.clock.steady();
        let mut buckets = self.buckets();
        let bucket = buckets.bucket(key, now);
        let full_at = bucket.full_at.max(now);
        // Empty, the bucket is full again after `burst` spacings; the last token is there one spacing earlier.
        let wait = until(now, full_at).saturating_sub(self.spacing.saturating_mul(self.burst - 1));
        if wait > self.max_wait {
            let returns = bucket.next_return.max(after(now, wait));
            bucket.next_return = after(returns, self.spacing);
            return Err(until(now, returns));
        }
        bucket.full_at = after(full_at, self.spacing);
        Ok((wait, bucket.full_at))
    }

    /// Gives the turn back that was taken last. An earlier one stays taken: those behind it keep theirs, and what comes
    /// next would share one with the last of them.
    fn give_back(&self, key: &str, turn: Timestamp) {
        let mut buckets = self.buckets();
        if let Some(bucket) = buckets.by_key.get_mut(key).filter(|bucket| bucket.full_at == turn) {
            let spacing = jiff::SignedDuration::try_from(self.spacing).unwrap_or(jiff::SignedDuration::MAX);
            bucket.full_at = bucket.full_at.checked_sub(spacing).unwrap_or(Timestamp::MIN);
        }
    }

    async fn handle(&self, incoming: Incoming, next: Next<'_>) -> Outcome {
        let Some(key) = self.key_of(incoming.message()) else { return next.run(incoming).await };
        let (wait, turn) = match self.take(&key) {
            Ok(taken) => taken,
            Err(wait) => return Outcome::defer(wait, "its turn under the rate limit comes later"),
        };
        if !wait.is_zero() {
            let mut token = Token { limit: self, key: &key, turn, taken: false };
            tokio::select! {
                biased;
                () = self.clock.sleep(wait) => token.taken = true,
                () = incoming.cancellation().cancelled() => {
                    return Outcome::defer(Duration::ZERO, "cancelled while it waited under the rate limit");
                }
            }
        }
        next.run(incoming).await
    }
}

/// A token that is waited for; dropped before its time, it goes back where it was the last one taken.
struct Token<'a> {
    limit: &'a RateLimit,
    key: &'a str,
    turn: Timestamp,
    taken: bool,
}

impl Drop for Token<'_> {
    fn drop(&mut self) {
        if !self.taken {
            self.limit.give_back(self.key, self.turn);
        }
    }
}

impl Buckets {
    fn bucket(&mut self, key: &str, now: Timestamp) -> &mut Bucket {
        if !self.by_key.contains_key(key) && self.by_key.len() >= (self.swept * 2).max(SWEEP_FROM) {
            self.by_key.retain(|_, bucket| bucket.full_at > now || bucket.next_return > now);
            self.swept = self.by_key.len();
        }
        self.by_key.entry(key.to_owned()).or_insert(Bucket { full_at: now, next_return: now })
    }
}

impl Layer for RateLimit {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.handle(incoming, next))
    }
}

impl std::fmt::Debug for RateLimit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("RateLimit")
            .field("spacing", &self.spacing)
            .field("burst", &self.burst)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn limit(clock: &ManualClock) -> RateLimit {
        RateLimit::new(10, Duration::from_secs(1)).with_clock(clock.clock())
    }

    fn clock() -> ManualClock {
        ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap())
    }

    const TENTH: Duration = Duration::from_millis(100);

    #[test]
    fn a_burst_starts_at_once_and_the_rest_at_the_rate() {
        let clock = clock();
        let limit = limit(&clock).with_burst(3);
        let waits: Vec<_> = (0..6).map(|_| limit.take("a").unwrap().0).collect();
        assert_eq!(waits, [0, 0, 0, 1, 2, 3].map(|tenths| TENTH * tenths));
        clock.advance(Duration::from_secs(60));
        assert_eq!(
            (0..4).map(|_| limit.take("a").unwrap().0).collect::<Vec<_>>()[2..],
            [Duration::ZERO, TENTH]
        );
    }

    #[test]
    fn a_turn_that_is_too_far_away_takes_no_token() {
        let clock = clock();
        let limit = limit(&clock).with_burst(1).with_max_wait(TENTH);
        let wait = |key| limit.take(key).map(|(wait, _)| wait);
        assert_eq!(wait("a"), Ok(Duration::ZERO));
        let (second, turn) = limit.take("a").unwrap();
        assert_eq!(second, TENTH);
        // One comes again when there is a token, the others after it, one by one.
        assert_eq!((wait("a"), wait("a"), wait("a")), (Err(TENTH * 2), Err(TENTH * 3), Err(TENTH * 4)));
        assert_eq!(wait("b"), Ok(Duration::ZERO));
        limit.give_back("a", turn);
        assert_eq!(wait("a"), Ok(TENTH));
    }

    #[test]
    fn what_is_handed_back_returns_at_the_rate() {
        let clock = clock();
        let limit = limit(&clock).with_burst(1).with_max_wait(Duration::ZERO);
        let start = clock.now();
        let mut returns: Vec<_> = (0..100).filter_map(|_| limit.take("a").err()).collect();
        assert_eq!(returns.len(), 99);
        let mut started = 1;
        while let Some(first) = returns.iter().min().copied() {
            assert!(returns.iter().filter(|due| **due < first + TENTH).count() == 1, "a burst comes back");
            clock.advance(until(clock.now(), after(start, first)));
            returns.retain(|due| *due != first);
            started += usize::from(limit.take("a").is_ok());
        }
        assert_eq!(started, 100, "each comes again once, when its turn has come");
    }

    #[test]
    fn a_turn_that_is_given_back_before_others_leaves_them_theirs_alone() {
        let clock = clock();
        let limit = limit(&clock).with_burst(1);
        let turns: Vec<_> = (0..4).map(|_| limit.take("a").unwrap()).collect();
        limit.give_back("a", turns[1].1);
        // The fourth message starts after three tenths: nobody else does.
        assert_eq!(limit.take("a").unwrap().0, TENTH * 4);
    }

    #[test]
    fn keys_whose_buckets_are_full_are_forgotten() {
        let clock = clock();
        let limit = limit(&clock);
        for round in 0..5 {
            for key in 0..SWEEP_FROM {
                limit.take(&format!("{round}-{key}")).unwrap();
            }
            clock.advance(Duration::from_secs(1));
        }
        assert!(limit.buckets().by_key.len() <= SWEEP_FROM, "{}", limit.buckets().by_key.len());
    }
}
