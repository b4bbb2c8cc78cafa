//! Several processes on one file.

use std::collections::BTreeMap;

use event_runtime::embedded::QueueSettings;
use event_transport_sqlite::SqliteBroker;

use super::child::Worker;
use super::fixture::{Folder, builder, ordered};

async fn broker_with_queue(folder: &Folder) -> (SqliteBroker, event_transport_sqlite::SqliteQueue) {
    let broker = builder(&folder.file()).open().unwrap();
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).await.unwrap();
    (broker, queue)
}

#[tokio::test]
async fn consumers_in_two_processes_share_a_queue_and_keep_each_groups_order() {
    let folder = Folder::new();
    let (_broker, queue) = broker_with_queue(&folder).await;
    let numbers = 0..200;
    let messages = numbers.clone().map(|n| ordered(&format!("g{}", n % 7), &n.to_string())).collect();
    let sent = queue.send_all(messages).await.unwrap();
    assert!(sent.iter().all(Result::is_ok));
    let consumers = [0, 1].map(|_| Worker::start("consume", 0, &folder.file()));
    let lists = consumers.map(|mut consumer| {
        let bodies = std::iter::from_fn(|| consumer.line());
        bodies.map(|body| body.parse::<u32>().unwrap()).collect::<Vec<_>>()
    });
    for list in &lists {
        let mut last = BTreeMap::new();
        for number in list {
            let before = last.insert(number % 7, number);
            assert!(before.is_none_or(|before| before < number), "{number} after {before:?} of its group");
        }
    }
    let mut all = lists.concat();
    all.sort_unstable();
    assert_eq!(all, numbers.collect::<Vec<_>>());
    assert_eq!(queue.counts().await.unwrap().visible, 0);
}

#[tokio::test]
async fn a_receive_that_waits_in_another_process_gets_what_this_one_sends() {
    let folder = Folder::new();
    let (_broker, queue) = broker_with_queue(&folder).await;
    let mut waiter = Worker::start("wait", 0, &folder.file());
    assert_eq!(waiter.line().as_deref(), Some("waiting"));
    queue.send(ordered("g", "hello")).await.unwrap();
    assert_eq!(waiter.line().as_deref(), Some("hello"));
}

#[tokio::test]
async fn a_file_that_several_open_at_once_for_the_first_time_is_made_once() {
    let folder = Folder::new();
    let openers: Vec<_> = (0..8)
        .map(|_| {
            let file = folder.file();
            std::thread::spawn(move || builder(&file).open().unwrap())
        })
        .collect();
    let brokers: Vec<_> = openers.into_iter().map(|opener| opener.join().unwrap()).collect();
    brokers[0].create_queue("q", QueueSettings::new()).await.unwrap();
    for broker in &brokers {
        assert_eq!(broker.queue_names("").await.unwrap(), ["q"]);
    }
}
