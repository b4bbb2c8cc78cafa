//! The transport's ends: events in through a producer, out through a source and the consumer engine.

use std::sync::{Arc, Mutex};

use event_runtime::consumer::{Backoff, Consumer, ConsumerErrorKind, ConsumerSettings, RunReport};
use event_runtime::delivery::{Lease, SettleAction, Settlement, attribute};
use event_runtime::embedded::{
    EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, MessageAttribute, QueueSettings, RedrivePolicy,
};
use event_runtime::transport::{
    DeadLetterSink as _, KeylessGroup, ProduceErrorKind, Producer as _, SettleError, Source as _,
    SourceErrorKind,
};
use event_runtime::{Codec, HandlerError, Message, Metadata};
use tokio::sync::oneshot;

use super::*;

/// A message of type `test.event` with this id, and this ordering key if any.
fn event(id: &str, key: Option<&str>) -> Message {
    let mut metadata = Metadata::new("test.event", 2);
    metadata.id = id.into();
    metadata.partition_key = key.map(Into::into);
    Codec::Native.encode_raw(metadata, "{}", None).unwrap()
}

fn standard(broker: &Broker) -> Queue {
    broker.create_queue("q", QueueSettings::new()).unwrap()
}

fn fifo(broker: &Broker) -> Queue {
    broker.create_queue("q.fifo", QueueSettings::fifo()).unwrap()
}

