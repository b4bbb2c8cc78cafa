//! The consumer engine: everything between a source and a handler.
//!
//! It owns concurrency, order, leases, retries, dead letters and draining, for every transport alike; a
//! [`Source`](crate::transport::Source) only receives, settles and extends. What a handler decides is an
//! [`Outcome`](crate::outcome::Outcome); what becomes of it is here.
//!
//! **Order.** On a broker that orders (FIFO groups), and with [`Order::PerKey`] on any other, the next message
//! of a key starts when the outcome of the previous one is decided. A message that is to be retried keeps its
//! place: it and the rest of its key stay leased in this process until its next attempt, unless that is
//! further away than [`ConsumerSettings::max_lease`] or half of [`ConsumerSettings::max_messages`] waits
//! already; then all of them go back to the broker. A dead letter unblocks its key.
//!
//! **Nothing is lost.** A message is removed only after its handler succeeded, after its dead letter was
//! stored, or when somebody asked to discard it. Everything else comes again.

mod backoff;
mod dead_letter;
mod engine;
mod error;
mod health;
mod held;
mod in_flight;
mod job;
mod lease;
mod receive;
pub mod repair;
mod report;
mod schedule;
mod scope;
mod settings;
mod settle;
mod settlements;
mod work;

pub use backoff::Backoff;
pub use dead_letter::{DeadLetterRecord, Original, unwrap, wrap};
pub use error::{ConsumerError, ConsumerErrorKind};
pub use health::{Health, Status};
pub use report::RunReport;
pub use scope::{ScopeDenied, ScopeValidator};
pub use settings::{ConsumerSettings, OnExhausted, Order};

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::consumer::engine::{Engine, Parts};
use crate::consumer::health::HealthCell;
use crate::consumer::scope::Scope;
use crate::handler::Endpoint;
use crate::transport::{DynDeadLetterSink, DynSource, SourceInfo};

/// How long tasks that were told to end are waited for.
const ENDING: Duration = Duration::from_millis(100);

/// Receives from one source and hands its messages to an endpoint.
///
/// Cloning is cheap; clones share the run and its [`Health`].
#[derive(Clone)]
pub struct Consumer {
    source: Arc<dyn DynSource>,
    settings: ConsumerSettings,
    dead_letters: Option<Arc<dyn DynDeadLetterSink>>,
    scope: Scope,
    clock: Clock,
    health: Arc<HealthCell>,
    current: Arc<Mutex<Option<Arc<Engine>>>>,
}

impl Consumer {
    /// A consumer of `source` with default settings.
    pub fn new(source: impl DynSource) -> Self {
        Self::from_shared(Arc::new(source))
    }

    /// A consumer of a source that is shared, or chosen at run time.
    pub fn from_shared(source: Arc<dyn DynSource>) -> Self {
        Self {
            source,
            settings: ConsumerSettings::default(),
            dead_letters: None,
            scope: None,
            clock: Clock::system(),
            health: Arc::default(),
            current: Arc::default(),
        }
    }

