//! One circuit: plain state, without a clock of its own.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{after, until};

/// The window moves in this many steps.
const STEPS: u32 = 10;

/// A message that finds every probe's place taken comes back after this, or after the open time where that is less.
const PROBES_TAKEN: Duration = Duration::from_secs(1);

/// What a circuit does with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitState {
    /// They are handled.
    Closed = 0,
    /// A few are handled, to see whether it works again.
    HalfOpen = 1,
    /// They are handed back.
    Open = 2,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) ratio: f64,
    pub(super) volume: u32,
    pub(super) window: Duration,
    pub(super) open: Duration,
    pub(super) probes: u32,
}

#[derive(Debug, PartialEq)]
pub(super) enum Admission {
    Run { epoch: u64 },
    Wait { after: Duration },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Observation {
    Success,
    Failure,
    None,
}

pub(super) struct Circuit {
    limits: Limits,
    /// Counts the changes of phase: what began before the last one is no observation of this one.
    epoch: u64,
    phase: Phase,
}

enum Phase {
    Closed { steps: VecDeque<Step> },
    HalfOpen { running: u32, succeeded: u32 },
    Open { until: Timestamp },
}

struct Step {
    ends: Timestamp,
    total: u32,
    failed: u32,
}

impl Circuit {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, epoch: 0, phase: Phase::Closed { steps: VecDeque::new() } }
    }

    /// The state that was last entered.
    pub(super) fn phase(&self) -> CircuitState {
        match self.phase {
            Phase::Closed { .. } => CircuitState::Closed,
            Phase::HalfOpen { .. } => CircuitState::HalfOpen,
            Phase::Open { .. } => CircuitState::Open,
        }
    }

    /// The state that the next message finds.
    pub(super) fn state(&self, now: Timestamp) -> CircuitState {
        match self.phase {
            Phase::Open { until } if until <= now => CircuitState::HalfOpen,
            _ => self.phase(),
        }
    }

    pub(super) fn admit(&mut self, now: Timestamp) -> Admission {
        match &mut self.phase {
            Phase::Closed { .. } => {}
            Phase::Open { until: ends } if *ends > now => {
                return Admission::Wait { after: until(now, *ends) };
            }
            Phase::Open { .. } => self.enter(Phase::HalfOpen { running: 1, succeeded: 0 }),
            Phase::HalfOpen { running, succeeded } if *running + *succeeded < self.limits.probes => {
                *running += 1
            }
            Phase::HalfOpen { .. } => {
                return Admission::Wait { after: PROBES_TAKEN.min(self.limits.open) };
            }
        }
        Admission::Run { epoch: self.epoch }
    }

    pub(super) fn observe(&mut self, now: Timestamp, epoch: u64, observation: Observation) {
        if epoch != self.epoch {
            return;
        }
        match &mut self.phase {
            Phase::Closed { steps } => {
                let failed = match observation {
                    Observation::Success => 0,
                    Observation::Failure => 1,
                    Observation::None => return,
                };
                count(steps, now, self.limits.window, failed);
                if self.limits.exceeded(steps) {
                    self.open(now);
                }
            }
            Phase::HalfOpen { running, succeeded } => {
                *running = running.saturating_sub(1);
                match observation {
                    Observation::Failure => self.open(now),
                    Observation::Success => {
                        *succeeded += 1;
                        if *succeeded >= self.limits.probes {
                            self.enter(Phase::Closed { steps: VecDeque::new() });
                        }
                    }
                    Observation::None => {}
                }
            }
            Phase::Open { .. } => {}
        }
    }

    fn open(&mut self, now: Timestamp) {
        self.enter(Phase::Open { until: after(now, self.limits.open) });
    }

    fn enter(&mut self, phase: Phase) {
        self.epoch += 1;
        self.phase = phase;
    }
}

/// Counts one outcome in the present step, and forgets the steps that have left the window.
fn count(steps: &mut VecDeque<Step>, now: Timestamp, window: Duration, failed: u32) {
    while steps.front().is_some_and(|step| after(step.ends, window) <= now) {
        steps.pop_front();
    }
    match steps.back_mut().filter(|step| step.ends > now) {
        Some(step) => {
            step.total = step.total.saturating_add(1);
            step.failed = step.failed.saturating_add(failed);
        }
        None => steps.push_back(Step { ends: after(now, window / STEPS), total: 1, failed }),
    }
}

