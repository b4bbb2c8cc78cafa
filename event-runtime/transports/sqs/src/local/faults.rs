//! Faults to order: what a network and a busy service do to their clients, by action and rate.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;

use crate::local::Action;

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `RequestThrottled`; nothing is done.
    Throttle,
    /// Status 403, `ExpiredToken`; nothing is done.
    ExpiredToken,
    /// Status 500, `InternalError`; nothing is done.
    InternalError,
    /// Never answered; nothing is done.
    NoAnswer,
    /// The connection is reset; nothing is done.
    Reset,
    /// The request is carried out, and the connection is reset instead of an answer.
    LostAnswer,
    /// Of a batch, some entries (one at least) fail with `InternalError` and are not carried out. Does nothing to
    /// an action without entries.
    PartialFailure,
    /// A batch is carried out, and the answer leaves some entries (one at least) out. Does nothing to an action
    /// without entries.
    MissingEntries,
    /// A batch is refused as a whole (`InvalidParameterValue`), and nothing of it is carried out. Does nothing to an
    /// action without entries.
    RefusedBatch,
    /// The answer comes this much later.
    Slow(Duration),
}

impl Fault {
    fn is_of_batches(self) -> bool {
        matches!(self, Self::PartialFailure | Self::MissingEntries | Self::RefusedBatch)
    }
}

/// A fault, and when it happens.
#[derive(Clone, Debug)]
pub struct FaultRule {
    fault: Fault,
    action: Option<Action>,
    rate: f64,
    times: Option<u64>,
}

impl FaultRule {
    /// This fault, to every request.
    pub fn new(fault: Fault) -> Self {
        Self { fault, action: None, rate: 1.0, times: None }
    }

    /// Only to requests of this action.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }

    /// Only to this share of the requests, 0 to 1.
    #[must_use]
    pub fn rate(mut self, rate: f64) -> Self {
        self.rate = rate;
        self
    }

    /// Only this often in all.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }
}

/// The rules of an endpoint. Cloning is cheap; clones share their rules.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    rules: Vec<FaultRule>,
    random: Rng,
    injected: u64,
}

impl Faults {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { rules: Vec::new(), random: Rng::new(), injected: 0 })))
    }

    /// Adds a rule. Each request suffers the first rule that applies to it.
    pub fn inject(&self, rule: FaultRule) {
        self.lock().rules.push(rule);
    }

    /// Removes every rule.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// How many faults there were.
    pub fn injected(&self) -> u64 {
        self.lock().injected
    }

    /// Makes the choices of requests and entries repeatable.
    pub fn seed(&self, seed: u64) {
        self.lock().random = Rng::with_seed(seed);
    }

    /// The fault of the next request of `action`.
    pub(crate) fn draw(&self, action: Action) -> Option<Fault> {
        let mut state = self.lock();
        let State { rules, random, injected } = &mut *state;
        let rule = rules.iter_mut().find(|rule| {
            rule.action.is_none_or(|of| of == action)
                && rule.times != Some(0)
                && (!rule.fault.is_of_batches() || action.is_batch())
                && random.f64() < rule.rate
        })?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        *injected += 1;
        Some(rule.fault)
    }

    /// Which of `count` entries suffer: one at least.
    pub(crate) fn choose(&self, count: usize) -> Vec<bool> {
        let mut state = self.lock();
        let mut chosen: Vec<bool> = (0..count).map(|_| state.random.bool()).collect();
        if count > 0 && !chosen.contains(&true) {
            let index = state.random.usize(..count);
            chosen[index] = true;
        }
        chosen
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_applies_to_its_action_and_as_often_as_it_says() {
        let faults = Faults::new();
        faults.inject(FaultRule::new(Fault::Throttle).action(Action::SendMessage).times(2));
        assert_eq!(faults.draw(Action::ReceiveMessage), None);
        let drawn: Vec<_> = (0..3).map(|_| faults.draw(Action::SendMessage)).collect();
        assert_eq!(drawn, [Some(Fault::Throttle), Some(Fault::Throttle), None]);
        assert_eq!(faults.injected(), 2);
    }

    #[test]
    fn a_rate_is_a_share_and_a_seed_repeats_it() {
        let hits = |seed| {
            let faults = Faults::new();
            faults.seed(seed);
            faults.inject(FaultRule::new(Fault::Reset).rate(0.05));
            (0..10_000).filter(|_| faults.draw(Action::PurgeQueue).is_some()).count()
        };
        assert!((400..600).contains(&hits(7)), "{}", hits(7));
        assert_eq!(hits(7), hits(7));
    }

    #[test]
    fn entries_suffer_only_where_there_are_some() {
        let faults = Faults::new();
        faults.inject(FaultRule::new(Fault::PartialFailure));
        assert_eq!(faults.draw(Action::SendMessage), None);
        assert_eq!(faults.draw(Action::SendMessageBatch), Some(Fault::PartialFailure));
        for count in 1..=10 {
            assert!(faults.choose(count).contains(&true));
        }
    }
}
