//! Records in memory: for tests, and for consumers whose effects end with the process.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::clock::{Clock, after, until};
use crate::idempotency::{
    Claim, ClaimOutcome, ClaimRequest, ClaimToken, IdempotencyError, IdempotencyErrorKind, IdempotencyStore,
    PayloadDigest,
};

/// How many records past their time one claim clears away.
const CLEARED_AT_ONCE: usize = 64;

/// Keeps records in this process: bounded, and gone with it.
///
/// It suppresses the duplicates that come while the process lives, and not those that come after a restart; nor
/// does it see the death of the process, so a [`PoisonGuard`](crate::layer::PoisonGuard) needs another store.
///
/// At most as many records are kept as asked for. A new one takes the place of the completed record whose retention
/// ends first, whose duplicates are then handled again, counted by [`Self::DROPPED_TOTAL`]; where every record is a
/// claim, the new claim fails with [`Full`](IdempotencyErrorKind::Full). A clone shares the records.
///
/// ```
/// use event_runtime::idempotency::InMemoryIdempotencyStore;
/// use event_runtime::layer::Idempotent;
/// use event_runtime::router::MessageRouter;
///
/// let store = InMemoryIdempotencyStore::new(100_000);
/// let router = MessageRouter::new().layer(Idempotent::new(store, "billing"));
/// ```
#[derive(Clone)]
pub struct InMemoryIdempotencyStore {
    records: Arc<Mutex<Records>>,
    clock: Clock,
}

type Key = (Arc<str>, Arc<str>);

struct Records {
    capacity: usize,
    by_key: HashMap<Key, Record, RandomState>,
    /// Every record once, by the end of its retention.
    by_end: BTreeMap<(Timestamp, u64), Key>,
    next_number: u64,
}

struct Record {
    digest: PayloadDigest,
    generation: u32,
    abandoned: u32,
    phase: Phase,
    end: (Timestamp, u64),
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    Released,
    Claimed { token: ClaimToken, until: Timestamp },
    Completed { token: ClaimToken },
}

impl InMemoryIdempotencyStore {
    /// Counts completed records that made room for others before their time.
    pub const DROPPED_TOTAL: &'static str = "event_idempotency_records_dropped_total";

    /// A store of at most `capacity` records, at least one, by the system's clock.
    pub fn new(capacity: usize) -> Self {
        let records = Records {
            capacity: capacity.max(1),
            by_key: HashMap::default(),
            by_end: BTreeMap::new(),
            next_number: 0,
        };
        Self { records: Arc::new(Mutex::new(records)), clock: Clock::system() }
    }

