//! Sends entries until each is taken, refused, or given up.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::Client;
use event_runtime::Clock;
use event_runtime::consumer::Backoff;
use event_runtime::transport::{ProduceError, ProduceErrorKind};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;

use crate::error::Fault;
use crate::producer::call;
use crate::producer::entry::Entry;
use crate::producer::plan::{Outcome, Plan};

/// How many calls of one batch of messages are under way at once.
const MAX_CALLS: usize = 8;

/// Between attempts: short, for the caller waits.
const BACKOFF: Backoff = Backoff { base: Duration::from_millis(50), max: Duration::from_secs(5) };

/// Where entries go, and how.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) client: Client,
    pub(crate) producer: Arc<str>,
    pub(crate) queue_url: Arc<str>,
    pub(crate) ordered: bool,
    /// Several entries of one group may share a batch; batches then go one after the other.
    pub(crate) group_batches: bool,
    pub(crate) max_attempts: u32,
    pub(crate) clock: Clock,
}

type Results = Vec<Option<Result<(), ProduceError>>>;

impl Destination {
    /// Sends entries in batches; one result an entry, in their order. What fails for a reason that passes is sent
    /// again alone, after a backoff.
    pub(crate) async fn deliver(&self, entries: &[&Entry]) -> Vec<Result<(), ProduceError>> {
        let lanes = self.ordered && !self.group_batches;
        let max_calls = if self.ordered && self.group_batches { 1 } else { MAX_CALLS };
        let mut plan =
            Plan::new(entries.iter().map(|entry| (entry.size, entry.group.as_deref().filter(|_| lanes))));
        let mut attempts = vec![0_u32; entries.len()];
        let mut results: Results = entries.iter().map(|_| None).collect();
        let mut calls = FuturesUnordered::new();
        loop {
            let due = plan.wake(self.clock.now());
            while calls.len() < max_calls
                && let Some(batch) = plan.next_batch()
            {
                calls.push(self.call(entries, batch));
            }
            tokio::select! {
                Some((batch, answers)) = calls.next(), if !calls.is_empty() => {
                    self.note(entries, &mut plan, &mut attempts, &mut results, (batch, answers));
                }
                () = self.wait(due), if due.is_some() => {}
                else => break,
            }
        }
        // The plan leaves nothing undecided; an entry without a result would be no confirmation.
        let undecided = || Err(Fault::unanswered().to_produce_error(self.refusal("an event")));
        results.into_iter().map(|result| result.unwrap_or_else(undecided)).collect()
    }

    async fn call(&self, entries: &[&Entry], batch: Vec<usize>) -> (Vec<usize>, Vec<Result<(), Fault>>) {
        let chosen: Vec<&Entry> = batch.iter().map(|index| entries[*index]).collect();
        let answers = call::send(&self.client, &self.queue_url, &chosen).await;
        (batch, answers)
    }

    async fn wait(&self, due: Option<Timestamp>) {
        if let Some(due) = due {
            self.clock.sleep_until(due).await;
        }
    }

    fn note(
        &self,
        entries: &[&Entry],
        plan: &mut Plan,
        attempts: &mut [u32],
        results: &mut Results,
        (batch, answers): (Vec<usize>, Vec<Result<(), Fault>>),
    ) {
        // What failed together goes again together: one delay for all.
        let attempt = batch.iter().map(|index| attempts[*index] + 1).max().unwrap_or(1);
        let ceiling = BACKOFF.ceiling(attempt);
        let again = self.clock.now() + ceiling.mul_f64(0.5 + fastrand::f64() / 2.0);
        for (index, answer) in batch.into_iter().zip(answers) {
            attempts[index] += 1;
            let outcome = match &answer {
                Err(fault) if fault.is_retryable() && attempts[index] < self.max_attempts => {
                    tracing::debug!(
                        producer = %self.producer, id = %entries[index].event_id, attempt = attempts[index], %fault,
                        "event not taken; sending it again"
                    );
                    Outcome::Again(again)
                }
                Err(fault) if fault.is_retryable() => Outcome::GivenUp,
                _ => Outcome::Decided,
            };
            for behind in plan.note(index, outcome) {
                results[behind] = Some(Err(self.held_back(entries[behind], entries[index])));
            }
            if !matches!(outcome, Outcome::Again(_)) {
                results[index] =
                    Some(answer.map_err(|fault| self.explain(entries[index], attempts[index], &fault)));
            }
        }
    }

    fn explain(&self, entry: &Entry, attempts: u32, fault: &Fault) -> ProduceError {
        let after = if attempts > 1 { format!(" after {attempts} attempts") } else { String::new() };
        fault.to_produce_error(format!("{}{after}", self.refusal(&format!("event `{}`", entry.event_id))))
    }

    fn refusal(&self, what: &str) -> String {
        format!("producer `{}`: `{}` did not take {what}", self.producer, crate::queue::name(&self.queue_url))
    }

    fn held_back(&self, entry: &Entry, before: &Entry) -> ProduceError {
        let text = format!(
            "producer `{}`: event `{}` was not sent because event `{}`, which stands before it in its group, was not \
             taken",
            self.producer, entry.event_id, before.event_id
        );
        ProduceError::new(ProduceErrorKind::Unavailable, text)
    }
}
