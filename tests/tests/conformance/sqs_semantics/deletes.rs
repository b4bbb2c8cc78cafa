//! Deleting, and the handles to delete with.

use super::under_test::*;

pub async fn after_expiry_standard(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("VisibilityTimeout", "1")]).await;
    q.put(&queue, "m").await;
    let message = q.take_one(&queue).await;
    q.advance(seconds(1.0)).await;
    q.delete(&queue, &message.handle).await.unwrap();
    q.assert_empty(&queue).await;
    NO_FAULT
}

pub async fn after_expiry_fifo(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[("VisibilityTimeout", "1")]).await;
    q.put_in_groups(&queue, &["g-m"]).await;
    let message = q.take_one(&queue).await;
    q.advance(seconds(1.0)).await;
    let fault = fault(q.delete(&queue, &message.handle).await);
    assert_eq!(q.take_one(&queue).await.id, message.id, "it stays");
    vec![fault]
}

pub async fn after_extension_fifo(q: &impl QueueUnderTest) -> Faults {
    let queue = q.fifo(&[("VisibilityTimeout", "1")]).await;
    q.put_in_groups(&queue, &["g-m"]).await;
    let message = q.take_one(&queue).await;
    q.change_visibility(&queue, &message.handle, 5).await.unwrap();
    q.advance(seconds(1.5)).await;
    q.delete(&queue, &message.handle).await.unwrap();
    q.advance(seconds(10.0)).await;
    q.assert_empty(&queue).await;
    NO_FAULT
}

pub async fn idempotent(q: &impl QueueUnderTest) -> Faults {
    let (standard, fifo) = (q.standard(&[]).await, q.fifo(&[]).await);
    q.put(&standard, "m").await;
    q.put_in_groups(&fifo, &["g-m"]).await;
    for queue in [standard, fifo] {
        let message = q.take_one(&queue).await;
        for _ in 0..3 {
            q.delete(&queue, &message.handle).await.unwrap();
        }
    }
    NO_FAULT
}

pub async fn garbage_handle(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    vec![fault(q.delete(&queue, "garbage").await)]
}

pub async fn handle_changes_per_receive(q: &impl QueueUnderTest) -> Faults {
    let standard = q.standard(&[("VisibilityTimeout", "0")]).await;
    let fifo = q.fifo(&[("VisibilityTimeout", "0")]).await;
    q.put(&standard, "m").await;
    q.put_in_groups(&fifo, &["g-m"]).await;
    for queue in [standard, fifo] {
        let (first, second) = (q.take_one(&queue).await, q.take_one(&queue).await);
        assert_eq!(first.id, second.id);
        assert_ne!(first.handle, second.handle);
    }
    NO_FAULT
}