#[tokio::test]
async fn a_message_arrives_with_its_attributes_group_and_deduplication_id() {
    let (broker, clock) = broker();
    let queue = fifo(&broker);
    let producer = EmbeddedProducer::new("p", queue.clone());
    let mut metadata = Metadata::new("test.event", 2);
    metadata.id = "an id with spaces".into();
    metadata.partition_key = Some("key".into());
    metadata.correlation_id = Some("c".into());
    let message = Codec::Native.encode_raw(metadata, r#"{"n":1}"#, None).unwrap();
    producer.produce(&message).await.unwrap();
    producer.produce(&message).await.expect("sent again it is the same message");
    producer.produce(&message.clone().with_hops(1)).await.expect("forwarded it is another");

    let source = EmbeddedSource::new(queue);
    let deliveries = source.receive(100, seconds(60)).await.unwrap();
    assert_eq!(deliveries.len(), 2);
    let delivery = &deliveries[0];
    assert_eq!(delivery.body, message.body().as_bytes());
    assert_eq!(delivery.attributes, message.attributes());
    assert_eq!(delivery.attributes.get(attribute::PAYLOAD_TYPE), Some("test.event"));
    assert_eq!(delivery.attributes.get(attribute::VERSION), Some("2"));
    assert_eq!(delivery.group.as_deref(), Some("key"));
    assert_eq!(delivery.receive_count, Some(1));
    assert_eq!((delivery.sent_at, delivery.first_received_at), (Some(clock.now()), Some(clock.now())));
}

#[tokio::test]
async fn a_keyless_event_needs_a_group_on_a_fifo_queue_and_only_there() {
    let (broker, _) = broker();
    let queue = fifo(&broker);
    let error = EmbeddedProducer::new("p", queue.clone()).produce(&event("1", None)).await.unwrap_err();
    assert_eq!(error.kind(), ProduceErrorKind::Refused);
    for (group, expected) in [(KeylessGroup::PayloadType, "test.event"), (KeylessGroup::EventId, "2")] {
        let producer = EmbeddedProducer::new("p", queue.clone()).with_keyless(group);
        producer.produce(&event("2", None).with_hops(group as u32)).await.unwrap();
        assert_eq!(take(&queue, 10)[0].group().unwrap(), expected);
    }
    let queue = standard(&broker);
    EmbeddedProducer::new("p", queue.clone()).produce(&event("3", None)).await.unwrap();
    assert!(take(&queue, 10)[0].group().is_none());
}

#[tokio::test]
async fn a_batch_keeps_its_order_and_reports_each_message() {
    let (broker, _) = broker();
    let queue = fifo(&broker);
    queue.set_attributes(QueueSettings::new().maximum_message_size(1024)).unwrap();
    let producer = EmbeddedProducer::new("p", queue.clone());
    let mut batch: Vec<_> = (0..25).map(|n| event(&n.to_string(), Some("key"))).collect();
    batch[3] = event("keyless", None);
    let large =
        Codec::Native.encode_raw(batch[5].metadata().clone(), &format!("\"{}\"", "x".repeat(2000)), None);
    batch[5] = large.unwrap();
    let results = producer.produce_batch(&batch).await;
    let failed: Vec<_> = results
        .iter()
        .enumerate()
        .filter_map(|(place, result)| Some((place, result.as_ref().err()?.kind())))
        .collect();
    assert_eq!(failed, [(3, ProduceErrorKind::Refused), (5, ProduceErrorKind::TooLarge)]);
    let mut ids = Vec::new();
    while ids.len() < 23 {
        for received in take(&queue, 10) {
            ids.push(Codec::decode(received.body().clone()).unwrap().metadata().id.to_string());
            queue.delete(received.receipt()).unwrap();
        }
    }
    let expected: Vec<_> = (0..25).filter(|n| ![3, 5].contains(n)).map(|n: i32| n.to_string()).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_producer_says_what_it_could_not_send() {
    let (broker, _) = broker();
    let queue = standard(&broker);
    let producer = EmbeddedProducer::new("p", queue);
    broker.delete_queue("q").unwrap();
    assert_eq!(producer.produce(&event("1", None)).await.unwrap_err().kind(), ProduceErrorKind::NotFound);
    let results = producer.produce_batch(&[event("1", None), event("2", None)]).await;
    assert!(results.iter().all(|result| result.as_ref().unwrap_err().kind() == ProduceErrorKind::NotFound));
}

#[tokio::test]
async fn a_delay_is_kept_by_the_queue_as_far_as_it_can() {
    let (broker, clock) = broker();
    let (standard, fifo) = (standard(&broker), fifo(&broker));
    let send = async |queue: &Queue, delay| {
        let message = event("1", Some("k")).with_delay(seconds(delay));
        EmbeddedProducer::new("p", queue.clone()).produce(&message).await.unwrap();
    };
    let until = |received: &ReceivedMessage| {
        let attribute = received.attributes().iter().find(|own| own.name() == attribute::DELAYED_UNTIL);
        attribute.and_then(MessageAttribute::text).map(|text| text.parse::<jiff::Timestamp>().unwrap())
    };
    let start = clock.now();
    send(&standard, 60).await;
    assert!(take(&standard, 1).is_empty());
    clock.advance(seconds(60));
    assert_eq!(until(&take(&standard, 1)[0]), None);

    send(&standard, 3600).await;
    send(&fifo, 60).await;
    assert_eq!(until(&take(&fifo, 1)[0]), Some(start + jiff::SignedDuration::from_secs(120)));
    clock.advance(seconds(900));
    let received = take(&standard, 10);
    assert_eq!(until(received.last().unwrap()), Some(start + jiff::SignedDuration::from_secs(3660)));
}

#[tokio::test]
async fn settlements_reach_their_messages_and_late_ones_are_lost_leases() {
    let (broker, clock) = broker();
    let queue = standard(&broker);
    for n in 0..4 {
        queue.try_send(message(n.to_string())).unwrap();
    }
    let source = EmbeddedSource::new(queue.clone());
    let leases: Vec<Lease> = source
        .receive(10, Duration::ZERO)
        .await
        .unwrap()
        .into_iter()
        .map(|delivery| delivery.lease)
        .collect();
    let after = seconds(5);
    let actions = [
        SettleAction::Remove,
        SettleAction::Release { after },
        SettleAction::HandBack { after: Duration::ZERO },
        SettleAction::HandBack { after },
    ];
    let batch: Vec<_> = leases
        .iter()
        .zip(actions)
        .map(|(lease, action)| Settlement { lease: lease.clone(), action })
        .collect();
    assert!(source.settle(&batch).await.iter().all(Result::is_ok));
    let handed_back = take(&queue, 10);
    assert_eq!((bodies(&handed_back), handed_back[0].receive_count()), (vec!["2"], 1));
    clock.advance(after);
    let mut released: Vec<_> = take(&queue, 10)
        .iter()
        .map(|message| (bodies(std::slice::from_ref(message))[0].to_owned(), message.receive_count()))
        .collect();
    released.sort();
    assert_eq!(released, [("1".to_owned(), 2), ("3".to_owned(), 1)]);

    let again = source.settle(&batch).await;
    assert!(again.iter().all(|result| matches!(result, Err(SettleError::LeaseLost(_)))), "{again:?}");
    let extended = source.extend(&leases, seconds(60)).await;
    assert!(extended.iter().all(|result| matches!(result, Err(SettleError::LeaseLost(_)))), "{extended:?}");
}

#[tokio::test]
async fn an_extended_lease_keeps_others_away() {
    let (broker, clock) = broker();
    let queue = fifo(&broker);
    queue.try_send(ordered("g", "1")).unwrap();
    let source = EmbeddedSource::new(queue.clone());
    let lease = source.receive(1, Duration::ZERO).await.unwrap().remove(0).lease;
    for _ in 0..10 {
        clock.advance(seconds(20));
        assert_eq!(source.extend(std::slice::from_ref(&lease), seconds(30)).await, [Ok(())]);
    }
    assert!(take(&queue, 1).is_empty());
    clock.advance(seconds(30));
    let result = source.extend(&[lease], seconds(30)).await;
    assert!(matches!(result[0], Err(SettleError::LeaseLost(_))));
}

#[tokio::test]
async fn a_source_describes_its_queue() {
    let (broker, _) = broker();
    let (source, dead_letters) = super::redrive::pair(&broker, true, 7);
    let info = EmbeddedSource::new(source.clone()).describe().await.unwrap();
    assert!(info.ordered);
    assert_eq!((info.lease, info.max_batch), (Some(seconds(30)), 10));
    let redrive = info.redrive.unwrap();
    assert_eq!((redrive.max_receive_count, redrive.destination.name()), (7, dead_letters.name()));

    source.set_attributes(QueueSettings::new().visibility_timeout(Duration::ZERO)).unwrap();
    let error = EmbeddedSource::new(source.clone()).describe().await.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::Refused);
    broker.delete_queue(source.name()).unwrap();
    let error = EmbeddedSource::new(source).describe().await.unwrap_err();
    assert_eq!(error.kind(), SourceErrorKind::NotFound);
}

#[tokio::test]
async fn a_full_dead_letter_queue_refuses_for_now() {
    let (broker, _) = broker_with(Capacity::default().messages(1));
    let sink = EmbeddedDeadLetters::new(fifo(&broker));
    let letter = |id: &str| event_runtime::transport::DeadLetter {
        body: "original".into(),
        attributes: event("1", None).attributes(),
        group: None,
        deduplication_id: id.to_owned(),
    };
    sink.store(letter("e:1")).await.unwrap();
    sink.store(letter("e:1")).await.expect("stored already");
    let error = sink.store(letter("e:2")).await.unwrap_err();
    assert!(error.is_retryable());
    assert_eq!(error.kind(), ProduceErrorKind::Throttled);
}

/// Runs a consumer of `queue` until `done` says so, then drains it.
async fn consume<H, F>(queue: &Queue, clock: &ManualClock, done: impl Fn() -> bool, handler: H) -> RunReport
where
    H: Fn(Message) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    let settings = ConsumerSettings {
        backoff: Backoff { base: seconds(1), max: seconds(1) },
        settle_linger: Duration::ZERO,
        max_attempts: 3,
        ..ConsumerSettings::default()
    };
    let consumer =
        Consumer::new(EmbeddedSource::new(queue.clone())).with_settings(settings).with_clock(clock.clock());
    let (stop, stopped) = oneshot::channel::<()>();
    let run = tokio::spawn(async move { consumer.run(handler, async { drop(stopped.await) }).await });
    let mut stop = Some(stop);
    while !run.is_finished() {
        settle().await;
        if done() {
            stop.take();
        }
        clock.advance(Duration::from_millis(250));
    }
    run.await.unwrap().unwrap()
}

