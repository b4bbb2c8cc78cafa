//! Emitting: the methods of the envelope, the default emitter, the background queue.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::Backoff;
use event_runtime::event::ValidationErrors;
use event_runtime::pool::{
    EmitErrorKind, Emitter, ProducerEmitter, ProducersPool, ProducersPoolBuilder, default_emitter, emit,
    emit_async, emit_batch, emit_batch_to, set_default_emitter, take_default_emitter,
};
use event_runtime::transport::ProduceErrorKind;
use event_runtime::{Context, DynEmitter, IntoEnvelope, ManualClock};

use super::producing::{Fault, OrderPaid, OtpSent, Recorder, UserJoined, message, order_paid, packs};

const UNAVAILABLE: Fault = Fault::Error(ProduceErrorKind::Unavailable);
const REFUSED: Fault = Fault::Error(ProduceErrorKind::Refused);
const MINUTE: Duration = Duration::from_secs(60);

fn builder(recorder: &Recorder) -> ProducersPoolBuilder {
    ProducersPool::builder("main").packs(packs()).producer(recorder.clone()).route_types("a", ["*"])
}

fn pool(recorder: &Recorder) -> ProducersPool {
    builder(recorder).build().unwrap()
}

/// The failures that a hook was called with: event ids and kinds.
type Seen = Arc<Mutex<Vec<(String, EmitErrorKind)>>>;

fn watched(builder: ProducersPoolBuilder) -> (ProducersPoolBuilder, Seen) {
    let seen = Seen::default();
    let hook = seen.clone();
    let builder = builder.on_async_failure(move |error| {
        let id = error.message().unwrap().metadata().id.to_string();
        hook.lock().unwrap().push((id, error.kind()));
    });
    (builder, seen)
}

fn manual_clock() -> ManualClock {
    ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap())
}

async fn eventually(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

/// The default emitter belongs to the process, so one test holds everything about it.
#[tokio::test]
async fn the_default_emitter_serves_until_it_is_taken_away() {
    take_default_emitter();
    let kind = |result: Result<(), event_runtime::EmitError>| result.unwrap_err().kind();
    assert_eq!(kind(emit(order_paid("1").envelope()).await), EmitErrorKind::NotConfigured);
    assert_eq!(kind(emit_async(order_paid("1").envelope())), EmitErrorKind::NotConfigured);
    let errors = emit_batch([order_paid("1").envelope(), order_paid("2").envelope()]).await.unwrap_err();
    assert_eq!(errors.failures().count(), 2);

    let recorder = Recorder::new("a");
    let pool = pool(&recorder);
    assert!(set_default_emitter(pool.clone()).is_none());
    order_paid("1").envelope().with_id("1").emit().await.unwrap();
    emit_batch([order_paid("2").envelope().with_id("2")]).await.unwrap();
    emit_async(order_paid("3").envelope().with_id("3")).unwrap();
    assert!(pool.close(MINUTE).await.is_empty());
    assert_eq!(recorder.taken_ids(), ["1", "2", "3"]);

    assert!(take_default_emitter().is_some());
    assert!(default_emitter().is_err());
}

#[tokio::test]
async fn an_emit_takes_the_context_where_it_is_called_not_where_it_is_awaited() {
    let recorder = Recorder::new("a");
    let pool = pool(&recorder);
    let context = Context::new(message("Handled", "cause"));
    let mut pending = None;
    context.scope(async { pending = Some(order_paid("1").envelope().emit_to(&pool)) }).await;
    pending.unwrap().await.unwrap();
    order_paid("2").envelope().emit_to(&pool).await.unwrap();
    let taken = recorder.taken();
    assert_eq!(taken[0].metadata().causation_id.as_deref(), Some("cause"));
    assert_eq!(taken[0].metadata().correlation_id.as_deref(), Some("cause"));
    assert_eq!(taken[1].metadata().causation_id, None);
}

#[tokio::test]
async fn what_was_set_by_hand_is_not_inherited_over() {
    let recorder = Recorder::new("a");
    let pool = pool(&recorder);
    let envelope = order_paid("1").envelope().with_correlation_id("mine");
    Context::new(message("Handled", "cause")).scope(envelope.emit_to(&pool)).await.unwrap();
    assert_eq!(recorder.taken()[0].metadata().correlation_id.as_deref(), Some("mine"));
}

#[tokio::test]
async fn several_emitters_get_one_event_and_fail_by_position() {
    let (good, bad) = (Recorder::new("a"), Recorder::new("b").with_faults([UNAVAILABLE]));
    let pool = pool(&good);
    let single = ProducerEmitter::new(bad.clone());
    let emitters: [&dyn DynEmitter; 2] = [&pool, &single];
    let errors = order_paid("1").envelope().with_id("e1").emit_to_all(emitters).await.unwrap_err();
    let failed: Vec<_> = errors.into_failures();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].0, 1);
    let [(_, error)] = <[_; 1]>::try_from(failed).unwrap();
    single.retry(error).await.unwrap();
    assert_eq!((good.taken_ids(), bad.taken_ids()), (vec!["e1".to_owned()], vec!["e1".to_owned()]));
}