    /// The same consumer with other settings.
    #[must_use]
    pub fn with_settings(mut self, settings: ConsumerSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Where dead letters go; without it, where the queue's own redrive policy points.
    #[must_use]
    pub fn with_dead_letters(self, sink: impl DynDeadLetterSink) -> Self {
        self.with_shared_dead_letters(Arc::new(sink))
    }

    /// [`Consumer::with_dead_letters`] for a sink that is shared, or chosen at run time.
    #[must_use]
    pub fn with_shared_dead_letters(mut self, sink: Arc<dyn DynDeadLetterSink>) -> Self {
        self.dead_letters = Some(sink);
        self
    }

    /// Asks `validator` about every message before it is routed.
    #[must_use]
    pub fn with_scope(mut self, validator: impl ScopeValidator) -> Self {
        self.scope = Some(Arc::new(validator));
        self
    }

    /// The clock for backoffs, leases, delays and deadlines.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How the consumer fares, for a readiness probe.
    pub fn health(&self) -> Health {
        let engine = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.health.snapshot(engine.map_or(0, |engine| engine.in_flight()))
    }

    /// Receives and handles until `shutdown` completes, then drains: it stops receiving, waits for the
    /// receives in flight and gives their messages back, gives back what has not started, lets handlers
    /// finish, flushes every settlement, and waits for what [layers](crate::Layer::drained) left to do, all within [`ConsumerSettings::drain_deadline`]. Handlers see
    /// their cancellation token at four fifths of it and are cut off at nine tenths; their messages are
    /// released.
    ///
    /// # Errors
    /// [`ConsumerErrorKind::Startup`] with every problem at once, before the first receive;
    /// [`ConsumerErrorKind::Source`] where the queue can't be described, or fails for good later (what runs is
    /// drained first); [`ConsumerErrorKind::AlreadyRunning`].
    ///
    /// # Cancel safety
    /// Dropping the future stops everything at once. Nothing is lost: what was not settled is handed out again
    /// when its lease ends.
    pub async fn run(
        &self,
        endpoint: impl Endpoint,
        shutdown: impl Future<Output = ()>,
    ) -> Result<RunReport, ConsumerError> {
        let info = self.source.describe().await.map_err(ConsumerError::source)?;
        let parts = self.check(info, Arc::new(endpoint))?;
        let engine = Engine::new(parts);
        let _running = self.occupy(&engine)?;

        let mut receivers = JoinSet::new();
        let mut workers = JoinSet::new();
        let mut keepers = JoinSet::new();
        for _ in 0..engine.settings.receivers {
            receivers.spawn(receive::receive(engine.clone(), self.health.clone()));
        }
        for _ in 0..engine.settings.concurrency {
            workers.spawn(work::work(engine.clone()));
        }
        keepers.spawn(settle::settle(engine.clone()));
        keepers.spawn(lease::keep_leases(engine.clone()));
        keepers.spawn(lease::end_backoffs(engine.clone()));
        self.health.set(Status::Running);

        tokio::select! {
            () = shutdown => {}
            () = engine.draining.cancelled() => {}
        }
        self.health.set(Status::Draining);
        drain(&engine, &mut receivers, &mut workers).await;
        end(receivers).await;
        end(keepers).await;
        match engine.take_failure() {
            Some(error) => Err(ConsumerError::source(error)),
            None => Ok(engine.counts.report(engine.in_flight())),
        }
    }

    /// Start-up: everything that can't work, at once.
    fn check(&self, info: SourceInfo, endpoint: Arc<dyn Endpoint>) -> Result<Parts, ConsumerError> {
        let settings = self.settings.clone();
        let mut problems = settings.problems();
        problems.extend(endpoint.problems());
        let redrive = info.redrive.as_ref();
        let dead_letters = self.dead_letters.clone().or(redrive.map(|redrive| redrive.destination.clone()));
        if dead_letters.is_none() && settings.on_exhausted == OnExhausted::DeadLetter {
            problems.push(format!(
                "`{}` has no dead-letter destination: configure one, give the queue a redrive policy, or set \
                 `on_exhausted` to `discard`",
                info.name
            ));
        }
        if info.lease.is_some_and(|lease| lease.is_zero()) {
            problems.push(format!(
                "`{}` leases messages for no time: give it a visibility timeout longer than a handler takes",
                info.name
            ));
        }
        if let Some(redrive) = redrive {
            if redrive.max_receive_count < settings.max_attempts {
                problems.push(format!(
                    "the redrive policy of `{}` moves a message away after {} receives, before its {} attempts \
                     are used up: raise `maxReceiveCount` or lower `requeue_max_retries`",
                    info.name, redrive.max_receive_count, settings.max_attempts
                ));
            }
            if let Some(sink) = &self.dead_letters {
                tracing::warn!(
                    source = %info.name, configured = sink.name(), redrive = redrive.destination.name(),
                    "dead letters are configured and the queue has a redrive policy too: handled failures go to \
                     the first, what the broker gives up on to the second"
                );
            }
        }
        let scope = self.scope.clone().filter(|_| !settings.without_scope);
        if scope.is_none() {
            tracing::info!(source = %info.name, "messages of every tenant are handled: no scope validator is asked");
        }
        if !problems.is_empty() {
            return Err(ConsumerError::startup(problems));
        }
        Ok(Parts {
            source: self.source.clone(),
            info,
            endpoint,
            dead_letters,
            scope,
            settings,
            clock: self.clock.clone(),
        })
    }

    /// Takes the consumer's one place for a run.
    fn occupy(&self, engine: &Arc<Engine>) -> Result<Running, ConsumerError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.is_some() {
            return Err(ConsumerError::already_running());
        }
        *current = Some(engine.clone());
        Ok(Running { consumer: self.clone() })
    }
}

/// Frees the consumer's place, however the run ends.
struct Running {
    consumer: Consumer,
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.consumer.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.consumer.health.set(Status::Stopped);
    }
}

/// Brings a run to its end within its deadline.
async fn drain(engine: &Engine, receivers: &mut JoinSet<()>, workers: &mut JoinSet<()>) {
    let deadline = engine.settings.drain_deadline;
    let share = |twentieths: u32| engine.clock.sleep(deadline / 20 * twentieths);
    let (cancel, cut_off, release, end) = (share(16), share(18), share(19), share(20));
    engine.drain();
    engine.hand_back_waiting();
    let finished = async {
        joined(receivers).await;
        joined(workers).await;
        engine.flushed().await;
        engine.drained().await;
    };
    tokio::select! {
        () = finished => return,
        () = async { cancel.await; engine.cancel_running(); cut_off.await } => {}
    }
    // Receives and settlements go on; only the handlers end.
    workers.abort_all();
    let released = async {
        tokio::select! {
            () = joined(workers) => {}
            // A handler that blocks its thread can't be ended, and holds up nobody else's message.
            () = release => {}
        }
        engine.release_cut_off();
        let flushed = async {
            joined(receivers).await;
            engine.flushed().await;
        };
        // Side by side: little time is left.
        tokio::join!(flushed, engine.drained());
    };
    tokio::select! {
        () = released => {}
        () = end => {}
    }
}

/// Ends tasks, those too that outlived the deadline; one that can't be ended, on a thread that a handler blocks, is
/// left to its thread.
async fn end(mut tasks: JoinSet<()>) {
    tasks.abort_all();
    // Real time, whatever the engine's clock: what can be ended ends in no time.
    let _ = tokio::time::timeout(ENDING, joined(&mut tasks)).await;
}

async fn joined(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}
