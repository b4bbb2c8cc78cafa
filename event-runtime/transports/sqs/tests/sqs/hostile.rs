//! What users of other SQS libraries reported as lost messages, dead consumers and endless loops.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_runtime::consumer::{Backoff, Consumer, ConsumerErrorKind, ConsumerSettings};
use event_runtime::delivery::{SettleAction, Settlement};
use event_runtime::embedded::{Broker, OutgoingMessage, QueueSettings, ReceiveRequest};
use event_runtime::transport::{ProduceErrorKind, Producer, Source, SourceErrorKind};
use event_runtime::{Codec, HandlerError, ManualClock, Message};
use event_transport_sqs::local::{Action, Fault, FaultRule, LocalEndpoint};
use event_transport_sqs::{ProducerSettings, SourceSettings, SqsSource};
use tokio::sync::Notify;

use super::fixture::{Fixture, in_order, message, messages, soon};

const NO_WAIT: Duration = Duration::ZERO;

fn settings() -> ConsumerSettings {
    ConsumerSettings {
        wait: Duration::from_secs(1),
        backoff: Backoff { base: NO_WAIT, max: NO_WAIT },
        drain_deadline: Duration::from_secs(10),
        ..ConsumerSettings::default()
    }
}

/// A message whose payload is a text of this many bytes.
fn sized(id: &str, key: &str, bytes: usize) -> Message {
    let filler = "x".repeat(bytes);
    let body = format!(
        r#"{{"id":"{id}","payload_type":"order.created","partition_key":"{key}","payload":"{filler}"}}"#
    );
    Codec::decode(body.into()).unwrap()
}