fn with_dead_letters(broker: &Broker, ordered: bool) -> (Queue, Queue) {
    super::redrive::pair(broker, ordered, 10)
}

#[tokio::test]
async fn a_retry_succeeds_and_what_never_does_is_a_dead_letter_with_its_error() {
    for ordered in [false, true] {
        let (broker, clock) = broker();
        let (queue, dead_letters) = with_dead_letters(&broker, ordered);
        let producer = EmbeddedProducer::new("p", queue.clone());
        for id in ["fine", "second try", "never"] {
            producer.produce(&event(id, Some(id))).await.unwrap();
        }
        let tried: Arc<Mutex<Vec<String>>> = Arc::default();
        let handler = {
            let tried = Arc::clone(&tried);
            move |message: Message| {
                let id = message.metadata().id.to_string();
                let mut tried = tried.lock().unwrap();
                tried.push(id.clone());
                let times = tried.iter().filter(|other| **other == id).count();
                async move {
                    match (id.as_str(), times) {
                        ("fine", _) | ("second try", 2) => Ok(()),
                        _ => Err(HandlerError::retry("not yet")),
                    }
                }
            }
        };
        let empty = || {
            let counts = queue.counts().unwrap();
            counts.visible + counts.in_flight + counts.delayed == 0
        };
        let report = consume(&queue, &clock, empty, handler).await;
        assert_eq!((report.acknowledged, report.dead_lettered), (2, 1), "{report:?}");
        let mut tried = tried.lock().unwrap().clone();
        tried.sort();
        assert_eq!(tried, ["fine", "never", "never", "never", "second try", "second try"]);
        let dead = take(&dead_letters, 10);
        assert_eq!(dead.len(), 1);
        let record = dead[0].attributes().iter().find(|own| own.name() == attribute::DEAD_LETTER).unwrap();
        let record: serde_json::Value = serde_json::from_str(record.text().unwrap()).unwrap();
        assert_eq!((&record["error"]["message"], &record["attempts"]), (&"not yet".into(), &3.into()));
        assert_eq!(Codec::decode(dead[0].body().clone()).unwrap().metadata().id, "never");
    }
}

