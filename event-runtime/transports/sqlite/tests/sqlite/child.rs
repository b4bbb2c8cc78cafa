//! This test binary again, as another process on the same file.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use event_runtime::embedded::{QueueSettings, Receipt};
use event_transport_sqlite::{SqliteBroker, SqliteQueue};

use super::fixture::{body, ordered, seconds, ten};

/// What a child does, and on which file: `<role> <first number> <file>`.
const ORDER: &str = "EVENT_SQLITE_TEST_CHILD";
/// What a line that a child reports begins with; the test harness prints too.
const MARK: &str = "# ";

/// A child process. It is killed when it is dropped.
pub(crate) struct Worker {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Worker {
    pub(crate) fn start(role: &str, first: usize, file: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::child::does_what_its_parent_says", "--nocapture"])
            .env(ORDER, format!("{role} {first} {}", file.display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    /// The next thing that it reports; `None` at its end.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            // A line that the kill cut off was never confirmed.
            if self.lines.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
                return None;
            }
            if let Some((_, report)) = line.split_once(MARK) {
                return Some(report.trim_end().to_owned());
            }
        }
    }

    /// Kills it as a power cut would, and returns what it reported until then.
    pub(crate) fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        std::iter::from_fn(|| self.line()).collect()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn report(text: impl std::fmt::Display) {
    // One write, so that a kill cuts a line or leaves it whole.
    let line = format!("\n{MARK}{text}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

#[tokio::test]
async fn does_what_its_parent_says() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let mut words = order.splitn(3, ' ');
    let (role, first, file) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
    let broker = SqliteBroker::open(file).unwrap();
    let queue = broker.create_queue("q.fifo", QueueSettings::fifo()).await.unwrap();
    match role {
        "work" => work(&queue, first.parse().unwrap()).await,
        "consume" => consume(&queue).await,
        "wait" => {
            report("waiting");
            let received = queue.receive(&ten().wait(seconds(20))).await.unwrap();
            report(body(&received[0]));
        }
        role => panic!("no such role: {role}"),
    }
}

/// Sends and deletes for ever, and says each time what it will do and what was confirmed.
async fn work(queue: &SqliteQueue, first: usize) {
    let mut done: Vec<(Receipt, String)> = Vec::new();
    for turn in 0.. {
        let numbers: Vec<usize> = (0..1 + turn % 7).map(|n| first + turn * 10 + n).collect();
        let sends = numbers
            .iter()
            .map(|number| queue.send(ordered(&format!("g{}", number % 50), &number.to_string())));
        for sent in futures_util::future::join_all(sends).await {
            sent.unwrap();
        }
        numbers.iter().for_each(|number| report(format!("sent {number}")));
        done.iter().for_each(|(_, body)| report(format!("deleting {body}")));
        let receipts: Vec<Receipt> = done.iter().map(|(receipt, _)| *receipt).collect();
        let (_, received) = queue.delete_and_receive(&receipts, &ten().max(6)).await.unwrap();
        done.iter().for_each(|(_, body)| report(format!("deleted {body}")));
        done = received.iter().map(|message| (message.receipt(), body(message).to_owned())).collect();
    }
}

/// Receives, reports and deletes until nothing is left.
async fn consume(queue: &SqliteQueue) {
    loop {
        let received = queue.try_receive(&ten().max(3)).await.unwrap();
        for message in &received {
            report(body(message));
            queue.delete(message.receipt()).await.unwrap();
        }
        let counts = queue.counts().await.unwrap();
        if counts.visible + counts.in_flight == 0 {
            return;
        }
    }
}
