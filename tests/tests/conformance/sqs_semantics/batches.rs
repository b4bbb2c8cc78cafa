//! Batches of sends.

use super::under_test::*;

fn entry(id: &str, body: String) -> (String, Send) {
    (id.to_owned(), Send::body(body))
}

pub async fn too_many(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    let entries = (0..20).map(|n| entry(&n.to_string(), "m".to_owned())).collect();
    let fault = fault(q.send_batch(&queue, entries).await);
    q.assert_empty(&queue).await;
    vec![fault]
}

pub async fn empty(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    refused(q.send_batch(&queue, Vec::new()).await, "EmptyBatchRequest");
    NO_FAULT
}

pub async fn ids_distinct(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    let entries = vec![entry("1", "a".to_owned()), entry("1", "b".to_owned())];
    refused(q.send_batch(&queue, entries).await, "BatchEntryIdsNotDistinct");
    q.assert_empty(&queue).await;
    NO_FAULT
}

pub async fn id_charset(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    let mut faults = Vec::new();
    for id in ["message:1".to_owned(), String::new(), "testLongId".repeat(10)] {
        faults.push(fault(q.send_batch(&queue, vec![entry(&id, "m".to_owned())]).await));
    }
    assert!(faults.iter().all(|fault| *fault == faults[0]), "{faults:?}");
    faults.truncate(1);
    faults
}

pub async fn partial_failure(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("MaximumMessageSize", "1024")]).await;
    let entries = vec![entry("fits", "m".repeat(1024)), entry("not", "m".repeat(1025))];
    let mut results = q.send_batch(&queue, entries).await.unwrap();
    results.remove("fits").unwrap().unwrap();
    assert_eq!(q.take(&queue, 10).await.len(), 1);
    vec![fault(results.remove("not").unwrap())]
}

pub async fn total_size(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    let entries = vec![entry("1", "m".repeat(1 << 20)), entry("2", "m".to_owned())];
    let fault = fault(q.send_batch(&queue, entries).await);
    q.assert_empty(&queue).await;
    let half = || "m".repeat(1 << 19);
    q.send_batch(&queue, vec![entry("1", half()), entry("2", half())]).await.unwrap();
    vec![fault]
}
