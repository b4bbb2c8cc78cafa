//! The embedded queue beyond what the conformance cases say: waiting, cancelling, capacity, moving.

mod capacity;
mod concurrency;
mod handing_back;
mod model;
mod moves;
mod redrive;
mod waiting;

use std::time::Duration;

use event_runtime::ManualClock;
use event_runtime::embedded::{Broker, Capacity, OutgoingMessage, Queue, ReceiveRequest, ReceivedMessage};

/// A broker on a clock that stands still.
fn broker() -> (Broker, ManualClock) {
    broker_with(Capacity::default())
}

fn broker_with(capacity: Capacity) -> (Broker, ManualClock) {
    let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
    (Broker::builder().clock(clock.clock()).capacity(capacity).build(), clock)
}

fn message(body: impl Into<String>) -> OutgoingMessage {
    OutgoingMessage::new(body.into())
}

/// A message for a FIFO queue, with its body as the deduplication id.
fn ordered(group: &str, body: &str) -> OutgoingMessage {
    message(body).with_group(group).with_deduplication_id(body)
}

fn take(queue: &Queue, max: usize) -> Vec<ReceivedMessage> {
    queue.try_receive(&ReceiveRequest::new().max(max)).unwrap()
}

/// Receives with a visibility timeout of zero.
fn look(queue: &Queue) -> Vec<ReceivedMessage> {
    queue.try_receive(&ReceiveRequest::new().max(10).visibility_timeout(Duration::ZERO)).unwrap()
}

fn bodies(messages: &[ReceivedMessage]) -> Vec<&str> {
    messages.iter().map(|message| std::str::from_utf8(message.body()).unwrap()).collect()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A receive that waits 20 s.
fn long_poll() -> ReceiveRequest {
    ReceiveRequest::new().max(10).wait(seconds(20))
}

/// Lets every other task run until all of them wait.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
