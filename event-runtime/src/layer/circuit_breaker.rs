//! Not asking what is down.

mod circuit;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use metrics::{Counter, Gauge};

use crate::clock::Clock;
use crate::error::Failure;
use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

pub use circuit::CircuitState;
use circuit::{Admission, Circuit, Limits, Observation};

/// Payload types come from the wire: beyond this many, further ones share one circuit.
const MAX_CIRCUITS: usize = 1024;

const UNREGISTERED: &str = "unregistered";
const OTHER: &str = "other";
const ALL: &str = "all";

/// Stops handing out messages while too many handlers fail, and hands them back instead, uncounted.
///
/// | state | messages |
/// |---|---|
/// | closed | are handled. When at least the minimum volume came within the window, and the part of it that failed reaches the ratio, the circuit opens |
/// | open | are deferred for the rest of the open time, without an attempt being counted |
/// | half-open | as many as there are probes are handled at a time, the others deferred. When that many have succeeded, the circuit closes; the first failure opens it again |
///
/// A failure is a `Retry`, of the codes that [`counting`](Self::counting) lets through; `Ack` and `Discard` are successes;
/// dead letters and deferrals say nothing about what the handler needs, and are not counted. Place a
/// [`Timeout`](crate::layer::Timeout) further in: a handler that is dropped from outside is no observation. A message that
/// is retried after a failure waits by the consumer's backoff as ever.
///
/// A clone shares its circuits.
///
/// # Metrics
/// [`event_circuit_state`](Self::STATE), a gauge: 0 closed, 1 half-open, 2 open; [`event_circuit_opened_total`](Self::OPENED_TOTAL)
/// and [`event_circuit_deferred_total`](Self::DEFERRED_TOTAL), counters. Labels `circuit` (the name) and `payload_type` (`all`
/// where one circuit stands for all).
///
/// ```
/// use std::time::Duration;
/// use event_runtime::layer::{CircuitBreaker, Timeout};
/// use event_runtime::router::MessageRouter;
///
/// let router = MessageRouter::new()
///     .layer(CircuitBreaker::new("payment-provider").with_failure_ratio(0.5, 20).with_open_time(Duration::from_secs(60)))
///     .layer(Timeout::new(Duration::from_secs(10)));
/// ```
#[derive(Clone)]
pub struct CircuitBreaker {
    name: Arc<str>,
    limits: Limits,
    per_payload_type: bool,
    counting: Arc<dyn Fn(&Failure) -> bool + Send + Sync>,
    clock: Clock,
    circuits: Arc<Mutex<HashMap<String, Arc<Guarded>, RandomState>>>,
}

struct Guarded {
    circuit: Mutex<Circuit>,
    state: Gauge,
    opened: Counter,
    deferred: Counter,
}

impl CircuitBreaker {
    /// The state of each circuit: 0 closed, 1 half-open, 2 open.
    pub const STATE: &'static str = "event_circuit_state";

    /// How often circuits opened.
    pub const OPENED_TOTAL: &'static str = "event_circuit_opened_total";

    /// Messages that were handed back untried.
    pub const DEFERRED_TOTAL: &'static str = "event_circuit_deferred_total";