#[tokio::test]
async fn a_batch_names_its_failures_by_position() {
    let recorder = Recorder::new("a").with_faults([UNAVAILABLE]);
    let envelopes = ["1", "2", "3"].map(|id| order_paid(id).envelope().with_id(id));
    let errors = emit_batch_to(&pool(&recorder), envelopes).await.unwrap_err();
    assert_eq!(errors.failures().map(|(index, _)| index).collect::<Vec<_>>(), [0]);
    assert_eq!(recorder.batches(), [3]);
    assert_eq!(recorder.taken_ids(), ["2", "3"]);
}

#[tokio::test]
async fn an_invalid_event_is_refused_before_anything_is_sent() {
    let recorder = Recorder::new("a");
    let pool = pool(&recorder);
    let error = order_paid("").envelope().emit_to(&pool).await.unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Invalid);
    assert!(!error.is_retryable());
    let broken = error.source().unwrap().downcast_ref::<ValidationErrors>().unwrap();
    assert_eq!(broken.errors().len(), 1);
    assert_eq!(order_paid("").envelope().emit_async_to(&pool).unwrap_err().kind(), EmitErrorKind::Invalid);
    let envelopes = ["1", "", "3"].map(|id| order_paid(id).envelope().with_id(format!("e{id}")));
    let errors = emit_batch_to(&pool, envelopes).await.unwrap_err();
    assert_eq!(errors.failures().map(|(index, _)| index).collect::<Vec<_>>(), [1]);
    assert_eq!(recorder.taken_ids(), ["e1", "e3"]);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_again_is_refused() {
    let pool = pool(&Recorder::new("a"));
    let error = order_paid("1").envelope().with_id("").emit_to(&pool).await.unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Encode);
}

#[tokio::test]
async fn an_emitter_without_a_queue_says_so() {
    let single = ProducerEmitter::new(Recorder::new("a"));
    let error = order_paid("1").envelope().emit_async_to(&single).unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Unsupported);
    assert!(error.message().is_some());
}

#[test]
fn the_background_queue_needs_a_runtime() {
    let error = order_paid("1").envelope().emit_async_to(&pool(&Recorder::new("a"))).unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Unsupported);
}

#[tokio::test]
async fn the_background_queue_is_bounded_and_gives_back_what_it_refuses() {
    let recorder = Recorder::new("a").held();
    let pool = builder(&recorder).async_capacity(2).build().unwrap();
    order_paid("1").envelope().emit_async_to(&pool).unwrap();
    eventually(|| recorder.tried_ids().len() == 1).await;
    order_paid("2").envelope().emit_async_to(&pool).unwrap();
    let error = order_paid("3").envelope().with_id("e3").emit_async_to(&pool).unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::BufferFull);
    assert!(error.is_retryable());
    assert_eq!(error.message().unwrap().metadata().id, "e3");
    assert_eq!(pool.pending(), 2);

    recorder.release(3);
    assert!(pool.close(MINUTE).await.is_empty());
    pool.retry(error).await.unwrap();
    assert_eq!(recorder.taken().len(), 3);
}

#[tokio::test]
async fn a_background_emit_with_no_route_fails_at_once() {
    let recorder = Recorder::new("a");
    let pool = ProducersPool::builder("main").packs(packs()).producer(recorder);
    let pool = pool.route_packs("a", ["Users"]).build().unwrap();
    let error = order_paid("1").envelope().emit_async_to(&pool).unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::NoRoute);
}

