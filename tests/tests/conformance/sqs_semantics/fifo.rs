//! Groups and their order.

use super::under_test::*;

pub async fn group_blocks(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    let consumer = || q.receive(&queue, Receive { wait: Some(20), ..Receive::max(1) });
    let producer = async {
        q.put_in_groups(&queue, &["g1-m1"]).await;
        q.advance(seconds(0.1)).await;
        q.put_in_groups(&queue, &["g1-m2"]).await;
        // One consumer has m1; the others wait until their long poll ends empty.
        q.advance(seconds(20.0)).await;
    };
    let (a, b, c, ()) = tokio::join!(consumer(), consumer(), consumer(), producer);
    let first: Vec<_> = [a, b, c].into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(bodies(&first), ["g1-m1"], "m2 is not delivered while m1 is in flight");
    let delete = async { q.delete(&queue, &first[0].handle).await.unwrap() };
    let (second, ()) = tokio::join!(consumer(), delete);
    assert_eq!(bodies(&second.unwrap()), ["g1-m2"], "m2 is delivered right after the delete");
    NO_FAULT
}

pub async fn group_order_in_batch(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    q.put_in_groups(&queue, &["g1-m1", "g2-m1", "g1-m2", "g1-m3"]).await;
    assert_eq!(bodies(&q.take(&queue, 10).await), ["g1-m1", "g1-m2", "g1-m3", "g2-m1"]);
    NO_FAULT
}

pub async fn order_after_timeout(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[("VisibilityTimeout", "1")]).await;
    let messages = ["g-m0", "g-m1", "g-m2"];
    q.put_in_groups(&queue, &messages).await;
    assert_eq!(bodies(&q.take(&queue, 10).await), messages);
    q.advance(seconds(2.0)).await;
    assert_eq!(bodies(&q.take(&queue, 10).await), messages);
    NO_FAULT
}

pub async fn other_groups_flow(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    q.put_in_groups(&queue, &["g1-m1", "g1-m2", "g1-m3", "g1-m4", "g2-m1", "g3-m1"]).await;
    assert_eq!(bodies(&q.take(&queue, 2).await), ["g1-m1", "g1-m2"]);
    assert_eq!(bodies(&q.take(&queue, 1).await), ["g2-m1"]);
    NO_FAULT
}

pub async fn terminate_one(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[("VisibilityTimeout", "30")]).await;
    q.put_in_groups(&queue, &["g1-m1", "g1-m2"]).await;
    let in_flight = q.take(&queue, 2).await;
    q.put_in_groups(&queue, &["g2-m1"]).await;
    q.change_visibility(&queue, &in_flight[0].handle, 0).await.unwrap();
    let received = q.take(&queue, 3).await;
    let mut received = bodies(&received);
    received.sort_unstable();
    assert_eq!(received, ["g1-m1", "g2-m1"]);
    NO_FAULT
}

pub async fn extend_blocks_later(q: &impl QueueUnderTest) -> Faults {
    let messages = ["g-foo", "g-bar", "g-baz"];
    for extended in 0..messages.len() {
        let attributes = [("VisibilityTimeout", "1"), ("FifoQueue", "true")];
        let queue = q.create(&format!("extend-{extended}.fifo"), &attributes).await.unwrap();
        q.put_in_groups(&queue, &messages).await;
        let in_flight = q.take(&queue, 10).await;
        q.change_visibility(&queue, &in_flight[extended].handle, 4).await.unwrap();
        q.advance(seconds(2.5)).await;
        assert_eq!(bodies(&q.take(&queue, 5).await), messages[..extended], "message {extended} is extended");
    }
    NO_FAULT
}

async fn two_in_flight(q: &impl QueueUnderTest) -> (String, Vec<Received>) {
    let queue = q.fifo(&[]).await;
    q.put_in_groups(&queue, &["g1-m1", "g1-m2", "g1-m3", "g1-m4", "g2-m1", "g2-m2", "g3-m1"]).await;
    let in_flight = q.take(&queue, 2).await;
    assert_eq!(bodies(&in_flight), ["g1-m1", "g1-m2"]);
    (queue, in_flight)
}

pub async fn release_after_full_delete(q: &impl QueueUnderTest) -> Faults {
    let (queue, in_flight) = two_in_flight(q).await;
    for message in in_flight {
        q.delete(&queue, &message.handle).await.unwrap();
    }
    let received = q.take(&queue, 10).await;
    let of_group: Vec<_> = bodies(&received).into_iter().filter(|body| body.starts_with("g1")).collect();
    assert_eq!(of_group, ["g1-m3", "g1-m4"]);
    assert_eq!(received.len(), 5);
    NO_FAULT
}

pub async fn no_release_after_partial_delete(q: &impl QueueUnderTest) -> Faults {
    let (queue, in_flight) = two_in_flight(q).await;
    q.delete(&queue, &in_flight[0].handle).await.unwrap();
    assert_eq!(bodies(&q.take(&queue, 10).await), ["g2-m1", "g2-m2", "g3-m1"]);
    NO_FAULT
}

pub async fn empty_group_reuse(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    q.put_in_groups(&queue, &["g-m1"]).await;
    let message = q.take_one(&queue).await;
    q.delete(&queue, &message.handle).await.unwrap();
    q.assert_empty(&queue).await;
    q.put_in_groups(&queue, &["g-m2"]).await;
    assert_eq!(q.take_one(&queue).await.body, "g-m2");
    NO_FAULT
}

pub async fn sequence_number(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    let mut numbers = Vec::new();
    for body in ["m1", "m2", "m3"] {
        numbers.extend(q.send(&queue, Send::fifo("g", body)).await.unwrap().sequence_number);
    }
    assert!(numbers.iter().all(|number| number.len() == 20), "{numbers:?}");
    assert!(numbers[0] < numbers[1] && numbers[1] < numbers[2], "{numbers:?}");
    let received: Vec<_> = q
        .take(&queue, 10)
        .await
        .into_iter()
        .map(|message| message.system["SequenceNumber"].clone())
        .collect();
    assert_eq!(received, numbers);
    NO_FAULT
}

pub async fn approximate_counts(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[]).await;
    q.put_in_groups(&queue, &["g1-m1", "g1-m2", "g2-m1", "g2-m2", "g3-m1", "g3-m2"]).await;
    assert_eq!(q.take(&queue, 1).await.len() + q.take(&queue, 1).await.len(), 2);
    let attributes = q.attributes(&queue).await.unwrap();
    assert_eq!(attributes["ApproximateNumberOfMessages"], "4");
    assert_eq!(attributes["ApproximateNumberOfMessagesNotVisible"], "2");
    NO_FAULT
}
