//! Queues coming and going, and their messages with them.

use super::under_test::*;

pub async fn retention(q: &impl QueueUnderTest) -> Faults {
    let standard = q.standard(&[("MessageRetentionPeriod", "60"), ("VisibilityTimeout", "600")]).await;
    let fifo = q.fifo(&[("MessageRetentionPeriod", "60"), ("VisibilityTimeout", "600")]).await;
    for queue in [standard.clone(), fifo] {
        for body in ["m1", "m2"] {
            let message = if queue.contains("fifo") { Send::fifo("g", body) } else { Send::body(body) };
            q.send(&queue, message).await.unwrap();
        }
        let in_flight = q.take(&queue, 1).await.remove(0);
        q.advance(seconds(61.0)).await;
        q.assert_empty(&queue).await;
        let attributes = q.attributes(&queue).await.unwrap();
        assert_eq!(attributes["ApproximateNumberOfMessages"], "0");
        assert_eq!(attributes["ApproximateNumberOfMessagesNotVisible"], "0");
        q.delete(&queue, &in_flight.handle).await.unwrap();
    }
    for (period, accepted) in [("59", false), ("60", true), ("1209600", true), ("1209601", false)] {
        let result = q.set_attributes(&standard, &[("MessageRetentionPeriod", period)]).await;
        assert_eq!(result.is_ok(), accepted, "{period}");
    }
    NO_FAULT
}

pub async fn purge(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    q.put(&queue, "in flight").await;
    let in_flight = q.take_one(&queue).await;
    q.put(&queue, "visible").await;
    q.send(&queue, Send::body("delayed").delay(10)).await.unwrap();
    q.purge(&queue).await.unwrap();
    let fault = fault(q.purge(&queue).await);
    q.delete(&queue, &in_flight.handle).await.unwrap();
    q.advance(seconds(61.0)).await;
    q.assert_empty(&queue).await;
    q.purge(&queue).await.unwrap();
    vec![fault]
}

pub async fn create_idempotent(q: &impl QueueUnderTest) -> Faults {
    let attributes = [("VisibilityTimeout", "10"), ("DelaySeconds", "1")];
    let queue = q.create("twice", &attributes).await.unwrap();
    assert_eq!(q.create("twice", &attributes).await.unwrap(), queue);
    let differing = q.create("twice", &[("VisibilityTimeout", "11")]).await;
    let fault = fault(differing);
    assert!(matches!(fault.code.as_str(), "QueueAlreadyExists" | "QueueNameExists"), "{fault:?}");
    assert!(fault.message.ends_with("VisibilityTimeout"), "{fault:?}");
    NO_FAULT
}

pub async fn recreate_60s(q: &impl QueueUnderTest) -> Faults {
    let queue = q.create("again", &[]).await.unwrap();
    q.delete_queue(&queue).await.unwrap();
    refused(q.send(&queue, Send::body("m")).await, "NonExistentQueue");
    refused(q.create("again", &[]).await, "QueueDeletedRecently");
    q.advance(seconds(60.0)).await;
    q.create("again", &[]).await.unwrap();
    NO_FAULT
}

pub async fn fifo_suffix(q: &impl QueueUnderTest) -> Faults {
    let fifo = [("FifoQueue", "true")];
    refused(q.create("plain", &fifo).await, "InvalidParameterValue");
    refused(q.create("plain.fifo", &[]).await, "InvalidParameterValue");
    refused(q.create("a.b", &[]).await, "InvalidParameterValue");
    refused(q.create(".fifo", &fifo).await, "InvalidParameterValue");
    refused(q.create(&"n".repeat(81), &[]).await, "InvalidParameterValue");
    q.create("plain.fifo", &fifo).await.unwrap();
    q.create(&"n".repeat(80), &[]).await.unwrap();
    NO_FAULT
}
