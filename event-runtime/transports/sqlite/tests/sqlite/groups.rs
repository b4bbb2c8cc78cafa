//! One commit for many requests.

use event_runtime::embedded::{Deletion, QueueSettings};
use futures_util::future::join_all;
use rusqlite::Connection;

use super::fixture::{Folder, bodies, broker, message, ten};

#[tokio::test]
async fn sends_that_arrive_while_the_file_is_busy_share_one_transaction() {
    let folder = Folder::new();
    let (broker, _clock) = broker(&folder);
    let queue = broker.create_queue("q", QueueSettings::new()).await.unwrap();
    let before = broker.transactions();
    let other = Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let sends = join_all((0..100).map(|n| queue.send(message(n.to_string()))));
    let release = async {
        // The sends are polled first, each once: they are with the writer, which waits for the file.
        other.execute_batch("COMMIT").unwrap();
    };
    let (sent, ()) = tokio::join!(sends, release);
    assert!(sent.iter().all(Result::is_ok));
    let transactions = broker.transactions() - before;
    assert!((1..=2).contains(&transactions), "{transactions} transactions for 100 sends");
    assert_eq!(queue.counts().await.unwrap().visible, 100);
}

#[tokio::test]
async fn deleting_and_receiving_the_next_is_one_transaction() {
    let folder = Folder::new();
    let (broker, _clock) = broker(&folder);
    let queue = broker.create_queue("q", QueueSettings::new()).await.unwrap();
    let messages = (0..4).map(|n| message(n.to_string())).collect();
    queue.send_all(messages).await.unwrap();
    let first = queue.receive(&ten().max(2)).await.unwrap();
    let before = broker.transactions();
    let done: Vec<_> = first.iter().map(|message| message.receipt()).collect();
    let (settled, next) = queue.delete_and_receive(&done, &ten().max(2)).await.unwrap();
    assert_eq!(broker.transactions() - before, 1);
    assert_eq!(settled, [Ok(Deletion::Removed), Ok(Deletion::Removed)]);
    assert_eq!((bodies(&first), bodies(&next)), (vec!["0", "1"], vec!["2", "3"]));
}
