//! Several producers and consumers on several threads: nothing lost, nothing acknowledged twice, no wake-up
//! missed.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use event_runtime::embedded::{Deletion, QueueErrorKind, QueueSettings};

const PRODUCERS: usize = 4;
const CONSUMERS: usize = 4;
const EACH: usize = 2_000;

/// Consumes until `total` messages were acknowledged, then deletes the queue so that every consumer ends.
async fn consume(broker: Broker, queue: Queue, done: Arc<AtomicUsize>, total: usize) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let received = match queue.receive(&long_poll()).await {
            Ok(received) => received,
            Err(error) => {
                assert_eq!(error.kind(), QueueErrorKind::QueueDoesNotExist);
                return bodies;
            }
        };
        // The poll waits 20 s, far longer than the test runs: an empty one slept through a message.
        assert!(!received.is_empty(), "a wake-up was missed");
        for message in received {
            assert_eq!(message.receive_count(), 1);
            bodies.push(String::from_utf8(message.body().to_vec()).unwrap());
            assert_eq!(queue.delete(message.receipt()), Ok(Deletion::Removed));
            if done.fetch_add(1, Ordering::SeqCst) + 1 == total {
                broker.delete_queue(queue.name()).unwrap();
            }
        }
    }
}

async fn produce_and_consume(settings: QueueSettings, name: &str, fifo: bool) {
    let broker = Broker::new();
    // Little room, so that producers wait as well.
    let queue = broker.create_queue(name, settings.capacity(Capacity::default().messages(16))).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let consumers: Vec<_> = (0..CONSUMERS)
        .map(|_| tokio::spawn(consume(broker.clone(), queue.clone(), Arc::clone(&done), PRODUCERS * EACH)))
        .collect();
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|producer| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for n in 0..EACH {
                    let body = format!("{producer}:{n}");
                    let group = format!("g{producer}");
                    queue.send(if fifo { ordered(&group, &body) } else { message(body) }).await.unwrap();
                }
            })
        })
        .collect();
    for producer in producers {
        producer.await.unwrap();
    }
    let mut seen = HashSet::new();
    for consumer in consumers {
        for body in consumer.await.unwrap() {
            assert!(seen.insert(body.clone()), "{body} came twice");
        }
    }
    assert_eq!(seen.len(), PRODUCERS * EACH);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_standard_queue_hands_every_message_out_once() {
    produce_and_consume(QueueSettings::new(), "q", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fifo_queue_hands_every_message_out_once() {
    produce_and_consume(QueueSettings::fifo(), "q.fifo", true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn groups_stay_in_order_over_many_consumers() {
    const GROUPS: usize = 8;
    let broker = Broker::new();
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).unwrap();
    for n in 0..GROUPS * 200 {
        queue.try_send(ordered(&format!("g{}", n % GROUPS), &n.to_string())).unwrap();
    }
    let order: Arc<Mutex<BTreeMap<String, Vec<usize>>>> = Arc::default();
    let consumers: Vec<_> = (0..CONSUMERS)
        .map(|_| {
            let (queue, order) = (queue.clone(), Arc::clone(&order));
            tokio::spawn(async move {
                loop {
                    let received = take(&queue, 3);
                    if received.is_empty() && queue.counts().unwrap().visible == 0 {
                        return;
                    }
                    for message in received {
                        let group = message.group().unwrap().to_string();
                        let n = std::str::from_utf8(message.body()).unwrap().parse().unwrap();
                        // While the message is in flight nobody else has one of its group.
                        order.lock().unwrap().entry(group).or_default().push(n);
                        queue.delete(message.receipt()).unwrap();
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for consumer in consumers {
        consumer.await.unwrap();
    }
    let order = order.lock().unwrap();
    assert_eq!(order.len(), GROUPS);
    for (group, numbers) in order.iter() {
        assert_eq!(numbers.len(), 200);
        assert!(numbers.is_sorted(), "{group}: {numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn receives_that_are_cancelled_all_the_time_lose_nothing() {
    let broker = Broker::new();
    let queue = broker.create_queue("q", QueueSettings::new()).unwrap();
    let done = Arc::new(AtomicUsize::new(0));
    let patient = tokio::spawn(consume(broker.clone(), queue.clone(), Arc::clone(&done), EACH));
    let hasty: Vec<_> = (0..CONSUMERS)
        .map(|n| {
            let (queue, broker, done) = (queue.clone(), broker.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                loop {
                    let request = long_poll();
                    let received = tokio::select! {
                        biased;
                        received = queue.receive(&request) => received,
                        () = yields(n * 3) => continue,
                    };
                    let Ok(received) = received else { return };
                    for message in received {
                        assert_eq!(message.receive_count(), 1, "a cancelled receive took it");
                        assert_eq!(queue.delete(message.receipt()), Ok(Deletion::Removed));
                        if done.fetch_add(1, Ordering::SeqCst) + 1 == EACH {
                            broker.delete_queue(queue.name()).unwrap();
                        }
                    }
                }
            })
        })
        .collect();
    for n in 0..EACH {
        queue.send(message(n.to_string())).await.unwrap();
        if n % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    patient.await.unwrap();
    for consumer in hasty {
        consumer.await.unwrap();
    }
    assert_eq!(done.load(Ordering::SeqCst), EACH);
}

async fn yields(count: usize) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}
