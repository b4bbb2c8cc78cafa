//! The producer against a service that fails.

use std::time::Duration;

use event_runtime::embedded::ReceiveRequest;
use event_runtime::transport::{ProduceErrorKind, Producer};
use event_transport_sqs::local::{Action, Fault, FaultRule};
use event_transport_sqs::{ProducerSettings, SqsProducer};
use futures_util::future::join_all;

use super::fixture::{Fixture, in_order, message, messages, soon};

fn ok<E: std::fmt::Debug>(results: Vec<Result<(), E>>) {
    results.into_iter().for_each(|result| result.unwrap());
}

#[tokio::test]
async fn a_batch_is_sent_in_as_few_calls_as_the_service_allows() {
    let fixture = Fixture::standard().await;
    let producer = fixture.producer(ProducerSettings::default());
    ok(producer.produce_batch(&messages(25, 25)).await);
    assert_eq!(fixture.endpoint.calls()[&Action::SendMessageBatch], 3);
    assert_eq!(fixture.drain().len(), 25);
}

#[tokio::test]
async fn attributes_repeat_what_tools_filter_by() {
    let fixture = Fixture::fifo().await;
    fixture.producer(ProducerSettings::default()).produce(&message("e-1", "k")).await.unwrap();
    let received = fixture.queue.try_receive(&ReceiveRequest::new()).unwrap().remove(0);
    let attribute = |name: &str| {
        received.attributes().iter().find(|attribute| attribute.name() == name).and_then(|found| found.text())
    };
    assert_eq!(attribute("payload_type"), Some("order.created"));
    assert_eq!((attribute("id"), attribute("version")), (Some("e-1"), Some("1")));
    assert_eq!(attribute("correlation_id"), Some("c-1"));
    assert_eq!(received.group().map(|group| &**group), Some("k"));
    assert_eq!(received.deduplication_id().map(|id| &**id), Some("e-1"));
}

#[tokio::test]
async fn only_what_was_not_taken_is_sent_again() {
    let fixture = Fixture::standard().await;
    let fault = FaultRule::new(Fault::PartialFailure).action(Action::SendMessageBatch).times(2);
    fixture.endpoint.faults().inject(fault);
    ok(fixture.producer(ProducerSettings::default()).produce_batch(&messages(10, 10)).await);
    let mut ids = fixture.drain();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10, "none is lost, and none is there twice");
    assert!(fixture.queue.counts().unwrap().visible == 0);
}

#[tokio::test]
async fn an_entry_that_the_reply_does_not_mention_counts_as_failed() {
    let fixture = Fixture::fifo().await;
    let fault = FaultRule::new(Fault::MissingEntries).action(Action::SendMessageBatch).times(1);
    fixture.endpoint.faults().inject(fault);
    ok(fixture.producer(ProducerSettings::default()).produce_batch(&messages(10, 10)).await);
    let calls = fixture.endpoint.calls();
    assert_eq!(calls.values().sum::<u64>(), 2, "{calls:?}");
    assert_eq!(fixture.drain().len(), 10, "the deduplication id is the same on every attempt");
}

#[tokio::test]
async fn order_inside_a_key_survives_every_fault() {
    for seed in 0..8 {
        let fixture = Fixture::fifo().await;
        let faults = fixture.endpoint.faults();
        faults.seed(seed);
        for fault in [Fault::PartialFailure, Fault::MissingEntries, Fault::LostAnswer, Fault::Throttle] {
            faults.inject(FaultRule::new(fault).rate(0.1));
        }
        let settings = ProducerSettings { max_attempts: 50, ..ProducerSettings::default() };
        let messages = messages(60, 6);
        ok(fixture.producer(settings).produce_batch(&messages).await);
        let mut ids = Vec::new();
        // Receives of a FIFO queue hold their groups back until they are settled.
        loop {
            let next = fixture.drain();
            if next.is_empty() {
                break;
            }
            ids.extend(next);
        }
        assert_eq!(ids.len(), 60, "seed {seed}");
        assert!(in_order(&ids), "seed {seed}: {ids:?}");
    }
}

#[tokio::test]
async fn who_is_given_up_holds_back_what_follows_in_its_key() {
    let fixture = Fixture::fifo().await;
    fixture.endpoint.faults().inject(FaultRule::new(Fault::Throttle));
    let settings = ProducerSettings { max_attempts: 2, ..ProducerSettings::default() };
    let batch = [message("a-1", "a"), message("a-2", "a")];
    let results = fixture.producer(settings).produce_batch(&batch).await;
    let kinds: Vec<_> = results.into_iter().map(|result| result.unwrap_err().kind()).collect();
    assert_eq!(kinds, [ProduceErrorKind::Throttled, ProduceErrorKind::Unavailable]);
    assert_eq!(fixture.endpoint.calls().values().sum::<u64>(), 2, "the second never left");
}

