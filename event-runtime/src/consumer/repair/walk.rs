//! One walk over a queue of dead letters.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{after, until};
use crate::delivery::{Delivery, Lease, SettleAction, Settlement};
use crate::transport::{DynDeadLetterSink, ProduceErrorKind};

use super::pace::Pace;
use super::{DeadLetters, RepairError, RepairFailure, RepairReport, StoredLetter};

/// What becomes of the letters that match.
pub(super) enum Act<'a> {
    List(&'a mut Vec<StoredLetter>),
    Redrive(&'a dyn DynDeadLetterSink),
    Discard,
}

/// So many receives in a row without a letter end a walk.
const EMPTY_RECEIVES: usize = 2;
/// Leases are extended when a third of their time is over.
const EXTENSIONS_PER_LEASE: u32 = 3;
/// So many letters are extended or handed back by one call of the source.
const CHUNK: usize = 100;

pub(super) struct Walk<'a> {
    letters: &'a DeadLetters,
    act: Act<'a>,
    batch: usize,
    lease: Option<Duration>,
    extend_at: Timestamp,
    pace: Pace,
    /// Received, not yet looked at.
    pending: VecDeque<Delivery>,
    /// Done with; to be removed.
    done: Vec<Lease>,
    /// Looked at and left; handed back at the end.
    held: Vec<Lease>,
    seen: HashSet<String>,
    /// Groups of which a letter was not stored.
    stuck: HashSet<String>,
    report: RepairReport,
}

impl<'a> Walk<'a> {
    pub(super) async fn new(letters: &'a DeadLetters, act: Act<'a>) -> Result<Self, RepairError> {
        let info = letters.source.describe().await;
        let info = info.map_err(|error| RepairError::source_failed(error, RepairReport::default()))?;
        let mut walk = Self {
            letters,
            act,
            batch: info.max_batch,
            lease: info.lease,
            extend_at: Timestamp::MAX,
            pace: Pace::new(letters.per_second),
            pending: VecDeque::new(),
            done: Vec::new(),
            held: Vec::new(),
            seen: HashSet::new(),
            stuck: HashSet::new(),
            report: RepairReport::default(),
        };
        walk.plan_extension();
        Ok(walk)
    }

    /// Walks until the queue is empty, the limit is reached or the caller breaks it off, and hands back what is left.
    pub(super) async fn run(mut self) -> Result<RepairReport, RepairError> {
        let ended = self.walk().await;
        self.settle_done().await;
        self.held.extend(self.pending.drain(..).map(|delivery| delivery.lease));
        let held = std::mem::take(&mut self.held);
        for chunk in held.chunks(CHUNK) {
            let action = SettleAction::HandBack { after: Duration::ZERO };
            let batch: Vec<_> =
                chunk.iter().map(|lease| Settlement { lease: lease.clone(), action }).collect();
            // What can't be handed back is visible again when its lease ends.
            self.letters.source.settle(&batch).await;
        }
        ended.map(|()| self.report.clone()).map_err(|end| end.into_error(self.report))
    }