#[tokio::test]
async fn a_batch_of_everything_keeps_each_answer_in_its_place() {
    for fixture in [Fixture::standard().await, Fixture::fifo().await] {
        let fifo = fixture.queue.is_fifo();
        let batch: Vec<Message> = (0..300)
            .map(|n| {
                let (id, key) = (format!("k{}-{n}", n % 40), format!("k{}", n % 40));
                match n % 60 {
                    // Two of these fill a call, one of the next kind is over the limit by itself.
                    7 => sized(&id, &key, 500_000),
                    8 => sized(&id, &key, 1_048_577),
                    9 => Codec::decode(
                        format!(
                            "{{\"id\":\"{id}\",\"payload_type\":\"a\",\"partition_key\":\"k\",\"payload\":\"\u{FFFE}\"}}"
                        )
                        .into(),
                    )
                    .unwrap(),
                    _ => message(&id, &key),
                }
            })
            .collect();
        let results = soon(fixture.producer(ProducerSettings::default()).produce_batch(&batch)).await;
        assert_eq!(results.len(), batch.len());
        for (n, result) in results.iter().enumerate() {
            let expected = match n % 60 {
                8 => Some(ProduceErrorKind::TooLarge),
                9 => Some(ProduceErrorKind::Refused),
                _ => None,
            };
            assert_eq!(result.as_ref().err().map(|error| error.kind()), expected, "fifo {fifo}, message {n}");
        }
        let mut received = Vec::new();
        loop {
            let next = fixture.drain();
            if next.is_empty() {
                break;
            }
            received.extend(next);
        }
        assert_eq!(received.iter().collect::<BTreeSet<_>>().len(), 290, "fifo {fifo}");
        assert_eq!(received.len(), 290, "fifo {fifo}: none is there twice");
        assert!(!fifo || in_order(&received), "{received:?}");
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_as_a_whole_is_sent_one_by_one() {
    let fixture = Fixture::standard().await;
    fixture.endpoint.faults().inject(FaultRule::new(Fault::RefusedBatch));
    let results = fixture.producer(ProducerSettings::default()).produce_batch(&messages(10, 10)).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(fixture.drain().len(), 10);
}

#[tokio::test]
async fn a_dead_letter_in_the_middle_of_a_group_lets_the_rest_follow_in_order() {
    let fixture = Fixture::fifo().await;
    let producer = fixture.producer(ProducerSettings::default());
    producer.produce_batch(&messages(12, 2)).await.into_iter().for_each(|result| result.unwrap());
    let (handled, done) = (Arc::new(std::sync::Mutex::new(Vec::new())), Arc::new(Notify::new()));
    let handler = {
        let (handled, done) = (handled.clone(), done.clone());
        move |message: Message| {
            let id = message.metadata().id.to_string();
            let broken = id.ends_with("-2");
            if !broken {
                let mut handled = handled.lock().unwrap();
                handled.push(id);
                if handled.len() == 10 {
                    done.notify_one();
                }
            }
            async move { if broken { Err(HandlerError::dead_letter("broken")) } else { Ok(()) } }
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    let report = soon(consumer.run(handler, done.notified())).await.unwrap();
    assert_eq!((report.acknowledged, report.dead_lettered, report.unsettled), (10, 2, 0));
    assert!(in_order(&handled.lock().unwrap()));
    assert_eq!(fixture.dead_letters.counts().unwrap().visible, 2);
}

#[tokio::test]
async fn one_event_twice_in_one_receive_is_settled_twice() {
    let fixture = Fixture::standard().await;
    for _ in 0..2 {
        let body = message("e-1", "k").body().clone().into_bytes();
        fixture.queue.try_send(OutgoingMessage::new(body)).unwrap();
    }
    let (count, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let handler = {
        let (count, done) = (count.clone(), done.clone());
        move |_: Message| {
            if count.fetch_add(1, Ordering::SeqCst) == 1 {
                done.notify_one();
            }
            async {}
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    let report = soon(consumer.run(handler, done.notified())).await.unwrap();
    assert_eq!(
        (report.acknowledged, report.unsettled),
        (2, 0),
        "at least once: both are handled, both deleted"
    );
    let counts = fixture.queue.counts().unwrap();
    assert_eq!((counts.visible, counts.in_flight), (0, 0));
}

#[tokio::test]
async fn an_expired_handle_neither_stops_the_consumer_nor_is_settled_for_ever() {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let broker = Broker::builder().clock(clock.clock()).build();
    let queue = broker.create_queue("orders.fifo", QueueSettings::fifo()).unwrap();
    let endpoint = LocalEndpoint::start_with(broker, ([127, 0, 0, 1], 0).into()).await.unwrap();
    let send = |id: &str| {
        let outgoing = OutgoingMessage::new(message(id, id).body().clone().into_bytes());
        queue.try_send(outgoing.with_group(id).with_deduplication_id(id)).unwrap();
    };
    let (seen, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let handler = {
        let (seen, done, clock) = (seen.clone(), done.clone(), clock.clone());
        move |_: Message| {
            // The first attempt outlives its lease by far: its handle is void when it is deleted.
            if seen.fetch_add(1, Ordering::SeqCst) == 0 {
                clock.advance(Duration::from_secs(3_600));
            } else {
                done.notify_one();
            }
            async {}
        }
    };
    send("e-1");
    let source =
        SqsSource::new(endpoint.client(), endpoint.queue_url("orders.fifo"), SourceSettings::default());
    // Its own clock stands still, so it extends no lease.
    let settings =
        ConsumerSettings { on_exhausted: event_runtime::consumer::OnExhausted::Discard, ..settings() };
    let consumer = Consumer::new(source).with_settings(settings);
    soon(consumer.run(handler, done.notified())).await.unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 2, "handed out again, and handled again");
    assert!(endpoint.calls()[&Action::DeleteMessageBatch] <= 3, "{:?}", endpoint.calls());
    clock.advance(Duration::from_secs(3_600));
    assert!(queue.try_receive(&ReceiveRequest::new()).unwrap().is_empty(), "the second deletion took");
}

#[tokio::test]
async fn a_release_beyond_twelve_hours_is_shortened_and_not_lost() {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    let broker = Broker::builder().clock(clock.clock()).build();
    let queue = broker.create_queue("orders", QueueSettings::new()).unwrap();
    let endpoint = LocalEndpoint::start_with(broker, ([127, 0, 0, 1], 0).into()).await.unwrap();
    queue.try_send(OutgoingMessage::new("{}")).unwrap();
    let source = SqsSource::new(endpoint.client(), endpoint.queue_url("orders"), SourceSettings::default())
        .with_clock(clock.clock());
    let lease = source.receive(1, NO_WAIT).await.unwrap().remove(0).lease;
    clock.advance(Duration::from_secs(20));
    let extended = source.extend(std::slice::from_ref(&lease), Duration::from_secs(43_200)).await;
    assert!(extended.iter().all(Result::is_ok), "{extended:?}");
    clock.advance(Duration::from_secs(10 * 3_600));
    let action = SettleAction::Release { after: Duration::from_secs(13 * 3_600) };
    let released = source.settle(&[Settlement { lease, action }]).await;
    assert!(released.iter().all(Result::is_ok), "{released:?}");
    clock.advance(Duration::from_secs(2 * 3_600));
    assert_eq!(
        queue.try_receive(&ReceiveRequest::new()).unwrap().len(),
        1,
        "within twelve hours of its receive"
    );
}

#[tokio::test]
async fn a_release_at_once_is_visible_at_once() {
    let fixture = Fixture::standard().await;
    fixture.producer(ProducerSettings::default()).produce(&message("e-1", "k")).await.unwrap();
    let source = fixture.source();
    for receives in 1..=3 {
        let delivery = source.receive(1, NO_WAIT).await.unwrap().remove(0);
        assert_eq!(delivery.receive_count, Some(receives));
        let action = SettleAction::Release { after: NO_WAIT };
        assert!(
            source.settle(&[Settlement { lease: delivery.lease, action }]).await.iter().all(Result::is_ok)
        );
    }
}

#[tokio::test]
async fn a_queue_deleted_under_a_running_handler_ends_the_run_in_time() {
    let fixture = Fixture::standard().await;
    fixture.producer(ProducerSettings::default()).produce(&message("e-1", "k")).await.unwrap();
    let (started, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (started, go) = (started.clone(), go.clone());
        move |_: Message| {
            let (started, go) = (started.clone(), go.clone());
            async move {
                started.notify_one();
                go.notified().await;
            }
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    let run = consumer.run(handler, std::future::pending());
    let delete = async {
        started.notified().await;
        fixture.endpoint.broker().delete_queue("orders").unwrap();
        go.notify_one();
    };
    let (ended, ()) = soon(async { tokio::join!(run, delete) }).await;
    assert_eq!(ended.unwrap_err().kind(), ConsumerErrorKind::Source);
    let deletes = fixture.endpoint.calls().get(&Action::DeleteMessageBatch).copied().unwrap_or(0);
    assert!(deletes <= 3, "what is gone is not deleted again and again: {deletes}");
}

#[tokio::test]
async fn credentials_that_expire_are_renewed_and_only_lasting_expiry_ends_a_run() {
    let fixture = Fixture::standard().await;
    let expired = || FaultRule::new(Fault::ExpiredToken);
    fixture.endpoint.faults().inject(expired().times(2));
    fixture.producer(ProducerSettings::default()).produce(&message("e-1", "k")).await.unwrap();

    let source = fixture.source();
    fixture.endpoint.faults().inject(expired().times(5));
    for _ in 0..5 {
        let error = source.receive(1, NO_WAIT).await.unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
    }
    let delivery = source.receive(1, NO_WAIT).await.unwrap().remove(0);
    fixture.endpoint.faults().inject(expired().times(1));
    let batch = [Settlement { lease: delivery.lease, action: SettleAction::Remove }];
    assert!(source.settle(&batch).await[0].is_err(), "to be settled again, and no lost lease");
    assert!(source.settle(&batch).await[0].is_ok());

    fixture.endpoint.faults().inject(expired());
    let mut kinds = Vec::new();
    for _ in 0..6 {
        kinds.push(source.receive(1, NO_WAIT).await.unwrap_err().kind());
    }
    assert_eq!(kinds[..5], [SourceErrorKind::Unavailable; 5]);
    assert_eq!(kinds[5], SourceErrorKind::Unauthorized);
    let error =
        fixture.producer(ProducerSettings::default()).produce(&message("e-2", "k")).await.unwrap_err();
    assert_eq!(error.kind(), ProduceErrorKind::Unauthorized);
}