#[tokio::test]
async fn a_drain_hands_back_what_was_not_tried_and_it_counts_for_nothing() {
    let (broker, clock) = broker();
    let (queue, _) = with_dead_letters(&broker, true);
    let producer = EmbeddedProducer::new("p", queue.clone());
    for n in 0..5 {
        producer.produce(&event(&n.to_string(), Some("one key"))).await.unwrap();
    }
    let started: Arc<Mutex<usize>> = Arc::default();
    let handler = {
        let (started, clock) = (Arc::clone(&started), clock.clock());
        move |_: Message| {
            *started.lock().unwrap() += 1;
            let sleep = clock.sleep(seconds(2));
            async move {
                sleep.await;
                Ok(())
            }
        }
    };
    let report = consume(&queue, &clock, || *started.lock().unwrap() > 0, handler).await;
    assert_eq!(report.acknowledged, 1, "{report:?}");
    let rest = take(&queue, 10);
    assert_eq!(rest.len(), 4);
    for (message, id) in rest.iter().zip(1..) {
        assert_eq!(Codec::decode(message.body().clone()).unwrap().metadata().id, id.to_string());
        assert_eq!(message.receive_count(), 1);
    }
}

#[tokio::test]
async fn a_delayed_event_of_a_fifo_queue_is_handled_when_it_is_due() {
    let (broker, clock) = broker();
    let (queue, _) = with_dead_letters(&broker, true);
    let producer = EmbeddedProducer::new("p", queue.clone());
    let due = clock.now() + jiff::SignedDuration::from_secs(3600);
    producer.produce(&event("1", Some("k")).with_delay(seconds(3600))).await.unwrap();
    let handled: Arc<Mutex<Option<jiff::Timestamp>>> = Arc::default();
    let handler = {
        let (handled, clock) = (Arc::clone(&handled), clock.clone());
        move |_: Message| {
            *handled.lock().unwrap() = Some(clock.now());
            async { Ok(()) }
        }
    };
    let report = consume(&queue, &clock, || handled.lock().unwrap().is_some(), handler).await;
    assert_eq!(report.acknowledged, 1);
    let handled = handled.lock().unwrap().unwrap();
    assert!(handled >= due && handled < due + jiff::SignedDuration::from_secs(30), "{handled}");
}

#[tokio::test]
async fn start_up_refuses_a_policy_that_would_overtake_the_attempts() {
    let (broker, _) = broker();
    let dead = broker.create_queue("dead", QueueSettings::new()).unwrap();
    let settings = QueueSettings::new().redrive(RedrivePolicy::new(dead.name(), 2));
    let queue = broker.create_queue("source", settings).unwrap();
    let consumer = Consumer::new(EmbeddedSource::new(queue));
    let error = consumer.run(|_: Message| async {}, async {}).await.unwrap_err();
    assert_eq!(error.kind(), ConsumerErrorKind::Startup);
}
