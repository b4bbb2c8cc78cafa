//! What became of a delivered message.

use std::time::Duration;

use crate::error::{Failure, FailureCode};
use crate::outcome::Outcome;

/// What a [`Harness`](crate::testing::Harness)'s endpoint decided about a message, and after how many attempts.
///
/// Each assertion returns it again, so that several stand in one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    pub(super) outcome: Outcome,
    pub(super) attempts: u32,
}

impl Delivered {
    /// The decision, of the last attempt where there were several.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// What went wrong, where something did.
    pub fn failure(&self) -> Option<&Failure> {
        self.outcome.failure()
    }

    /// How many attempts were made.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Asserts that the message was handled.
    #[track_caller]
    pub fn assert_acked(self) -> Self {
        match &self.outcome {
            Outcome::Ack => self,
            other => panic!("expected an acknowledgement, got {other:?}"),
        }
    }

    /// Asserts that the message is to be tried again.
    #[track_caller]
    pub fn assert_retried(self) -> Self {
        match &self.outcome {
            Outcome::Retry { .. } => self,
            other => panic!("expected a retry, got {other:?}"),
        }
    }

    /// Asserts that the message is to be tried again with exactly this least delay of the handler's own choice.
    #[track_caller]
    pub fn assert_retried_after(self, delay: Duration) -> Self {
        match &self.outcome {
            Outcome::Retry { after, .. } if *after == Some(delay) => self,
            other => panic!("expected a retry after {delay:?}, got {other:?}"),
        }
    }

    /// Asserts that the message is handed back untried.
    #[track_caller]
    pub fn assert_deferred(self) -> Self {
        match &self.outcome {
            Outcome::Defer { .. } => self,
            other => panic!("expected a deferral, got {other:?}"),
        }
    }

    /// Asserts that the message became a dead letter with this code.
    #[track_caller]
    pub fn assert_dead_lettered(self, code: FailureCode) -> Self {
        match &self.outcome {
            Outcome::DeadLetter { failure } if failure.code == code => self,
            other => panic!("expected a dead letter {code}, got {other:?}"),
        }
    }

    /// Asserts that the message was discarded.
    #[track_caller]
    pub fn assert_discarded(self) -> Self {
        match &self.outcome {
            Outcome::Discard { .. } => self,
            other => panic!("expected a discard, got {other:?}"),
        }
    }

    /// Asserts what the failure's code is, whether the message is retried or a dead letter.
    #[track_caller]
    pub fn assert_failed_with(self, code: FailureCode) -> Self {
        match self.failure() {
            Some(failure) if failure.code == code => self,
            _ => panic!("expected a failure {code}, got {:?}", self.outcome),
        }
    }

    /// Asserts how many attempts were made.
    #[track_caller]
    pub fn assert_attempts(self, attempts: u32) -> Self {
        assert_eq!(self.attempts, attempts, "number of attempts; the last ended in {:?}", self.outcome);
        self
    }
}