#[tokio::test]
async fn a_closed_queue_takes_nothing_more_and_awaited_emits_go_on() {
    let recorder = Recorder::new("a");
    let pool = pool(&recorder);
    assert!(pool.close(MINUTE).await.is_empty());
    let error = order_paid("1").envelope().emit_async_to(&pool.clone()).unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Closed);
    order_paid("2").envelope().emit_to(&pool).await.unwrap();
}

#[tokio::test]
async fn close_returns_what_was_not_sent_oldest_first() {
    let clock = manual_clock();
    let recorder = Recorder::new("a").held();
    let pool = builder(&recorder).clock(clock.clock()).build().unwrap();
    for id in ["1", "2", "3"] {
        order_paid(id).envelope().with_id(id).emit_async_to(&pool).unwrap();
    }
    eventually(|| !recorder.tried_ids().is_empty()).await;
    recorder.release(1);
    let closing = tokio::spawn({
        let pool = pool.clone();
        async move { pool.close(MINUTE).await }
    });
    eventually(|| clock.sleepers() == 1).await;
    clock.advance(MINUTE);
    let left = closing.await.unwrap();
    // The whole batch was on its way, so all of it is reported.
    let ids: Vec<_> = left.iter().map(|error| &*error.message().unwrap().metadata().id).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert!(left.iter().all(|error| error.kind() == EmitErrorKind::Closed));
    assert!(pool.close(MINUTE).await.is_empty());
}

#[tokio::test]
async fn a_failure_that_passes_is_retried_after_a_delay_on_the_pools_clock() {
    let clock = manual_clock();
    let recorder = Recorder::new("a").with_faults([UNAVAILABLE, UNAVAILABLE]);
    let (builder, seen) = watched(builder(&recorder).clock(clock.clock()));
    let pool = builder.build().unwrap();
    order_paid("1").envelope().with_id("e1").emit_async_to(&pool).unwrap();
    for tries in 1..3 {
        eventually(|| recorder.tried_ids().len() == tries && clock.sleepers() == 1).await;
        clock.advance_to_next();
    }
    eventually(|| pool.pending() == 0).await;
    assert_eq!(recorder.taken_ids(), ["e1"]);
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_fails_too_often_and_what_is_refused_goes_to_the_hook() {
    let zero = Backoff { base: Duration::ZERO, max: Duration::ZERO };
    let recorder = Recorder::new("a").with_faults([UNAVAILABLE, UNAVAILABLE, UNAVAILABLE, REFUSED]);
    let (builder, seen) = watched(builder(&recorder).async_attempts(3, zero));
    let pool = builder.build().unwrap();
    order_paid("1").envelope().with_id("e1").emit_async_to(&pool).unwrap();
    eventually(|| pool.pending() == 0).await;
    order_paid("2").envelope().with_id("e2").emit_async_to(&pool).unwrap();
    assert!(pool.close(MINUTE).await.is_empty());
    let expected = ["e1", "e2"].map(|id| (id.to_owned(), EmitErrorKind::Produce));
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(recorder.tried_ids(), ["e1", "e1", "e1", "e2"]);
}

#[tokio::test]
async fn a_background_retry_goes_to_the_remaining_producers_only() {
    let zero = Backoff { base: Duration::ZERO, max: Duration::ZERO };
    let names = ["a", "b", "c"];
    let faults = [vec![], vec![UNAVAILABLE], vec![REFUSED]];
    let recorders: Vec<_> =
        names.iter().zip(faults).map(|(id, faults)| Recorder::new(id).with_faults(faults)).collect();
    let mut builder = ProducersPool::builder("main").packs(packs()).async_attempts(3, zero);
    for recorder in &recorders {
        let id = names[recorders.iter().position(|other| std::ptr::eq(other, recorder)).unwrap()];
        builder = builder.producer(recorder.clone()).route_types(id, ["*"]);
    }
    let (builder, seen) = watched(builder);
    let pool = builder.build().unwrap();
    order_paid("1").envelope().with_id("e1").emit_async_to(&pool).unwrap();
    assert!(pool.close(MINUTE).await.is_empty());
    let tries: Vec<_> = recorders.iter().map(|recorder| recorder.tried_ids().len()).collect();
    assert_eq!(tries, [1, 2, 1]);
    // Two took it, one refused it for good: partial.
    assert_eq!(*seen.lock().unwrap(), [("e1".to_owned(), EmitErrorKind::Partial)]);
}

#[tokio::test]
async fn a_hook_that_panics_and_a_producer_that_panics_do_not_stop_the_queue() {
    let recorder = Recorder::new("a").with_faults([Fault::Panic]);
    let pool = builder(&recorder).on_async_failure(|_| panic!("on purpose")).build().unwrap();
    order_paid("1").envelope().with_id("e1").emit_async_to(&pool).unwrap();
    eventually(|| pool.pending() == 0).await;
    order_paid("2").envelope().with_id("e2").emit_async_to(&pool).unwrap();
    assert!(pool.close(MINUTE).await.is_empty());
    assert_eq!(recorder.taken_ids(), ["e2"]);
}

#[tokio::test]
async fn a_failed_event_holds_back_the_later_ones_of_its_key_on_an_ordered_producer() {
    let clock = manual_clock();
    let recorder = Recorder::ordered("a", None).with_faults([UNAVAILABLE]);
    let builder = ProducersPool::builder("main").packs(packs()).producer(recorder.clone());
    let pool = builder.route_packs("a", ["Orders"]).clock(clock.clock()).build().unwrap();
    for (key, id) in [("k", "k1"), ("other", "o1"), ("k", "k2"), ("k", "k3")] {
        OrderPaid { id: key.into() }.envelope().with_id(id).emit_async_to(&pool).unwrap();
    }
    eventually(|| recorder.taken_ids() == ["o1"] && clock.sleepers() == 1).await;
    clock.advance_to_next();
    eventually(|| pool.pending() == 0).await;
    assert_eq!(recorder.taken_ids(), ["o1", "k1", "k2", "k3"]);
}

#[test]
fn a_queue_whose_runtime_has_ended_goes_on_in_the_next_one() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let recorder = Recorder::new("a").held();
    let pool = pool(&recorder);
    runtime().block_on(async {
        order_paid("1").envelope().with_id("e1").emit_async_to(&pool).unwrap();
        eventually(|| !recorder.tried_ids().is_empty()).await;
    });
    recorder.release(10);
    runtime().block_on(async {
        order_paid("2").envelope().with_id("e2").emit_async_to(&pool).unwrap();
        assert!(pool.close(MINUTE).await.is_empty());
    });
    assert_eq!(recorder.taken_ids(), ["e1", "e2"]);
}

