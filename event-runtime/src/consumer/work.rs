//! The workers: one attempt after another, each from the decoded message to its verdict.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::clock::until;
use crate::consumer::OnExhausted;
use crate::consumer::dead_letter::{DeadLetterRecord, wrap};
use crate::consumer::engine::Engine;
use crate::consumer::job::{Attempt, Verdict};
use crate::envelope::{Context, Message};
use crate::error::{Failure, FailureCode};
use crate::handler::{Cancellation, Incoming};
use crate::layer::{catch_panic, unless_panicked};
use crate::outcome::Outcome;
use crate::transport::{DynDeadLetterSink, ProduceError, ProduceErrorKind};

pub(crate) async fn work(engine: Arc<Engine>) {
    // One for all attempts of this worker, as long as no handler keeps it.
    let mut cancellation = Cancellation::ready();
    while let Some(attempt) = engine.next_attempt(&cancellation).await {
        // Those whom the last decision and this start woke: the settler, a receiver, the next worker.
        give_way().await;
        let verdict = handle(&engine, &attempt).await;
        engine.decide(attempt.id, verdict);
        drop(attempt);
        cancellation.renew();
    }
}

/// Lets other tasks run first, those that this one woke before all.
///
/// A multi-threaded runtime keeps the task that was woken last for the thread that woke it, out of the other
/// threads' reach: it would stand still for as long as a handler blocks that thread. Tokio's own `yield_now`
/// defers a task in the same way.
pub(crate) async fn give_way() {
    let mut given = false;
    poll_fn(|context| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn handle(engine: &Engine, attempt: &Attempt) -> Verdict {
    if let Some(after) = delayed(engine, attempt) {
        return Verdict::Defer { after };
    }
    let message = match &attempt.message {
        Ok(message) => message,
        Err(undecodable) => return give_up(engine, attempt, undecodable.failure.clone()).await,
    };
    let incoming = Incoming::new(message.clone())
        .with_attempt(attempt.number)
        .with_cancellation(attempt.cancellation.clone());
    // Inside an async block: an endpoint that panics before it returns its future is caught too.
    let handled = Context::new(message.clone()).scope(async {
        match in_scope(engine, message).await {
            Ok(()) => engine.endpoint.handle(incoming).await,
            Err(failure) => Outcome::DeadLetter { failure },
        }
    });
    match catch_panic(handled).await {
        Outcome::Ack => {
            engine.counts.acknowledged.add(1);
            Verdict::Remove
        }
        Outcome::Retry { after, failure } => retry(engine, attempt, after, failure).await,
        Outcome::Defer { after, reason } => {
            tracing::info!(source = %engine.info.name, id = attempt.event_id(), ?after, reason, "message handed back untried");
            Verdict::Defer { after }
        }
        Outcome::DeadLetter { failure } => give_up(engine, attempt, failure).await,
        Outcome::Discard { reason } => discard(engine, attempt, &reason),
    }
}

/// How long a message that came early is still to be kept back.
fn delayed(engine: &Engine, attempt: &Attempt) -> Option<Duration> {
    let left = until(engine.clock.now(), attempt.delayed_until?);
    (!left.is_zero()).then_some(left)
}

async fn in_scope(engine: &Engine, message: &Message) -> Result<(), Failure> {
    let Some(scope) = &engine.scope else { return Ok(()) };
    scope.check(message).await.map_err(|denied| Failure::new(FailureCode::ScopeDenied, denied.to_string()))
}

async fn retry(engine: &Engine, attempt: &Attempt, after: Option<Duration>, failure: Failure) -> Verdict {
    let number = attempt.number;
    if number >= engine.settings.max_attempts {
        return give_up(engine, attempt, failure).await;
    }
    engine.counts.retried.add(1);
    let after = after.unwrap_or_else(|| engine.settings.backoff.random_delay(number));
    tracing::info!(
        source = %engine.info.name, id = attempt.event_id(), attempt = number, code = %failure.code, ?after,
        "attempt failed; the message is tried again"
    );
    Verdict::Retry { after }
}

/// Stores a dead letter, or discards where the consumer is set to.
async fn give_up(engine: &Engine, attempt: &Attempt, failure: Failure) -> Verdict {
    let sink = match (&engine.dead_letters, engine.settings.on_exhausted) {
        (Some(sink), OnExhausted::DeadLetter) => sink,
        _ => return discard(engine, attempt, &failure.to_string()),
    };
    store(engine, attempt, failure, sink.as_ref()).await
}

async fn store(
    engine: &Engine,
    attempt: &Attempt,
    failure: Failure,
    sink: &dyn DynDeadLetterSink,
) -> Verdict {
    let code = failure.code;
    let attempts = attempt.number;
    let Some(job) = engine.job(attempt.id) else {
        // Cut off by the drain and released meanwhile: whoever gets it next decides.
        return Verdict::Retry { after: Duration::ZERO };
    };
    let handler = attempt.message.as_ref().ok().map(|message| message.metadata().payload_type.to_string());
    let record = DeadLetterRecord {
        error: failure,
        attempts,
        first_received_at: job.first_received_at,
        failed_at: engine.clock.now(),
        handler,
        source: engine.info.name.clone(),
    };
    // The broker's own id tells a redriven message from what it was before: with the event's id alone, or the
    // attempts, the second letter within five minutes would be dropped as a duplicate, and its original removed.
    let deduplication_id = format!("{}:{}", attempt.event_id(), job.transport_id);
    let stored = unless_panicked(async {
        let letter = wrap(job.body, job.attributes, &record, job.group, deduplication_id, sink.limits());
        sink.store(letter).await
    });
    let panicked = |_| Err(ProduceError::new(ProduceErrorKind::Unavailable, "the dead-letter sink panicked"));
    match stored.await.unwrap_or_else(panicked) {
        Ok(()) => {
            engine.counts.dead_lettered.add(1);
            tracing::warn!(
                source = %engine.info.name, id = attempt.event_id(), attempts, %code, destination = sink.name(),
                "message stored as a dead letter"
            );
            Verdict::Remove
        }
        Err(error) => {
            engine.counts.retried.add(1);
            tracing::error!(
                source = %engine.info.name, id = attempt.event_id(), %code, destination = sink.name(), %error,
                "dead letter not stored; the message stays and is tried again"
            );
            Verdict::Retry { after: engine.settings.backoff.random_delay(attempts) }
        }
    }
}

fn discard(engine: &Engine, attempt: &Attempt, reason: &str) -> Verdict {
    engine.counts.discarded.add(1);
    tracing::warn!(source = %engine.info.name, id = attempt.event_id(), reason, "message discarded");
    Verdict::Remove
}
