//! The queue in a SQLite file against a loop by hand over the same library: CPU time of the process, in turns.
//!
//! Both take ten messages a turn and acknowledge the ten before in the same transaction; both write as `NORMAL`. The loop by
//! hand has a lease and a count of receives, and nothing else of a queue.

use std::hint::black_box;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use event_runtime::Codec;
use event_runtime::embedded::{OutgoingMessage, QueueSettings, ReceiveRequest};
use event_transport_sqlite::{SqliteBroker, Synchronous};
use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use crate::measure::{block_on, cpu_time};
use crate::sample::{envelope, placed};

const MESSAGES: usize = 10_000;
const BATCH: usize = 10;
const ROUNDS: usize = 7;
const LEASE_MICROSECONDS: i64 = 30_000_000;

/// A way to consume what lies in a new file at this path; the CPU time that it took.
type Way = fn(&Path, &Bytes) -> Duration;

const WAYS: [(&str, Way); 3] = [
    ("hand-written merged loop, rusqlite", by_hand),
    ("the same loop on a thread of its own, asked by an async task", by_hand_on_a_thread),
    ("event-transport-sqlite, delete_and_receive", by_queue),
];

/// Prints the table.
pub(crate) fn run() {
    let body = Codec::Native.encode_owned(envelope(placed())).unwrap().body().as_bytes().clone();
    let folder = std::env::temp_dir().join(format!("event-benches-sqlite-{}", std::process::id()));
    let mut best = [Duration::MAX; WAYS.len()];
    for _ in 0..ROUNDS {
        for (best, (_, way)) in best.iter_mut().zip(WAYS) {
            std::fs::create_dir_all(&folder).unwrap();
            *best = way(&folder.join("file.db"), &body).min(*best);
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }
    println!(
        "### SQLite, WAL, NORMAL: best of {ROUNDS} rounds of {MESSAGES} messages, {BATCH} a transaction\n"
    );
    println!("| way | CPU a message, µs | of the first |\n|---|--:|--:|");
    for (time, (name, _)) in best.iter().zip(WAYS) {
        let one = time.as_secs_f64() * 1e6 / MESSAGES as f64;
        println!("| {name} | {one:.1} | {:.2} |", time.as_secs_f64() / best[0].as_secs_f64());
    }
}

fn by_queue(path: &Path, body: &Bytes) -> Duration {
    block_on(async {
        let broker = SqliteBroker::builder(path).synchronous(Synchronous::Normal).open().unwrap();
        let queue = broker.create_queue("bench", QueueSettings::new()).await.unwrap();
        for _ in 0..MESSAGES / BATCH {
            let messages: Vec<_> = (0..BATCH).map(|_| OutgoingMessage::new(body.clone())).collect();
            queue.send_all(messages).await.unwrap();
        }
        let request = ReceiveRequest::new().max(BATCH).wait(Duration::ZERO);
        let (mut done, mut handled) = (Vec::new(), 0);
        let start = cpu_time();
        loop {
            let (_, messages) = queue.delete_and_receive(&done, &request).await.unwrap();
            if messages.is_empty() {
                break;
            }
            handled += messages.len();
            done.clear();
            done.extend(messages.iter().map(|message| message.receipt()));
            black_box(messages);
        }
        assert_eq!(handled, MESSAGES);
        cpu_time() - start
    })
}

fn by_hand(path: &Path, body: &Bytes) -> Duration {
    let mut connection = filled(path, body);
    let (mut done, mut handled) = (Vec::new(), 0);
    let start = cpu_time();
    loop {
        let messages = turn(&mut connection, &done);
        if messages.is_empty() {
            break;
        }
        handled += messages.len();
        done = receipts(&messages);
        black_box(messages);
    }
    assert_eq!(handled, MESSAGES);
    cpu_time() - start
}

/// What no loop of an async program can do without: SQLite blocks its thread.
fn by_hand_on_a_thread(path: &Path, body: &Bytes) -> Duration {
    let mut connection = filled(path, body);
    let (orders, received) = mpsc::channel::<(Vec<Receipt>, oneshot::Sender<_>)>();
    let thread = std::thread::spawn(move || {
        while let Ok((done, reply)) = received.recv() {
            let _ = reply.send(turn(&mut connection, &done));
        }
    });
    let (mut done, mut handled) = (Vec::new(), 0);
    let start = cpu_time();
    block_on(async {
        loop {
            let (reply, answer) = oneshot::channel();
            orders.send((std::mem::take(&mut done), reply)).unwrap();
            let messages = answer.await.unwrap();
            if messages.is_empty() {
                break;
            }
            handled += messages.len();
            done = receipts(&messages);
            black_box(messages);
        }
    });
    let used = cpu_time() - start;
    assert_eq!(handled, MESSAGES);
    drop(orders);
    thread.join().unwrap();
    used
}

fn receipts(messages: &[(Receipt, Vec<u8>)]) -> Vec<Receipt> {
    messages.iter().map(|(receipt, _)| *receipt).collect()
}

/// A table of one's own in a new file, with all messages.
fn filled(path: &Path, body: &Bytes) -> Connection {
    let mut connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "NORMAL").unwrap();
    // Else the claim is prepared anew each turn, since its `LIMIT` is a parameter.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE message (
                id INTEGER PRIMARY KEY, visible_at INTEGER NOT NULL, receives INTEGER NOT NULL DEFAULT 0,
                body BLOB NOT NULL
            ) STRICT;
            CREATE INDEX message_by_time ON message (visible_at);",
        )
        .unwrap();
    for _ in 0..MESSAGES / BATCH {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        for _ in 0..BATCH {
            let mut insert =
                transaction.prepare_cached("INSERT INTO message (visible_at, body) VALUES (?1, ?2)").unwrap();
            insert.execute((Timestamp::now().as_microsecond(), &body[..])).unwrap();
        }
        transaction.commit().unwrap();
    }
    connection
}

/// A message's id, and its number of receives.
type Receipt = (i64, i64);

/// Deletes what is done and takes the next messages, in one transaction.
fn turn(connection: &mut Connection, done: &[Receipt]) -> Vec<(Receipt, Vec<u8>)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    for receipt in done {
        let delete = "DELETE FROM message WHERE id = ?1 AND receives = ?2";
        transaction.prepare_cached(delete).unwrap().execute(*receipt).unwrap();
    }
    let now = Timestamp::now().as_microsecond();
    let messages = {
        let mut claim = transaction
            .prepare_cached(
                "UPDATE message SET visible_at = ?2, receives = receives + 1
                WHERE id IN (SELECT id FROM message WHERE visible_at <= ?1 ORDER BY visible_at LIMIT ?3)
                RETURNING id, receives, body",
            )
            .unwrap();
        let rows = claim.query_map((now, now + LEASE_MICROSECONDS, BATCH as i64), |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        });
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    transaction.commit().unwrap();
    messages
}