    /// The same store by another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many records there are, those past their time included until they are cleared away.
    pub fn len(&self) -> usize {
        self.records().by_key.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IdempotencyStore for InMemoryIdempotencyStore {
    async fn claim(&self, request: &ClaimRequest) -> Result<ClaimOutcome, IdempotencyError> {
        let now = self.clock.steady();
        self.records().claim(request, now)
    }

    async fn renew(&self, claim: &Claim, ttl: Duration) -> Result<(), IdempotencyError> {
        let now = self.clock.steady();
        self.records().change(claim, |phase, end| match phase {
            Phase::Claimed { token, until: ends } => {
                let renewed = after(now, ttl);
                let end = after(renewed, until(ends, end));
                Some((Phase::Claimed { token, until: renewed }, end))
            }
            _ => None,
        })
    }

    async fn complete(&self, claim: &Claim, retention: Duration) -> Result<(), IdempotencyError> {
        let end = after(self.clock.steady(), retention);
        self.records().change(claim, |_, _| Some((Phase::Completed { token: claim.token }, end)))
    }

    async fn release(&self, claim: &Claim) -> Result<(), IdempotencyError> {
        let mut records = self.records();
        records.change(claim, |phase, end| match phase {
            Phase::Claimed { .. } => Some((Phase::Released, end)),
            _ => None,
        })?;
        records.forget_blank(claim);
        Ok(())
    }
}

impl Records {
    fn claim(&mut self, request: &ClaimRequest, now: Timestamp) -> Result<ClaimOutcome, IdempotencyError> {
        self.clear(now);
        let key = key_of(&request.claim);
        let mut abandoned = 0;
        if let Some(record) = self.by_key.get(&key) {
            match record.standing(request, now) {
                Standing::Free { abandoned: count } => abandoned = count,
                Standing::Taken(outcome) => return Ok(outcome),
            }
            self.remove(&key);
        }
        self.make_room()?;
        let until = after(now, request.ttl);
        self.insert(key, after(until, request.retention), |end| Record {
            digest: request.digest,
            generation: request.generation,
            abandoned,
            phase: Phase::Claimed { token: request.claim.token, until },
            end,
        });
        Ok(ClaimOutcome::Claimed { abandoned })
    }

    /// Changes the record that the claim's token holds, to another phase and another end.
    fn change(
        &mut self,
        claim: &Claim,
        to: impl FnOnce(Phase, Timestamp) -> Option<(Phase, Timestamp)>,
    ) -> Result<(), IdempotencyError> {
        let key = key_of(claim);
        let record = self.by_key.get(&key).filter(|record| record.token() == Some(claim.token));
        let changed = record.and_then(|record| to(record.phase, record.end.0));
        let (phase, end) = changed.ok_or_else(IdempotencyError::claim_lost)?;
        if let Some(record) = self.remove(&key) {
            self.insert(key, end, |end| Record { phase, end, ..record });
        }
        Ok(())
    }

    fn forget_blank(&mut self, claim: &Claim) {
        let key = key_of(claim);
        let blank = |record: &Record| record.phase == Phase::Released && record.abandoned == 0;
        if self.by_key.get(&key).is_some_and(blank) {
            self.remove(&key);
        }
    }

    fn insert(&mut self, key: Key, end: Timestamp, record: impl FnOnce((Timestamp, u64)) -> Record) {
        let end = (end, self.next_number);
        self.next_number += 1;
        self.by_end.insert(end, key.clone());
        self.by_key.insert(key, record(end));
    }

    fn remove(&mut self, key: &Key) -> Option<Record> {
        let record = self.by_key.remove(key)?;
        self.by_end.remove(&record.end);
        Some(record)
    }

    fn clear(&mut self, now: Timestamp) {
        for _ in 0..CLEARED_AT_ONCE {
            let Some(entry) = self.by_end.first_entry().filter(|entry| entry.key().0 <= now) else { return };
            let key = entry.remove();
            self.by_key.remove(&key);
        }
    }

    fn make_room(&mut self) -> Result<(), IdempotencyError> {
        if self.by_key.len() < self.capacity {
            return Ok(());
        }
        let held =
            |key: &Key| matches!(self.by_key.get(key), Some(Record { phase: Phase::Claimed { .. }, .. }));
        let Some(key) = self.by_end.values().find(|key| !held(key)).cloned() else {
            let text = format!(
                "all {} records are claims: give the store room for more than the messages in flight",
                self.capacity
            );
            return Err(IdempotencyError::new(IdempotencyErrorKind::Full, text));
        };
        self.remove(&key);
        metrics::counter!(InMemoryIdempotencyStore::DROPPED_TOTAL).increment(1);
        Ok(())
    }
}

enum Standing {
    Free { abandoned: u32 },
    Taken(ClaimOutcome),
}

impl Record {
    fn token(&self) -> Option<ClaimToken> {
        match self.phase {
            Phase::Released => None,
            Phase::Claimed { token, .. } | Phase::Completed { token } => Some(token),
        }
    }

    fn standing(&self, request: &ClaimRequest, now: Timestamp) -> Standing {
        let same = self.digest == request.digest;
        let earlier = if same && self.generation == request.generation { self.abandoned } else { 0 };
        match self.phase {
            _ if self.end.0 <= now => Standing::Free { abandoned: 0 },
            Phase::Released => Standing::Free { abandoned: earlier },
            Phase::Claimed { token, .. } if token == request.claim.token => {
                Standing::Free { abandoned: earlier }
            }
            Phase::Claimed { until: ends, .. } if ends <= now => {
                let counts = same && self.generation == request.generation;
                Standing::Free { abandoned: earlier.saturating_add(u32::from(counts)) }
            }
            Phase::Claimed { until: ends, .. } if same => {
                Standing::Taken(ClaimOutcome::InProgress { remaining: until(now, ends) })
            }
            Phase::Completed { .. } if same => Standing::Taken(ClaimOutcome::Completed),
            Phase::Claimed { .. } | Phase::Completed { .. } => Standing::Taken(ClaimOutcome::Mismatch),
        }
    }
}

fn key_of(claim: &Claim) -> Key {
    (claim.handler.clone(), claim.key.clone())
}

impl fmt::Debug for InMemoryIdempotencyStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InMemoryIdempotencyStore")
            .field("records", &self.len())
            .finish_non_exhaustive()
    }
}
