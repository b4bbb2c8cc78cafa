//! Send, receive and acknowledge in memory, without events.

use std::hint::black_box;

use bytes::Bytes;
use event_runtime::embedded::{Broker, OutgoingMessage, QueueSettings, ReceiveRequest};
use omniqueue::backends::InMemoryBackend;

use crate::floor::HandQueue;
use crate::measure::{block_on, measure};

const TIMES: usize = 500;
const BODY: Bytes = Bytes::from_static(&[b'a'; 1_000]);

pub(super) fn run() {
    measure("queue.floor", TIMES, HandQueue::default, |queue| {
        block_on(async {
            for _ in 0..TIMES {
                queue.send(black_box(BODY));
                let (id, body) = queue.receive().await;
                black_box(body);
                queue.acknowledge(id);
            }
        });
    });
    let (sender, receiver) = tokio::sync::mpsc::channel(64);
    let receiver = tokio::sync::Mutex::new(receiver);
    measure(
        "queue.tokio_mpsc",
        TIMES,
        || (),
        |()| {
            block_on(async {
                let mut receiver = receiver.lock().await;
                for _ in 0..TIMES {
                    sender.send(black_box(BODY)).await.unwrap();
                    black_box(receiver.recv().await);
                }
            });
        },
    );
    let pair = || block_on(InMemoryBackend::builder().build_pair()).unwrap();
    measure("queue.omniqueue", TIMES, pair, |(producer, mut consumer)| {
        block_on(async {
            for _ in 0..TIMES {
                producer.send_raw(black_box(&BODY)).await.unwrap();
                let mut delivery = consumer.receive().await.unwrap();
                black_box(delivery.take_payload());
                delivery.ack().await.unwrap();
            }
        });
    });
    let queue = || Broker::new().create_queue("bench", QueueSettings::new()).unwrap();
    measure("queue", TIMES, queue, |queue| {
        let request = ReceiveRequest::new();
        block_on(async {
            for _ in 0..TIMES {
                queue.send(OutgoingMessage::new(black_box(BODY))).await.unwrap();
                for message in queue.receive(&request).await.unwrap() {
                    black_box(message.body());
                    queue.delete(message.receipt()).unwrap();
                }
            }
        });
    });
}
