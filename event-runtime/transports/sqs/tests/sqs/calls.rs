//! What the service would bill: calls a message at full load.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_runtime::Message;
use event_runtime::consumer::{Consumer, ConsumerSettings};
use event_runtime::embedded::OutgoingMessage;
use event_runtime::transport::Producer;
use event_transport_sqs::ProducerSettings;
use event_transport_sqs::local::Action;
use futures_util::future::join_all;
use tokio::sync::Notify;

use super::fixture::{Fixture, messages, soon};

/// One receive and one delete a batch of ten, and one call in a hundred messages for what is not full.
const MOST: f64 = 0.21;

/// One send a batch of ten, and one call in a hundred messages for what is not full.
const MOST_SENDS: f64 = 0.11;

const COUNT: usize = 2_000;

#[tokio::test]
async fn a_full_queue_costs_a_receive_and_a_delete_for_ten_messages() {
    let fixture = Fixture::standard().await;
    for message in messages(COUNT, COUNT) {
        fixture.queue.try_send(OutgoingMessage::new(message.body().clone().into_bytes())).unwrap();
    }
    let handled = Arc::new(AtomicUsize::new(0));
    let done = Arc::new(Notify::new());
    let handler = {
        let (handled, done) = (handled.clone(), done.clone());
        move |_: Message| {
            if handled.fetch_add(1, Ordering::SeqCst) + 1 == COUNT {
                done.notify_one();
            }
            async {}
        }
    };
    // A short poll ends the test soon; at full load no poll waits.
    let settings = ConsumerSettings { wait: Duration::from_secs(1), ..ConsumerSettings::default() };
    let consumer = Consumer::new(fixture.source()).with_settings(settings);
    let report = soon(consumer.run(handler, done.notified())).await.unwrap();
    assert_eq!((report.acknowledged, report.unsettled), (COUNT as u64, 0));
    let calls = fixture.endpoint.calls();
    let counted = |action| calls.get(&action).copied().unwrap_or(0);
    assert_eq!(counted(Action::DeleteMessage) + counted(Action::ChangeMessageVisibility), 0);
    assert_calls(&fixture, MOST);
}

#[tokio::test]
async fn single_sends_that_linger_cost_a_call_for_ten_messages() {
    const SENDERS: usize = 100;
    let fixture = Fixture::standard().await;
    // Longer than a busy machine may stall: a batch is to go because it is full.
    let linger = Duration::from_millis(500);
    let producer = fixture.producer(ProducerSettings { linger, ..ProducerSettings::default() });
    let messages = messages(COUNT, COUNT);
    let send_all = async |share: &[Message]| {
        for message in share {
            producer.produce(message).await.unwrap();
        }
    };
    let senders = messages.chunks(COUNT / SENDERS).map(send_all);
    soon(join_all(senders)).await;
    assert_eq!(fixture.queue.counts().unwrap().visible, COUNT);
    assert_calls(&fixture, MOST_SENDS);
}

#[tokio::test]
async fn a_batch_costs_a_call_for_ten_messages() {
    let fixture = Fixture::standard().await;
    let producer = fixture.producer(ProducerSettings::default());
    let results = soon(producer.produce_batch(&messages(COUNT, COUNT))).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(fixture.queue.counts().unwrap().visible, COUNT);
    assert_calls(&fixture, MOST_SENDS);
}

/// Whether all calls together are at most so many a message.
fn assert_calls(fixture: &Fixture, most: f64) {
    let calls = fixture.endpoint.calls();
    let per_message = calls.values().sum::<u64>() as f64 / COUNT as f64;
    println!("{per_message} calls a message: {calls:?}");
    assert!(per_message <= most, "{per_message} calls a message: {calls:?}");
}
