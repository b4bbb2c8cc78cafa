//! What the background queue holds, and in which order it goes: plain data.
//!
//! A message stands here from the moment it is accepted until it was sent or its failure was reported, so that closing
//! or dropping the pool at any moment can say what is left.

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::after;
use crate::pool::deliver::{Delivered, Member, Parcel};
use crate::pool::{EmitError, EmitErrorKind, Remaining};

/// How many messages one round sends at most.
const ROUND: usize = 100;

#[derive(Default)]
pub(super) struct Backlog {
    pub(super) closed: bool,
    /// What waits, oldest first.
    waiting: VecDeque<Job>,
    /// What is being sent now, oldest first.
    sending: Vec<Job>,
    /// How many were given up and are being reported.
    reporting: usize,
    next_number: u64,
}

/// One message until it is sent or given up.
pub(super) struct Job {
    number: u64,
    /// The message, with those of its targets that have yet to take it.
    pub(super) parcel: Parcel,
    /// Its key, where one of its targets keeps the order: it goes after the earlier ones of its key.
    key: Option<String>,
    attempt: u32,
    /// Not before this; `None` = at once.
    due: Option<Timestamp>,
    taken: Vec<Arc<str>>,
    /// Who refused it for good.
    refused: Vec<Remaining>,
    /// Why the last attempt failed at those who are to get it again.
    failed: Vec<Remaining>,
}

/// What is to be done next.
pub(super) enum Step {
    Send(Vec<Parcel>),
    WaitUntil(Timestamp),
    Wait,
}

impl Backlog {
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.sending.len() + self.reporting
    }

    /// Takes a message in; `key` where it must not overtake earlier ones.
    pub(super) fn push(&mut self, parcel: Parcel, key: Option<String>) {
        let number = self.next_number;
        self.next_number += 1;
        let (taken, refused, failed) = (Vec::new(), Vec::new(), Vec::new());
        self.waiting.push_back(Job { number, parcel, key, attempt: 1, due: None, taken, refused, failed });
    }

    /// Begins a round: what can go now moves from waiting to sending, at most one message of a key, and none past an
    /// earlier one of its key.
    pub(super) fn next_step(&mut self, now: Timestamp) -> Step {
        let mut keys: HashSet<String> = HashSet::new();
        let mut earliest: Option<Timestamp> = None;
        let mut kept = VecDeque::new();
        for job in mem::take(&mut self.waiting) {
            let behind = job.key.as_ref().is_some_and(|key| !keys.insert(key.clone()));
            let early = job.due.filter(|due| *due > now);
            if behind || early.is_some() || self.sending.len() == ROUND {
                if let Some(due) = early.filter(|_| !behind) {
                    earliest = Some(earliest.map_or(due, |earliest| earliest.min(due)));
                }
                kept.push_back(job);
            } else {
                self.sending.push(job);
            }
        }
        self.waiting = kept;
        if self.sending.is_empty() {
            return earliest.map_or(Step::Wait, Step::WaitUntil);
        }
        Step::Send(self.sending.iter().map(|job| job.parcel.clone()).collect())
    }

    /// Ends a round: what was sent goes, what failed for a reason that passes waits as long as `delay_after` says of
    /// its attempt, and the rest is given up; [`Backlog::reported`] forgets that.
    pub(super) fn settle(
        &mut self,
        delivered: Vec<Delivered>,
        members: &[Member],
        now: Timestamp,
        delay_after: impl Fn(u32) -> Option<Duration>,
    ) -> Vec<Job> {
        let mut given_up = Vec::new();
        for (mut job, delivered) in mem::take(&mut self.sending).into_iter().zip(delivered) {
            job.note(delivered);
            match delay_after(job.attempt).filter(|_| !job.failed.is_empty()) {
                Some(delay) => {
                    job.retry(members, after(now, delay));
                    self.put_back(job);
                }
                None if job.is_sent() => {}
                None => given_up.push(job),
            }
        }
        self.reporting += given_up.len();
        given_up
    }

    /// So many given-up messages were reported.
    pub(super) fn reported(&mut self, count: usize) {
        self.reporting -= count;
    }

    /// Ends a round without results: its task ended with its runtime.
    pub(super) fn restart(&mut self) {
        for job in mem::take(&mut self.sending) {
            self.put_back(job);
        }
    }

    /// Everything that is not being reported, oldest first.
    pub(super) fn take_all(&mut self) -> VecDeque<Job> {
        self.restart();
        mem::take(&mut self.waiting)
    }

    /// Back to its place by age.
    fn put_back(&mut self, job: Job) {
        let place = self.waiting.partition_point(|other| other.number < job.number);
        self.waiting.insert(place, job);
    }
}

impl Job {
    /// The report of a message that will not be sent.
    pub(super) fn unsent(mut self) -> EmitError {
        self.refused.append(&mut self.failed);
        if self.refused.is_empty() {
            let text = "the pool was closed before the event was sent, or while it was on its way";
            return EmitError::new(EmitErrorKind::Closed, text).with_message(self.parcel.message);
        }
        EmitError::undelivered(self.parcel.message, self.taken, self.refused)
    }

    fn note(&mut self, delivered: Delivered) {
        self.taken.extend(delivered.taken);
        self.failed.clear();
        for remaining in delivered.remaining {
            let list = if remaining.error().is_retryable() { &mut self.failed } else { &mut self.refused };
            list.push(remaining);
        }
    }

    fn is_sent(&self) -> bool {
        self.failed.is_empty() && self.refused.is_empty()
    }

    fn retry(&mut self, members: &[Member], due: Timestamp) {
        let failed = |index: &usize| {
            members
                .get(*index)
                .is_some_and(|member| self.failed.iter().any(|remaining| *remaining.producer() == *member.id))
        };
        self.parcel.targets = self.parcel.targets.iter().copied().filter(failed).collect();
        self.attempt += 1;
        self.due = Some(due);
    }
}