#[tokio::test]
async fn events_of_several_types_go_in_one_batch_as_messages() {
    let recorder = Recorder::new("a");
    let pool = pool(&recorder);
    let codec = pool.codec();
    let batch = vec![
        UserJoined { id: "u".into() }.envelope().into_message(codec).unwrap(),
        OtpSent { id: "o".into() }.envelope().into_message(codec).unwrap(),
    ];
    pool.emit_batch(batch).await.unwrap();
    assert_eq!(recorder.batches(), [2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_accepted_event_is_taken_or_reported() {
    let faults = [REFUSED, UNAVAILABLE, UNAVAILABLE, Fault::Silence];
    let recorder = Recorder::ordered("a", None).with_faults(faults.into_iter().cycle().take(300));
    let zero = Backoff { base: Duration::ZERO, max: Duration::ZERO };
    let builder = ProducersPool::builder("main").packs(packs()).producer(recorder.clone());
    let (builder, seen) =
        watched(builder.route_packs("a", ["Orders"]).async_capacity(64).async_attempts(3, zero));
    let pool = builder.build().unwrap();
    let emitting: Vec<_> = (0..4)
        .map(|task| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let mut accepted = Vec::new();
                for number in 0..200 {
                    let id = format!("{task}-{number}");
                    let envelope = order_paid(&format!("key-{}", number % 7)).envelope().with_id(&*id);
                    match envelope.emit_async_to(&pool) {
                        Ok(()) => accepted.push(id),
                        Err(error) => assert_eq!(error.kind(), EmitErrorKind::BufferFull),
                    }
                    tokio::task::yield_now().await;
                }
                accepted
            })
        })
        .collect();
    let mut accepted = Vec::new();
    for task in emitting {
        accepted.extend(task.await.unwrap());
    }
    let left = pool.close(MINUTE).await;
    let left = left.into_iter().map(|error| error.into_message().unwrap().metadata().id.to_string());
    let reported = seen.lock().unwrap().iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
    let mut ended: Vec<String> = recorder.taken_ids().into_iter().chain(reported).chain(left).collect();
    ended.sort();
    accepted.sort();
    assert_eq!(ended, accepted);
}
