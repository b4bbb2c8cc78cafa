//! How long a received message is hidden.

use super::under_test::*;

pub async fn hides(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("VisibilityTimeout", "1")]).await;
    q.put(&queue, "m").await;
    let first = q.take_one(&queue).await;
    q.assert_empty(&queue).await;
    q.advance(seconds(1.1)).await;
    let second = q.take_one(&queue).await;
    assert_eq!(first.id, second.id);
    assert_ne!(first.handle, second.handle);
    assert_eq!(second.system["ApproximateReceiveCount"], "2");
    NO_FAULT
}

pub async fn override_on_receive(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("VisibilityTimeout", "30")]).await;
    q.put(&queue, "m").await;
    let first = q.receive(&queue, Receive::hidden_for(0)).await.unwrap();
    let second = q.take_one(&queue).await;
    assert_eq!(first[0].id, second.id);
    assert_ne!(first[0].handle, second.handle);
    q.assert_empty(&queue).await;
    NO_FAULT
}

pub async fn terminate(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    q.put(&queue, "m").await;
    let first = q.take_one(&queue).await;
    q.change_visibility(&queue, &first.handle, 0).await.unwrap();
    assert_eq!(q.take_one(&queue).await.id, first.id);
    q.assert_empty(&queue).await;
    NO_FAULT
}

pub async fn extend(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("VisibilityTimeout", "2")]).await;
    q.put(&queue, "m").await;
    let first = q.take_one(&queue).await;
    for _ in 0..4 {
        q.advance(seconds(1.0)).await;
        q.change_visibility(&queue, &first.handle, 2).await.unwrap();
        q.assert_empty(&queue).await;
    }
    q.advance(seconds(2.1)).await;
    assert_eq!(q.take_one(&queue).await.id, first.id);
    NO_FAULT
}

pub async fn change_after_expiry_standard(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("VisibilityTimeout", "1")]).await;
    q.put(&queue, "m").await;
    let first = q.take_one(&queue).await;
    q.advance(seconds(2.0)).await;
    q.change_visibility(&queue, &first.handle, 2).await.unwrap();
    NO_FAULT
}

pub async fn change_deleted(q: &impl QueueUnderTest) -> Faults {
    let (standard, fifo) = (q.standard(&[]).await, q.fifo(&[]).await);
    q.put(&standard, "m").await;
    q.put_in_groups(&fifo, &["g-m"]).await;
    let mut faults = Vec::new();
    for queue in [standard, fifo] {
        let message = q.take_one(&queue).await;
        q.delete(&queue, &message.handle).await.unwrap();
        faults.push(fault(q.change_visibility(&queue, &message.handle, 42).await));
    }
    assert_eq!(faults[0].code, faults[1].code);
    faults.truncate(1);
    faults
}

pub async fn max_12h(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("VisibilityTimeout", "43200")]).await;
    q.put(&queue, "m").await;
    refused(q.receive(&queue, Receive::hidden_for(43_201)).await, "InvalidParameterValue");
    let message = q.receive(&queue, Receive::hidden_for(43_200)).await.unwrap().remove(0);
    q.change_visibility(&queue, &message.handle, 43_200).await.unwrap();
    refused(q.change_visibility(&queue, &message.handle, 43_201).await, "InvalidParameterValue");
    refused(q.set_attributes(&queue, &[("VisibilityTimeout", "43201")]).await, "InvalidAttributeValue");
    // What has passed since the receive counts.
    q.advance(seconds(3_600.0)).await;
    refused(q.change_visibility(&queue, &message.handle, 43_200).await, "InvalidParameterValue");
    q.change_visibility(&queue, &message.handle, 39_600).await.unwrap();
    NO_FAULT
}