impl Limits {
    fn exceeded(&self, steps: &VecDeque<Step>) -> bool {
        let (mut total, mut failed) = (0_u64, 0_u64);
        for step in steps {
            total += u64::from(step.total);
            failed += u64::from(step.failed);
        }
        failed > 0 && total >= u64::from(self.volume) && failed as f64 >= self.ratio * total as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        ratio: 0.5,
        volume: 4,
        window: Duration::from_secs(10),
        open: Duration::from_secs(30),
        probes: 2,
    };

    struct Bench {
        circuit: Circuit,
        now: Timestamp,
    }

    impl Bench {
        fn new() -> Self {
            Self { circuit: Circuit::new(LIMITS), now: "2026-01-01T00:00:00Z".parse().unwrap() }
        }

        fn pass(&mut self, seconds: u64) {
            self.now = after(self.now, Duration::from_secs(seconds));
        }

        fn begin(&mut self) -> u64 {
            match self.circuit.admit(self.now) {
                Admission::Run { epoch } => epoch,
                Admission::Wait { after } => panic!("deferred for {after:?}"),
            }
        }

        fn end(&mut self, epoch: u64, observation: Observation) {
            self.circuit.observe(self.now, epoch, observation);
        }

        fn run(&mut self, observations: &[Observation]) {
            for observation in observations {
                let epoch = self.begin();
                self.end(epoch, *observation);
            }
        }

        fn opened() -> Self {
            let mut bench = Self::new();
            bench.run(&[Failure, Failure, Failure, Failure]);
            assert_eq!(bench.circuit.phase(), CircuitState::Open);
            bench
        }
    }

    use Observation::{Failure, Success};

    #[test]
    fn it_opens_at_the_ratio_of_at_least_the_volume() {
        let mut bench = Bench::new();
        bench.run(&[Failure, Failure, Failure]);
        assert_eq!(bench.circuit.phase(), CircuitState::Closed);
        bench.run(&[Success]);
        assert_eq!(bench.circuit.phase(), CircuitState::Open);
        let mut bench = Bench::new();
        bench.run(&[Success, Success, Success, Failure, Success, Failure, Success, Failure]);
        assert_eq!(bench.circuit.phase(), CircuitState::Closed);
    }

    #[test]
    fn what_has_left_the_window_does_not_count() {
        let mut bench = Bench::new();
        bench.run(&[Failure, Failure, Failure]);
        bench.pass(12);
        bench.run(&[Failure]);
        assert_eq!(bench.circuit.phase(), CircuitState::Closed);
    }

    #[test]
    fn an_open_circuit_says_how_long_it_stays_open() {
        let mut bench = Bench::opened();
        bench.pass(10);
        assert_eq!(bench.circuit.admit(bench.now), Admission::Wait { after: Duration::from_secs(20) });
        assert_eq!(bench.circuit.state(bench.now), CircuitState::Open);
        bench.pass(20);
        assert_eq!(bench.circuit.state(bench.now), CircuitState::HalfOpen);
    }

    #[test]
    fn so_many_probes_close_it_and_one_failure_opens_it() {
        let mut bench = Bench::opened();
        bench.pass(30);
        let (first, second) = (bench.begin(), bench.begin());
        assert_eq!(bench.circuit.admit(bench.now), Admission::Wait { after: PROBES_TAKEN });
        bench.end(first, Success);
        // One has succeeded and one runs: a third would be one too many.
        assert_eq!(bench.circuit.admit(bench.now), Admission::Wait { after: PROBES_TAKEN });
        bench.end(second, Success);
        assert_eq!(bench.circuit.phase(), CircuitState::Closed);

        let mut bench = Bench::opened();
        bench.pass(30);
        bench.run(&[Failure]);
        assert_eq!(bench.circuit.admit(bench.now), Admission::Wait { after: LIMITS.open });
    }

    #[test]
    fn a_dropped_probe_frees_its_place() {
        let mut bench = Bench::opened();
        bench.pass(30);
        let (first, second) = (bench.begin(), bench.begin());
        bench.end(first, Observation::None);
        bench.end(second, Success);
        bench.run(&[Success]);
        assert_eq!(bench.circuit.phase(), CircuitState::Closed);
    }

    #[test]
    fn what_began_before_a_change_is_no_observation_after_it() {
        let mut bench = Bench::new();
        let late = bench.begin();
        bench.run(&[Failure, Failure, Failure, Failure]);
        bench.pass(30);
        let probe = bench.begin();
        bench.end(late, Failure);
        assert_eq!(bench.circuit.phase(), CircuitState::HalfOpen);
        bench.end(probe, Success);
        bench.run(&[Success]);
        assert_eq!(bench.circuit.phase(), CircuitState::Closed);
    }
}
