//! Redrive to dead-letter queues.

use super::under_test::*;

/// A policy as the attribute's text.
async fn policy(q: &impl QueueUnderTest, dead_letters: &str, max_receive_count: u32) -> String {
    let arn = q.arn(dead_letters).await;
    format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"{max_receive_count}"}}"#)
}

/// A queue and its dead-letter queue.
async fn pair(q: &impl QueueUnderTest, fifo: bool, max_receive_count: u32) -> (String, String) {
    let suffix = if fifo { ".fifo" } else { "" };
    let kind: &[_] = if fifo { &[("FifoQueue", "true")] } else { &[] };
    let dead_letters = q.create(&format!("dead{suffix}"), kind).await.unwrap();
    let policy = policy(q, &dead_letters, max_receive_count).await;
    let attributes: Vec<_> = kind.iter().copied().chain([("RedrivePolicy", policy.as_str())]).collect();
    (q.create(&format!("source{suffix}"), &attributes).await.unwrap(), dead_letters)
}

async fn look_at(q: &impl QueueUnderTest, queue: &str) -> Vec<Received> {
    q.receive(queue, Receive::hidden_for(0)).await.unwrap()
}

pub async fn at_max(q: &impl QueueUnderTest) -> Faults {
    let (source, dead_letters) = pair(q, false, 1).await;
    let sent = q.put(&source, "m").await;
    assert_eq!(look_at(q, &source).await.len(), 1);
    assert!(look_at(q, &source).await.is_empty());
    assert_eq!(q.take_one(&dead_letters).await.id, sent.id);
    NO_FAULT
}

pub async fn fifo(q: &impl QueueUnderTest) -> Faults {
    let (source, dead_letters) = pair(q, true, 2).await;
    let sent = q.send(&source, Send::fifo("g", "m1")).await.unwrap();
    assert_eq!(look_at(q, &source).await.len(), 1);
    assert_eq!(look_at(q, &source).await.len(), 1);
    assert!(look_at(q, &source).await.is_empty());
    assert_eq!(q.take_one(&dead_letters).await.id, sent.id);
    q.send(&source, Send::fifo("g", "m2")).await.unwrap();
    assert_eq!(q.take_one(&source).await.body, "m2");
    NO_FAULT
}

pub async fn attributes(q: &impl QueueUnderTest) -> Faults {
    let (source, dead_letters) = pair(q, false, 1).await;
    let mut message = Send::body("m").attribute("a", "String", "x").attribute("n", "Number.int", "7");
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    message.trace_header = Some(trace.to_owned());
    q.send(&source, message).await.unwrap();
    let before = look_at(q, &source).await.remove(0);
    assert!(look_at(q, &source).await.is_empty());
    let after = q.take_one(&dead_letters).await;
    assert_eq!((&after.body, &after.attributes), (&before.body, &before.attributes));
    assert_eq!(after.attributes.len(), 2);
    assert_eq!(after.system["AWSTraceHeader"], trace);
    assert_eq!(after.system["DeadLetterQueueSourceArn"], q.arn(&source).await);
    assert!(!before.system.contains_key("DeadLetterQueueSourceArn"));
    NO_FAULT
}

pub async fn chain(q: &impl QueueUnderTest) -> Faults {
    let third = q.create("third", &[]).await.unwrap();
    let second_policy = policy(q, &third, 1).await;
    let second = q.create("second", &[("RedrivePolicy", &second_policy)]).await.unwrap();
    let first_policy = policy(q, &second, 1).await;
    let first = q.create("first", &[("RedrivePolicy", &first_policy)]).await.unwrap();
    q.put(&first, "m").await;
    assert_eq!(look_at(q, &first).await.len(), 1);
    assert!(look_at(q, &first).await.is_empty());
    assert!(look_at(q, &third).await.is_empty(), "one hop at a time");
    assert_eq!(look_at(q, &second).await.len(), 1);
    assert!(look_at(q, &second).await.is_empty());
    q.take_one(&third).await;
    NO_FAULT
}

pub async fn policy_validation(q: &impl QueueUnderTest) -> Faults {
    let (source, dead_letters) = pair(q, false, 1).await;
    let arn = q.arn(&dead_letters).await;
    let broken = [
        format!(r#"{{"deadLetterTargetArn":"{arn}"}}"#),
        r#"{"maxReceiveCount":"1"}"#.to_owned(),
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"invalid"}}"#),
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":0}}"#),
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1001}}"#),
        format!(r#"{{"deadLetterTargetArn":"{arn}-nowhere","maxReceiveCount":1}}"#),
    ];
    for policy in broken {
        let result = q.set_attributes(&source, &[("RedrivePolicy", &policy)]).await;
        refused(result, "InvalidParameterValue");
    }
    let numeric = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":1000}}"#);
    q.set_attributes(&source, &[("RedrivePolicy", &numeric)]).await.unwrap();
    NO_FAULT
}

pub async fn same_type(q: &impl QueueUnderTest) -> Faults {
    let (standard, fifo) = (q.standard(&[]).await, q.fifo(&[]).await);
    let to_fifo = policy(q, &fifo, 1).await;
    refused(q.create("source", &[("RedrivePolicy", &to_fifo)]).await, "InvalidParameterValue");
    let to_standard = policy(q, &standard, 1).await;
    let attributes = [("FifoQueue", "true"), ("RedrivePolicy", to_standard.as_str())];
    refused(q.create("source.fifo", &attributes).await, "InvalidParameterValue");
    NO_FAULT
}

pub async fn dead_letter_retention(q: &impl QueueUnderTest) -> Faults {
    for (fifo, survives) in [(false, false), (true, true)] {
        let (source, dead_letters) = pair(q, fifo, 1).await;
        q.set_attributes(&dead_letters, &[("MessageRetentionPeriod", "100")]).await.unwrap();
        let message = if fifo { Send::fifo("g", "m") } else { Send::body("m") };
        q.send(&source, message).await.unwrap();
        q.advance(seconds(60.0)).await;
        assert_eq!(look_at(q, &source).await.len(), 1);
        assert!(look_at(q, &source).await.is_empty());
        assert_eq!(look_at(q, &dead_letters).await.len(), 1);
        q.advance(seconds(60.0)).await;
        assert_eq!(!look_at(q, &dead_letters).await.is_empty(), survives, "fifo: {fifo}");
        q.advance(seconds(60.0)).await;
        assert!(look_at(q, &dead_letters).await.is_empty(), "fifo: {fifo}");
    }
    NO_FAULT
}