    async fn walk(&mut self) -> Result<(), End> {
        let mut empty = 0;
        while empty < EMPTY_RECEIVES && !self.is_full() {
            self.keep_leases().await;
            let batch = self.letters.source.receive(self.batch, self.letters.wait).await;
            let batch = batch.map_err(End::Source)?;
            let before = self.report.scanned;
            self.pending.extend(batch);
            while let Some(delivery) = self.pending.pop_front() {
                self.look_at(delivery).await?;
                if (self.letters.progress)(&self.report).is_break() {
                    return Ok(());
                }
            }
            self.settle_done().await;
            empty = if self.report.scanned > before { 0 } else { empty + 1 };
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.report.matched >= self.letters.limit
    }

    async fn look_at(&mut self, delivery: Delivery) -> Result<(), End> {
        if self.is_full() || !self.seen.insert(delivery.transport_id.clone()) {
            self.held.push(delivery.lease);
            return Ok(());
        }
        self.report.scanned += 1;
        let letter = StoredLetter::new(&delivery);
        if !self.letters.filter.matches(&letter, self.letters.clock.now()) {
            self.held.push(delivery.lease);
            return Ok(());
        }
        if letter.group().is_some_and(|group| self.stuck.contains(group)) {
            self.report.waiting += 1;
            self.held.push(delivery.lease);
            return Ok(());
        }
        self.report.matched += 1;
        match &mut self.act {
            Act::List(letters) => {
                letters.push(letter);
                self.held.push(delivery.lease);
                Ok(())
            }
            Act::Discard => {
                self.done.push(delivery.lease);
                Ok(())
            }
            Act::Redrive(destination) => {
                let destination = *destination;
                self.send_back(destination, letter, delivery.lease).await
            }
        }
    }

    async fn send_back(
        &mut self,
        destination: &dyn DynDeadLetterSink,
        letter: StoredLetter,
        lease: Lease,
    ) -> Result<(), End> {
        // Behind everything else, so that it is extended with the rest while it waits for its turn.
        self.held.push(lease);
        loop {
            self.keep_leases().await;
            let now = self.letters.clock.now();
            let wait = self.pace.wait(now);
            if wait.is_zero() {
                self.pace.went(now);
                break;
            }
            let slice = wait.min(until(now, self.extend_at).max(Duration::from_millis(1)));
            self.letters.clock.sleep(slice).await;
        }
        match destination.store(letter.on_its_way_back(destination.limits())).await {
            Ok(()) => self.done.extend(self.held.pop()),
            Err(error) => {
                self.stuck.extend(letter.group().map(str::to_owned));
                self.report.failures.push(RepairFailure {
                    transport_id: letter.transport_id().to_owned(),
                    kind: error.kind(),
                    reason: error.to_string(),
                });
                use ProduceErrorKind::{Closed, NotFound, Unauthorized};
                if matches!(error.kind(), Closed | NotFound | Unauthorized) {
                    return Err(End::Destination(destination.name().to_owned(), error));
                }
            }
        }
        Ok(())
    }

    /// Removes what is done with.
    async fn settle_done(&mut self) {
        let done = std::mem::take(&mut self.done);
        for chunk in done.chunks(self.batch.max(1)) {
            let remove = |lease: &Lease| Settlement { lease: lease.clone(), action: SettleAction::Remove };
            let batch: Vec<_> = chunk.iter().map(remove).collect();
            let results = self.letters.source.settle(&batch).await;
            self.report.moved += batch.len();
            self.report.left_behind += results.iter().filter(|result| result.is_err()).count();
        }
    }

    /// Extends every lease when it is time to; removes first what is done with.
    async fn keep_leases(&mut self) {
        let Some(lease) = self.lease.filter(|_| self.letters.clock.now() >= self.extend_at) else { return };
        self.settle_done().await;
        let pending = self.pending.iter().map(|delivery| &delivery.lease);
        let leases: Vec<_> = self.held.iter().chain(pending).cloned().collect();
        for chunk in leases.chunks(CHUNK) {
            // A lease that is lost is met again, or somebody else has the letter.
            self.letters.source.extend(chunk, lease).await;
        }
        self.plan_extension();
    }

    fn plan_extension(&mut self) {
        if let Some(lease) = self.lease {
            self.extend_at = after(self.letters.clock.now(), lease / EXTENSIONS_PER_LEASE);
        }
    }
}

/// Why a walk ended early.
enum End {
    Source(crate::transport::SourceError),
    Destination(String, crate::transport::ProduceError),
}

impl End {
    fn into_error(self, report: RepairReport) -> RepairError {
        match self {
            Self::Source(error) => RepairError::source_failed(error, report),
            Self::Destination(name, error) => RepairError::destination_failed(&name, error, report),
        }
    }
}
