//! The consumer engine over the source: the whole way of a message.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Backoff, Consumer, ConsumerErrorKind, ConsumerSettings, Status};
use event_runtime::delivery::attribute;
use event_runtime::embedded::{QueueSettings, ReceiveRequest};
use event_runtime::transport::Producer;
use event_runtime::{HandlerError, Message};
use event_transport_sqs::local::{Action, Fault, FaultRule};
use event_transport_sqs::{ProducerSettings, SqsDeadLetterSink};
use tokio::sync::Notify;

use super::fixture::{Fixture, in_order, message, messages, soon};

fn settings() -> ConsumerSettings {
    ConsumerSettings {
        wait: Duration::from_secs(1),
        backoff: Backoff { base: Duration::ZERO, max: Duration::ZERO },
        max_attempts: 3,
        drain_deadline: Duration::from_secs(10),
        ..ConsumerSettings::default()
    }
}

/// Notes what is handled, and tells when enough was.
#[derive(Clone, Default)]
struct Log {
    ids: Arc<Mutex<Vec<String>>>,
    enough: Arc<Notify>,
}

impl Log {
    fn note(&self, message: &Message, enough: usize) -> usize {
        let mut ids = self.ids.lock().unwrap();
        ids.push(message.metadata().id.to_string());
        if ids.len() >= enough {
            self.enough.notify_one();
        }
        ids.iter().filter(|id| **id == *message.metadata().id).count()
    }

