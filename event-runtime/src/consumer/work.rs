//! The workers: one attempt after another, each from the decoded message to its verdict.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use crate::clock::until;
use crate::consumer::OnExhausted;
use crate::consumer::dead_letter::{DeadLetterRecord, wrap};
use crate::consumer::engine::Engine;
use crate::consumer::job::{Job, Verdict};
use crate::delivery::attribute;
use crate::envelope::{Context, Message};
use crate::error::{Failure, FailureCode};
use crate::handler::Incoming;
use crate::layer::{catch_panic, unless_panicked};
use crate::outcome::Outcome;
use crate::transport::{DynDeadLetterSink, ProduceError, ProduceErrorKind};

pub(crate) async fn work(engine: Arc<Engine>) {
    while let Some(job) = engine.next_job().await {
        // Those whom the last decision and this start woke: the settler, a receiver, the next worker.
        give_way().await;
        let verdict = attempt(&engine, &job).await;
        engine.decide(job, verdict);
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

async fn attempt(engine: &Engine, job: &Job) -> Verdict {
    if let Some(after) = delayed(engine, job) {
        return Verdict::Defer { after };
    }
    let message = match &job.message {
        Ok(message) => message,
        Err(error) => return give_up(engine, job, error.to_failure()).await,
    };
    let incoming = Incoming::new(message.clone())
        .with_attempt(job.attempt())
        .with_cancellation(job.cancellation.clone());
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
        Outcome::Retry { after, failure } => retry(engine, job, after, failure).await,
        Outcome::Defer { after, reason } => {
            tracing::info!(source = %engine.info.name, id = event_id(job), ?after, reason, "message handed back untried");
            Verdict::Defer { after }
        }
        Outcome::DeadLetter { failure } => give_up(engine, job, failure).await,
        Outcome::Discard { reason } => discard(engine, job, &reason),
    }
}

/// How long a message that came early is still to be kept back.
fn delayed(engine: &Engine, job: &Job) -> Option<Duration> {
    if !engine.settings.process_delayed {
        return None;
    }
    let due = job.attributes.get(attribute::DELAYED_UNTIL)?.parse().ok()?;
    let left = until(engine.clock.now(), due);
    (!left.is_zero()).then_some(left)
}

async fn in_scope(engine: &Engine, message: &Message) -> Result<(), Failure> {
    let Some(scope) = &engine.scope else { return Ok(()) };
    scope.check(message).await.map_err(|denied| Failure::new(FailureCode::ScopeDenied, denied.to_string()))
}

async fn retry(engine: &Engine, job: &Job, after: Option<Duration>, failure: Failure) -> Verdict {
    let attempt = job.attempt();
    if attempt >= engine.settings.max_attempts {
        return give_up(engine, job, failure).await;
    }
    engine.counts.retried.add(1);
    let after = after.unwrap_or_else(|| engine.settings.backoff.random_delay(attempt));
    tracing::info!(
        source = %engine.info.name, id = event_id(job), attempt, code = %failure.code, ?after,
        "attempt failed; the message is tried again"
    );
    Verdict::Retry { after }
}

/// Stores a dead letter, or discards where the consumer is set to.
async fn give_up(engine: &Engine, job: &Job, failure: Failure) -> Verdict {
    let sink = match (&engine.dead_letters, engine.settings.on_exhausted) {
        (Some(sink), OnExhausted::DeadLetter) => sink,
        _ => return discard(engine, job, &failure.to_string()),
    };
    store(engine, job, failure, sink.as_ref()).await
}

async fn store(engine: &Engine, job: &Job, failure: Failure, sink: &dyn DynDeadLetterSink) -> Verdict {
    let code = failure.code;
    let attempts = job.attempt();
    let handler = job.message.as_ref().ok().map(|message| message.metadata().payload_type.to_string());
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
    let deduplication_id = format!("{}:{}", event_id(job), job.transport_id);
    let stored = unless_panicked(async {
        let (body, attributes) = (job.body.clone(), job.attributes.clone());
        let letter = wrap(body, attributes, &record, job.group.clone(), deduplication_id, sink.limits());
        sink.store(letter).await
    });
    let panicked = |_| Err(ProduceError::new(ProduceErrorKind::Unavailable, "the dead-letter sink panicked"));
    match stored.await.unwrap_or_else(panicked) {
        Ok(()) => {
            engine.counts.dead_lettered.add(1);
            tracing::warn!(
                source = %engine.info.name, id = event_id(job), attempts, %code, destination = sink.name(),
                "message stored as a dead letter"
            );
            Verdict::Remove
        }
        Err(error) => {
            engine.counts.retried.add(1);
            tracing::error!(
                source = %engine.info.name, id = event_id(job), %code, destination = sink.name(), %error,
                "dead letter not stored; the message stays and is tried again"
            );
            Verdict::Retry { after: engine.settings.backoff.random_delay(attempts) }
        }
    }
}

fn discard(engine: &Engine, job: &Job, reason: &str) -> Verdict {
    engine.counts.discarded.add(1);
    tracing::warn!(source = %engine.info.name, id = event_id(job), reason, "message discarded");
    Verdict::Remove
}

/// The event's id, or the broker's where the body can't be read.
fn event_id(job: &Job) -> &str {
    match &job.message {
        Ok(message) => &message.metadata().id,
        Err(_) => job.attributes.get(attribute::ID).unwrap_or(&job.transport_id),
    }
}
