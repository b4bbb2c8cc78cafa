//! Processes, killed and started again.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// What a child process is to do: database, role, place, and queue file, a line each.
pub(crate) const ORDER: &str = "EVENT_CRASH_CHILD";
/// What a line that a child reports begins with; the test harness prints too.
pub(crate) const MARK: &str = "# ";

/// How often what was reported.
#[derive(Clone, Default)]
pub(crate) struct Tally(Arc<Mutex<BTreeMap<String, u64>>>);

impl Tally {
    pub(crate) fn add(&self, what: &str, times: u64) {
        *self.0.lock().unwrap().entry(what.to_owned()).or_default() += times;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.0.lock().unwrap().get(what).copied().unwrap_or_default()
    }

    /// Everything that was counted, in words.
    pub(crate) fn words(&self) -> String {
        let counts = self.0.lock().unwrap();
        counts.iter().map(|(what, times)| format!("{what}: {times}")).collect::<Vec<_>>().join(", ")
    }
}

/// A process of one role. It is killed when it is dropped.
pub(crate) struct Actor {
    role: &'static str,
    order: String,
    process: Child,
    reader: Option<JoinHandle<()>>,
    tally: Tally,
}

impl Actor {
    pub(crate) fn start(
        role: &'static str,
        database: &str,
        place: &str,
        queue: &Path,
        tally: &Tally,
    ) -> Self {
        let order = [database, role, place, &queue.display().to_string()].join("\n");
        let (process, reader) = spawn(&order, tally);
        Self { role, order, process, reader: Some(reader), tally: tally.clone() }
    }

    /// Kills it, whatever it is doing.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.tally.add(&format!("{}s killed", self.role), 1);
    }

    /// Kills it and starts another one in its place.
    pub(crate) fn replace(&mut self) {
        self.kill();
        let (process, reader) = spawn(&self.order, &self.tally);
        (self.process, self.reader) = (process, Some(reader));
    }

    /// Fails where it ended by itself.
    pub(crate) fn check(&mut self) {
        let ended = self.process.try_wait().unwrap();
        assert!(ended.is_none(), "a {} ended by itself: {ended:?}", self.role);
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(order: &str, tally: &Tally) -> (Child, JoinHandle<()>) {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::actors::does_what_the_proof_says", "--nocapture"])
        .env(ORDER, order)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap());
    let tally = tally.clone();
    let reader = std::thread::spawn(move || {
        for line in lines.split(b'\n').map_while(Result::ok) {
            if let Some((_, report)) = String::from_utf8_lossy(&line).split_once(MARK) {
                tally.add(report, 1);
            }
        }
    });
    (process, reader)
}
