//! Ranges of numbers and ids, fair queues, and messages in flight.

use super::under_test::*;

pub async fn receive_max_10(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    refused(q.receive(&queue, Receive::max(0)).await, "InvalidParameterValue");
    q.receive(&queue, Receive::max(10)).await.unwrap();
    vec![fault(q.receive(&queue, Receive::max(11)).await)]
}

pub async fn wait_max_20(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    let fault = fault(q.receive(&queue, Receive::waiting(21)).await);
    assert_eq!(fault.code, "InvalidParameterValue");
    assert!(fault.message.contains("Value 21 for parameter WaitTimeSeconds"), "{fault:?}");
    q.put(&queue, "m").await;
    q.receive(&queue, Receive::waiting(20)).await.unwrap();
    NO_FAULT
}

pub async fn ids_charset(q: &impl QueueUnderTest) -> Faults {
    let (standard, fifo) = (q.standard(&[]).await, q.fifo(&[]).await);
    let long = "a".repeat(129);
    for id in ["", &long, "group 123"] {
        refused(q.send(&standard, Send::body("m").group(id)).await, "InvalidParameterValue");
        refused(
            q.send(&fifo, Send::body("m").group(id).deduplication_id("d")).await,
            "InvalidParameterValue",
        );
        refused(
            q.send(&fifo, Send::body("m").group("g").deduplication_id(id)).await,
            "InvalidParameterValue",
        );
    }
    let odd = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~aZ9"##;
    q.send(&fifo, Send::body("m").group(odd).deduplication_id(odd)).await.unwrap();
    vec![fault(q.send(&standard, Send::body("m").group("group 123")).await)]
}

pub async fn fair_queue_attribute(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    for body in ["m1", "m2"] {
        q.send(&queue, Send::body(body).group("test")).await.unwrap();
    }
    // Two receives: one message in flight does not block the group.
    for _ in 0..2 {
        let message = q.take(&queue, 1).await.remove(0);
        assert_eq!(message.system["MessageGroupId"], "test");
        assert!(!message.system.contains_key("SequenceNumber"));
    }
    NO_FAULT
}

pub async fn fair_queue_quiet_first(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    for n in 0..1000 {
        q.send(&queue, Send::body(format!("a{n}")).group("noisy")).await.unwrap();
    }
    for _ in 0..3 {
        assert_eq!(q.take(&queue, 10).await.len(), 10);
    }
    for n in 0..10 {
        q.send(&queue, Send::body(format!("b{n}")).group("quiet")).await.unwrap();
    }
    let received = q.take(&queue, 10).await;
    assert!(received.iter().all(|message| message.body.starts_with('b')), "{:?}", bodies(&received));
    assert_eq!(q.take(&queue, 10).await.len(), 10, "the noisy tenant still progresses");
    NO_FAULT
}

pub async fn over_limit(q: &impl QueueUnderTest) -> Faults {
    let fifo = [("FifoQueue", "true")];
    let Some(standard) = q.create_limited("limited", &[], 2).await else { return NO_FAULT };
    let Some(ordered) = q.create_limited("limited.fifo", &fifo, 2).await else { return NO_FAULT };
    for n in 0..3 {
        q.put(&standard, &format!("m{n}")).await;
        q.send(&ordered, Send::fifo(&format!("g{n}"), &format!("m{n}"))).await.unwrap();
    }
    let in_flight = q.take(&standard, 10).await;
    assert_eq!((in_flight.len(), q.take(&ordered, 10).await.len()), (2, 2));
    refused(q.receive(&standard, Receive::max(1)).await, "OverLimit");
    assert!(q.take(&ordered, 10).await.is_empty(), "FIFO returns no error");
    q.delete(&standard, &in_flight[0].handle).await.unwrap();
    q.take_one(&standard).await;
    NO_FAULT
}