    fn ids(&self) -> Vec<String> {
        self.ids.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_failed_message_is_tried_again_until_it_succeeds() {
    let fixture = Fixture::standard().await;
    fixture.producer(ProducerSettings::default()).produce(&message("e-1", "k")).await.unwrap();
    let log = Log::default();
    let handler = {
        let log = log.clone();
        move |message: Message| {
            let attempt = log.note(&message, 3);
            async move { if attempt < 3 { Err(HandlerError::retry("not yet")) } else { Ok(()) } }
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    let report = soon(consumer.run(handler, log.enough.notified())).await.unwrap();
    assert_eq!((report.retried, report.acknowledged, report.dead_lettered), (2, 1, 0));
    assert_eq!(fixture.queue.counts().unwrap().in_flight, 0);
}

#[tokio::test]
async fn exhausted_messages_go_to_the_queue_that_the_redrive_policy_names_with_their_error() {
    let fixture = Fixture::fifo().await;
    fixture.producer(ProducerSettings::default()).produce(&message("e-1", "k")).await.unwrap();
    let log = Log::default();
    let handler = {
        let log = log.clone();
        move |message: Message| {
            log.note(&message, 3);
            async { Err::<(), _>(HandlerError::retry("no stock\u{FFFF}")) }
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    let report = soon(consumer.run(handler, log.enough.notified())).await.unwrap();
    assert_eq!((report.retried, report.dead_lettered), (2, 1));
    let letter = fixture.dead_letters.try_receive(&ReceiveRequest::new()).unwrap().remove(0);
    let record = letter.attributes().iter().find(|found| found.name() == attribute::DEAD_LETTER).unwrap();
    let record: serde_json::Value = serde_json::from_slice(record.value()).unwrap();
    assert_eq!((&record["error"]["code"], &record["attempts"]), (&"HANDLER_FAILED".into(), &3.into()));
    assert_eq!(letter.group().map(|group| &**group), Some("k"));
    let deduplication_id = letter.deduplication_id().unwrap();
    // Of this dead letter alone: an earlier one of the same event may be five minutes young.
    assert!(
        deduplication_id.len() > "e-1:".len() && deduplication_id.starts_with("e-1:"),
        "{deduplication_id}"
    );
    assert_eq!(fixture.queue.counts().unwrap().in_flight, 0);
}

#[tokio::test]
async fn a_dead_letter_that_is_not_stored_keeps_its_original() {
    let fixture = Fixture::standard().await;
    fixture.producer(ProducerSettings::default()).produce(&message("e-1", "k")).await.unwrap();
    let gone = fixture.endpoint.queue_url("nowhere");
    let sink = SqsDeadLetterSink::new(fixture.endpoint.client(), gone);
    let log = Log::default();
    let handler = {
        let log = log.clone();
        move |message: Message| {
            log.note(&message, 2);
            async { Err::<(), _>(HandlerError::dead_letter("broken")) }
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings()).with_dead_letters(sink);
    let report = soon(consumer.run(handler, log.enough.notified())).await.unwrap();
    assert_eq!((report.dead_lettered, report.unsettled), (0, 0));
    assert_eq!(fixture.queue.counts().unwrap().visible, 1);
}

#[tokio::test]
async fn what_cannot_be_decoded_is_a_dead_letter_with_its_bytes() {
    let fixture = Fixture::standard().await;
    let body = "not an envelope";
    fixture.queue.try_send(event_runtime::embedded::OutgoingMessage::new(body)).unwrap();
    let done = Notify::new();
    let run = async {
        let consumer = Consumer::new(fixture.source()).with_settings(settings());
        consumer.run(|_: Message| async {}, done.notified()).await
    };
    let seen = async {
        let letter = fixture
            .dead_letters
            .receive(&ReceiveRequest::new().wait(Duration::from_secs(20)))
            .await
            .unwrap()
            .remove(0);
        done.notify_one();
        letter
    };
    let (report, letter) = soon(async { tokio::join!(run, seen) }).await;
    assert_eq!(letter.body(), body);
    assert_eq!(report.unwrap().dead_lettered, 1);
}

#[tokio::test]
async fn a_fifo_queue_is_handled_in_order_over_faults() {
    const COUNT: usize = 120;
    let fixture = Fixture::new("orders.fifo", QueueSettings::fifo()).await;
    let producer = fixture.producer(ProducerSettings::default());
    producer.produce_batch(&messages(COUNT, 6)).await.into_iter().for_each(|result| result.unwrap());
    for fault in [Fault::Throttle, Fault::InternalError, Fault::Reset, Fault::LostAnswer] {
        fixture.endpoint.faults().inject(FaultRule::new(fault).rate(0.03));
    }
    let log = Log::default();
    let tries = Arc::new(Mutex::new(HashMap::<String, u32>::new()));
    let handler = {
        let (log, tries) = (log.clone(), tries.clone());
        move |message: Message| {
            let id = message.metadata().id.to_string();
            let tried = {
                let mut tries = tries.lock().unwrap();
                let tried = tries.entry(id).or_default();
                *tried += 1;
                *tried
            };
            let succeeds = !message.metadata().id.ends_with('3') || tried > 1;
            if succeeds {
                log.note(&message, COUNT);
            }
            async move { if succeeds { Ok(()) } else { Err(HandlerError::retry("once")) } }
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    soon(consumer.run(handler, log.enough.notified())).await.unwrap();
    let mut first = Vec::new();
    for id in log.ids() {
        if !first.contains(&id) {
            first.push(id);
        }
    }
    assert_eq!(first.len(), COUNT);
    assert!(in_order(&first), "{first:?}");
}

#[tokio::test]
async fn a_delayed_message_of_a_fifo_queue_waits_for_its_time() {
    let fixture = Fixture::fifo().await;
    let delay = Duration::from_millis(1_500);
    let sent_at = jiff::Timestamp::now();
    let producer = fixture.producer(ProducerSettings::default());
    producer.produce(&message("e-1", "k").with_delay(delay)).await.unwrap();
    let log = Log::default();
    let handler = {
        let log = log.clone();
        move |message: Message| {
            log.note(&message, 1);
            async {}
        }
    };
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    let report = soon(consumer.run(handler, log.enough.notified())).await.unwrap();
    let waited = jiff::Timestamp::now().duration_since(sent_at);
    assert!(waited >= jiff::SignedDuration::from_millis(1_500), "{waited}");
    assert_eq!((report.acknowledged, report.retried), (1, 0));
}

#[tokio::test]
async fn shutdown_hands_back_what_was_not_started() {
    let fixture = Fixture::standard().await;
    let producer = fixture.producer(ProducerSettings::default());
    producer.produce_batch(&messages(10, 10)).await.into_iter().for_each(|result| result.unwrap());
    let (started, released) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (started, released) = (started.clone(), released.clone());
        move |_: Message| {
            let (started, released) = (started.clone(), released.clone());
            async move {
                started.notify_one();
                released.notified().await;
            }
        }
    };
    let settings = ConsumerSettings { concurrency: 1, ..settings() };
    let consumer = Consumer::new(fixture.source()).with_settings(settings);
    let shutdown = async {
        started.notified().await;
        released.notify_one();
    };
    let report = soon(consumer.run(handler, shutdown)).await.unwrap();
    assert_eq!((report.unsettled, report.cut_off), (0, 0));
    let counts = fixture.queue.counts().unwrap();
    assert_eq!(counts.in_flight, 0, "nothing stays leased");
    assert_eq!(counts.visible as u64, 10 - report.acknowledged);
}

#[tokio::test]
async fn a_queue_that_disappears_ends_the_run_and_faults_show_in_health() {
    let fixture = Fixture::standard().await;
    let consumer = Consumer::new(fixture.source()).with_settings(settings());
    fixture.endpoint.faults().inject(FaultRule::new(Fault::Throttle).action(Action::ReceiveMessage));
    let run = consumer.run(|_: Message| async {}, std::future::pending());
    let watch = async {
        while consumer.health().status != Status::Degraded {
            tokio::task::yield_now().await;
        }
        assert!(consumer.health().failed_receives > 0);
        fixture.endpoint.faults().clear();
        fixture.endpoint.broker().delete_queue("orders").unwrap();
    };
    let (ended, ()) = soon(async { tokio::join!(run, watch) }).await;
    assert_eq!(ended.unwrap_err().kind(), ConsumerErrorKind::Source);
    let calls = fixture.endpoint.calls()[&Action::ReceiveMessage];
    assert!(calls < 20, "throttled receives back off: {calls}");
}
