//! Delays and long polling.

use super::under_test::*;

pub async fn long_poll_wakes(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    let late_send = async {
        q.advance(seconds(1.0)).await;
        q.put(&queue, "m").await;
    };
    // Nothing advances the clock any further: a poll that slept through the send would never end.
    let (received, ()) = tokio::join!(q.receive(&queue, Receive::waiting(10)), late_send);
    assert_eq!(bodies(&received.unwrap()), ["m"]);
    NO_FAULT
}

pub async fn long_poll_does_not_block_when_available(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    q.put(&queue, "m").await;
    assert_eq!(q.receive(&queue, Receive::waiting(5)).await.unwrap().len(), 1);
    NO_FAULT
}

pub async fn per_message(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    q.send(&queue, Send::body("m").delay(1)).await.unwrap();
    q.assert_empty(&queue).await;
    let (received, ()) = tokio::join!(q.receive(&queue, Receive::waiting(2)), q.advance(seconds(1.0)));
    assert_eq!(bodies(&received.unwrap()), ["m"]);
    NO_FAULT
}

pub async fn fifo_per_message_rejected(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    vec![fault(q.send(&queue, Send::fifo("g", "m").delay(2)).await)]
}

pub async fn fifo_queue_level(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[("DelaySeconds", "2")]).await;
    q.put_in_groups(&queue, &["g-m1", "g-m2", "g-m3"]).await;
    q.assert_empty(&queue).await;
    q.advance(seconds(3.0)).await;
    assert_eq!(bodies(&q.take(&queue, 3).await), ["g-m1", "g-m2", "g-m3"]);
    NO_FAULT
}

pub async fn fifo_zero_means_queue_default(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[("DelaySeconds", "2")]).await;
    q.send(&queue, Send::fifo("g", "m").delay(0)).await.unwrap();
    q.assert_empty(&queue).await;
    q.advance(seconds(3.0)).await;
    q.take_one(&queue).await;
    NO_FAULT
}

pub async fn max_900(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    q.send(&queue, Send::body("m").delay(900)).await.unwrap();
    refused(q.send(&queue, Send::body("m").delay(901)).await, "InvalidParameterValue");
    refused(q.set_attributes(&queue, &[("DelaySeconds", "901")]).await, "InvalidAttributeValue");
    q.set_attributes(&queue, &[("DelaySeconds", "900")]).await.unwrap();
    NO_FAULT
}