    /// One circuit over all payload types: open when half of at least 20 messages within 30 seconds failed, for 30
    /// seconds, with one probe. The name is for metrics: what the handlers need.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            limits: Limits {
                ratio: 0.5,
                volume: 20,
                window: Duration::from_secs(30),
                open: Duration::from_secs(30),
                probes: 1,
            },
            per_payload_type: false,
            counting: Arc::new(|_| true),
            clock: Clock::system(),
            circuits: Arc::default(),
        }
    }

    /// Opens when this part (above 0, up to 1) of at least `volume` messages within the window failed.
    #[must_use]
    pub fn with_failure_ratio(mut self, ratio: f64, volume: u32) -> Self {
        // Not a number is no ratio: then nothing less than all of them opens it.
        self.limits.ratio = if ratio.is_nan() { 1.0 } else { ratio.clamp(f64::EPSILON, 1.0) };
        self.limits.volume = volume.max(1);
        self
    }

    /// How far back outcomes count, in steps of a tenth of it.
    #[must_use]
    pub fn with_window(mut self, window: Duration) -> Self {
        self.limits.window = window;
        self
    }

    /// How long the circuit stays open before it is probed, at least a millisecond.
    #[must_use]
    pub fn with_open_time(mut self, open: Duration) -> Self {
        // Without one, what finds the probes' places taken would come back at full speed.
        self.limits.open = open.max(Duration::from_millis(1));
        self
    }

    /// How many messages probe a half-open circuit at a time, and have to succeed; at least 1.
    #[must_use]
    pub fn with_probes(mut self, probes: u32) -> Self {
        self.limits.probes = probes.max(1);
        self
    }

    /// A circuit for each payload type, where each needs something else.
    #[must_use]
    pub fn per_payload_type(mut self) -> Self {
        self.per_payload_type = true;
        self
    }

    /// Which failures of retried messages count; all unless set. The others are no observation.
    #[must_use]
    pub fn counting(mut self, failure: impl Fn(&Failure) -> bool + Send + Sync + 'static) -> Self {
        self.counting = Arc::new(failure);
        self
    }

    /// The same breaker by another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The state of a payload type's circuit, or of the only one. An open circuit whose time is over is half-open.
    pub fn state(&self, payload_type: &str) -> CircuitState {
        let name = if self.per_payload_type { payload_type } else { ALL };
        let circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.steady();
        circuits.get(name).map_or(CircuitState::Closed, |guarded| guarded.circuit().state(now))
    }

    fn circuit(&self, payload_type: &str, registered: impl FnOnce(&str) -> bool) -> Arc<Guarded> {
        let name = match self.per_payload_type {
            false => ALL,
            true if registered(payload_type) => payload_type,
            true => UNREGISTERED,
        };
        let mut circuits = self.circuits.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = circuits.get(name) {
            return known.clone();
        }
        let name = if circuits.len() >= MAX_CIRCUITS { OTHER } else { name };
        match circuits.entry(name.to_owned()) {
            Entry::Occupied(entry) => entry.get().clone(),
            Entry::Vacant(entry) => {
                let labels = [("circuit", self.name.to_string()), ("payload_type", name.to_owned())];
                let guarded = Guarded {
                    circuit: Mutex::new(Circuit::new(self.limits)),
                    state: metrics::gauge!(Self::STATE, &labels),
                    opened: metrics::counter!(Self::OPENED_TOTAL, &labels),
                    deferred: metrics::counter!(Self::DEFERRED_TOTAL, &labels),
                };
                guarded.state.set(f64::from(CircuitState::Closed as u8));
                entry.insert(Arc::new(guarded)).clone()
            }
        }
    }

    fn observe(&self, outcome: &Outcome) -> Observation {
        match outcome {
            Outcome::Ack | Outcome::Discard { .. } => Observation::Success,
            Outcome::Retry { failure, .. } if (self.counting)(failure) => Observation::Failure,
            Outcome::Retry { .. } | Outcome::DeadLetter { .. } | Outcome::Defer { .. } => Observation::None,
        }
    }

    async fn handle(&self, incoming: Incoming, next: Next<'_>) -> Outcome {
        let guarded = self.circuit(&incoming.message().metadata().payload_type, |name| {
            self.per_payload_type && next.has_handler(name)
        });
        let epoch = match guarded.change(self, |circuit| circuit.admit(self.clock.steady())) {
            Admission::Run { epoch } => epoch,
            Admission::Wait { after } => {
                guarded.deferred.increment(1);
                return Outcome::defer(after, format!("the circuit `{}` is open", self.name));
            }
        };
        let mut running = Running { breaker: self, guarded: &guarded, epoch, observation: Observation::None };
        let outcome = next.run(incoming).await;
        running.observation = self.observe(&outcome);
        outcome
    }
}

impl Guarded {
    fn circuit(&self) -> std::sync::MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the circuit, and tells metrics and log of another state.
    fn change<T>(&self, breaker: &CircuitBreaker, change: impl FnOnce(&mut Circuit) -> T) -> T {
        let (result, before, after) = {
            let mut circuit = self.circuit();
            let before = circuit.phase();
            let result = change(&mut circuit);
            (result, before, circuit.phase())
        };
        if before != after {
            self.state.set(f64::from(after as u8));
            if after == CircuitState::Open {
                self.opened.increment(1);
                tracing::warn!(circuit = %breaker.name, "too many failures: the circuit opens");
            } else {
                tracing::info!(circuit = %breaker.name, state = ?after, "the circuit changes");
            }
        }
        result
    }
}

/// A message that was let through. Dropped without an outcome, it is no observation and frees its place.
struct Running<'a> {
    breaker: &'a CircuitBreaker,
    guarded: &'a Guarded,
    epoch: u64,
    observation: Observation,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let now = self.breaker.clock.steady();
        self.guarded.change(self.breaker, |circuit| circuit.observe(now, self.epoch, self.observation));
    }
}

impl Layer for CircuitBreaker {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(self.handle(incoming, next))
    }
}

impl std::fmt::Debug for CircuitBreaker {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CircuitBreaker")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deferred_never_comes_back_at_once() {
        let breaker = CircuitBreaker::new("a").with_failure_ratio(1.0, 1).with_open_time(Duration::ZERO);
        let (mut circuit, now) = (Circuit::new(breaker.limits), jiff::Timestamp::UNIX_EPOCH);
        assert!(matches!(circuit.admit(now), Admission::Run { .. }));
        circuit.observe(now, 0, Observation::Failure);
        assert_eq!(circuit.admit(now), Admission::Wait { after: Duration::from_millis(1) });
    }
}