#[tokio::test]
async fn group_batches_put_one_key_into_one_call() {
    let fixture = Fixture::fifo().await;
    let settings = ProducerSettings { group_batches: true, ..ProducerSettings::default() };
    ok(fixture.producer(settings).produce_batch(&messages(20, 1)).await);
    assert_eq!(fixture.endpoint.calls()[&Action::SendMessageBatch], 2);
    let ids = fixture.drain();
    assert!(ids.len() == 20 && in_order(&ids), "{ids:?}");
}

#[tokio::test]
async fn concurrent_sends_share_a_call() {
    let fixture = Fixture::standard().await;
    let settings = ProducerSettings { linger: Duration::from_millis(200), ..ProducerSettings::default() };
    let producer = fixture.producer(settings);
    let messages = messages(20, 20);
    ok(soon(join_all(messages.iter().map(|message| producer.produce(message)))).await);
    assert_eq!(fixture.endpoint.calls()[&Action::SendMessageBatch], 2);
    assert_eq!(fixture.drain().len(), 20);
}

#[tokio::test]
async fn a_lone_send_goes_when_it_has_lingered() {
    let fixture = Fixture::standard().await;
    let settings = ProducerSettings { linger: Duration::from_millis(1), ..ProducerSettings::default() };
    let producer = fixture.producer(settings);
    soon(producer.produce(&message("a-1", "a"))).await.unwrap();
    assert_eq!(fixture.endpoint.calls()[&Action::SendMessage], 1);
}

#[tokio::test]
async fn a_cancelled_send_takes_nobody_along() {
    let fixture = Fixture::standard().await;
    let settings = ProducerSettings { linger: Duration::from_millis(50), ..ProducerSettings::default() };
    let producer = fixture.producer(settings);
    let (first, second) = (message("a-1", "a"), message("a-2", "a"));
    {
        let mut cancelled = Box::pin(producer.produce(&first));
        assert!(futures_util::poll!(&mut cancelled).is_pending());
    }
    soon(producer.produce(&second)).await.unwrap();
    assert_eq!(fixture.drain(), ["a-2"]);
}

#[tokio::test]
async fn with_a_linger_every_event_still_has_its_own_answer() {
    let fixture = Fixture::standard().await;
    let settings = ProducerSettings { linger: Duration::from_millis(20), ..ProducerSettings::default() };
    let producer = fixture.producer(settings);
    let refused =
        event_runtime::Codec::decode("{\"id\":\"x\",\"payload_type\":\"a\",\"payload\":\"\u{FFFE}\"}".into());
    let batch = [message("a-1", "a"), refused.unwrap(), message("a-2", "a")];
    let results = soon(producer.produce_batch(&batch)).await;
    let kinds: Vec<_> = results.into_iter().map(|result| result.err().map(|error| error.kind())).collect();
    assert_eq!(kinds, [None, Some(ProduceErrorKind::Refused), None]);
    assert_eq!(fixture.drain().len(), 2);
}

#[tokio::test]
async fn what_fails_for_good_is_not_sent_again() {
    let fixture = Fixture::standard().await;
    let url = fixture.endpoint.queue_url("nowhere");
    let producer = SqsProducer::new("p", fixture.endpoint.client(), url, ProducerSettings::default());
    let error = producer.produce(&message("a-1", "a")).await.unwrap_err();
    assert_eq!(error.kind(), ProduceErrorKind::NotFound);
    assert!(error.to_string().contains("a-1"), "{error}");
    assert_eq!(fixture.endpoint.calls()[&Action::SendMessage], 1);
}

#[tokio::test]
async fn a_service_that_stays_away_is_reported_after_the_last_attempt() {
    let fixture = Fixture::standard().await;
    let settings = ProducerSettings { max_attempts: 3, ..ProducerSettings::default() };
    let producer = fixture.producer(settings);
    for (fault, kind) in [
        (Fault::Reset, ProduceErrorKind::Unavailable),
        (Fault::InternalError, ProduceErrorKind::Unavailable),
        (Fault::Throttle, ProduceErrorKind::Throttled),
    ] {
        fixture.endpoint.faults().clear();
        fixture.endpoint.faults().inject(FaultRule::new(fault));
        fixture.endpoint.forget_calls();
        let error = producer.produce(&message("a-1", "a")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}");
        assert!(error.is_retryable());
        assert_eq!(fixture.endpoint.calls()[&Action::SendMessage], 3, "{fault:?}");
    }
}

#[tokio::test]
async fn a_queue_with_a_lower_limit_is_known_before_the_call() {
    let fixture = Fixture::standard().await;
    let producer = fixture.producer(ProducerSettings::default()).with_max_bytes(100);
    let error = producer.produce(&message("a-1", "a")).await.unwrap_err();
    assert_eq!(error.kind(), ProduceErrorKind::TooLarge);
    assert!(fixture.endpoint.calls().is_empty());
}
