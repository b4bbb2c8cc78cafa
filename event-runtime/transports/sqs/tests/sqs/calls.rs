//! What the service would bill: calls a message at full load.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_runtime::Message;
use event_runtime::consumer::{Consumer, ConsumerSettings};
use event_runtime::embedded::OutgoingMessage;
use event_transport_sqs::local::Action;
use tokio::sync::Notify;

use super::fixture::{Fixture, messages, soon};

/// One receive and one delete a batch of ten, and one call in a hundred messages for what is not full.
const MOST: f64 = 0.21;

#[tokio::test]
async fn a_full_queue_costs_a_receive_and_a_delete_for_ten_messages() {
    const COUNT: usize = 2_000;
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
    let consumer = Consumer::new(fixture.source()).with_settings(ConsumerSettings::default());
    let report = soon(consumer.run(handler, done.notified())).await.unwrap();
    assert_eq!((report.acknowledged, report.unsettled), (COUNT as u64, 0));
    let calls = fixture.endpoint.calls();
    let counted = |action| calls.get(&action).copied().unwrap_or(0);
    assert_eq!(counted(Action::DeleteMessage) + counted(Action::ChangeMessageVisibility), 0);
    let per_message = calls.values().sum::<u64>() as f64 / COUNT as f64;
    println!("{per_message} calls a message: {calls:?}");
    assert!(per_message <= MOST, "{per_message} calls a message: {calls:?}");
}
