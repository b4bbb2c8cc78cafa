//! Deduplication on FIFO queues.

use super::under_test::*;

async fn consume(q: &impl QueueUnderTest, queue: &str) {
    let message = q.take_one(queue).await;
    q.delete(queue, &message.handle).await.unwrap();
}

pub async fn five_minutes(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    let send = || q.send(&queue, Send::body("m").group("g").deduplication_id("d"));
    send().await.unwrap();
    consume(q, &queue).await;
    q.advance(seconds(299.0)).await;
    send().await.unwrap();
    q.assert_empty(&queue).await;
    q.advance(seconds(2.0)).await;
    send().await.unwrap();
    q.take_one(&queue).await;
    NO_FAULT
}

pub async fn send_returns_original_id(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    let send = |body: &str| q.send(&queue, Send::body(body).group("g").deduplication_id("d"));
    assert_eq!(send("a").await.unwrap(), send("b").await.unwrap());
    NO_FAULT
}

pub async fn content_based(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[("ContentBasedDeduplication", "true")]).await;
    for value in ["a", "b"] {
        let message = Send::body("X").group("g").attribute("name", "String", value);
        q.send(&queue, message).await.unwrap();
    }
    q.take_one(&queue).await;
    q.send(&queue, Send::body("Y").group("h")).await.unwrap();
    q.take_one(&queue).await;
    NO_FAULT
}

pub async fn queue_scope(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    q.send(&queue, Send::body("m").group("g1").deduplication_id("d")).await.unwrap();
    consume(q, &queue).await;
    q.send(&queue, Send::body("m").group("g2").deduplication_id("d")).await.unwrap();
    q.assert_empty(&queue).await;
    NO_FAULT
}

pub async fn group_scope(q: &impl QueueUnderTest) -> Faults {
    let high_throughput =
        [("DeduplicationScope", "messageGroup"), ("FifoThroughputLimit", "perMessageGroupId")];
    let queue = q.fifo(&high_throughput).await;
    q.send(&queue, Send::body("m").group("g1").deduplication_id("d")).await.unwrap();
    consume(q, &queue).await;
    q.send(&queue, Send::body("m").group("g2").deduplication_id("d")).await.unwrap();
    assert_eq!(q.take_one(&queue).await.system["MessageGroupId"], "g2");
    NO_FAULT
}

pub async fn purge_clears(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    let send = || q.send(&queue, Send::body("m").group("g").deduplication_id("d"));
    let first = send().await.unwrap();
    q.purge(&queue).await.unwrap();
    let second = send().await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(q.take_one(&queue).await.id, second.id);
    NO_FAULT
}

pub async fn required(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    vec![
        fault(q.send(&queue, Send::body("m").group("g")).await),
        fault(q.send(&queue, Send::body("m").deduplication_id("d")).await),
    ]
}
