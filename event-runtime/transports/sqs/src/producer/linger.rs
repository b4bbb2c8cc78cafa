//! Batches filled across concurrent sends: whoever comes within a short time shares a call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event_runtime::transport::{ProduceError, ProduceErrorKind};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::limits::{MAX_BATCH, MAX_BYTES};
use crate::producer::deliver::Destination;
use crate::producer::entry::Entry;

type Answer = oneshot::Sender<Result<(), ProduceError>>;

/// The batch that is being filled, and the calls of those that were.
#[derive(Debug)]
pub(crate) struct Linger {
    wait: Duration,
    state: Mutex<Forming>,
}

#[derive(Debug, Default)]
struct Forming {
    entries: Vec<(Entry, Answer)>,
    bytes: usize,
    /// Counts batches, so that a waiter does not send a later one than its own.
    generation: u64,
    /// Ends with the producer.
    calls: JoinSet<()>,
}

impl Linger {
    /// A batch waits for company for at most this long.
    pub(crate) fn new(wait: Duration) -> Self {
        Self { wait, state: Mutex::default() }
    }

    /// Adds an entry to the batch and waits for what becomes of it. The batch goes when it is full, or when the
    /// first of those who still wait for it has waited long enough.
    pub(crate) async fn send(
        &self,
        destination: &Arc<Destination>,
        entry: Entry,
    ) -> Result<(), ProduceError> {
        let (generation, answer) = self.lock().add(destination, entry);
        tokio::pin!(answer);
        // Real time, whatever the producer's clock: the linger is about calls, not about the events' time.
        let answered = tokio::select! {
            biased;
            answered = &mut answer => answered,
            () = tokio::time::sleep(self.wait) => {
                self.lock().flush(destination, generation);
                answer.await
            }
        };
        answered.unwrap_or_else(|_| {
            let text = format!("producer `{}` ended while it was sending", destination.producer);
            Err(ProduceError::new(ProduceErrorKind::Closed, text))
        })
    }

    fn lock(&self) -> MutexGuard<'_, Forming> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Forming {
    fn add(
        &mut self,
        destination: &Arc<Destination>,
        entry: Entry,
    ) -> (u64, oneshot::Receiver<Result<(), ProduceError>>) {
        if self.bytes + entry.size > MAX_BYTES {
            self.flush(destination, self.generation);
        }
        let generation = self.generation;
        let (sender, receiver) = oneshot::channel();
        self.bytes += entry.size;
        self.entries.push((entry, sender));
        if self.entries.len() == MAX_BATCH {
            self.flush(destination, generation);
        }
        (generation, receiver)
    }

    /// Sends the batch of this generation, unless somebody did.
    fn flush(&mut self, destination: &Arc<Destination>, generation: u64) {
        if self.generation != generation {
            return;
        }
        self.generation += 1;
        self.bytes = 0;
        let mut entries = std::mem::take(&mut self.entries);
        // Nobody waits for these any more.
        entries.retain(|(_, answer)| !answer.is_closed());
        while self.calls.try_join_next().is_some() {}
        let destination = destination.clone();
        self.calls.spawn(async move {
            let (entries, answers): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
            let entries: Vec<&Entry> = entries.iter().collect();
            let results = destination.deliver(&entries).await;
            for (answer, result) in answers.into_iter().zip(results) {
                // Whoever no longer waits does not need it.
                let _ = answer.send(result);
            }
        });
    }
}
