//! Numbers: bounds and multiples.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::number::{Bound, Num};
use super::facts::Facts;

/// No more whole numbers than this are tried one by one to show that none fits.
const FEW: i128 = 300;

/// Takes the stricter of two lower bounds.
pub(super) fn raise(low: &mut Option<Bound>, bound: Bound) {
    let stricter = low.is_none_or(|known| match bound.value.compare(known.value) {
        Ordering::Equal => known.inclusive && !bound.inclusive,
        order => order == Ordering::Greater,
    });
    if stricter {
        *low = Some(bound);
    }
}

/// Takes the stricter of two upper bounds.
pub(super) fn lower(high: &mut Option<Bound>, bound: Bound) {
    let stricter = high.is_none_or(|known| match bound.value.compare(known.value) {
        Ordering::Equal => known.inclusive && !bound.inclusive,
        order => order == Ordering::Less,
    });
    if stricter {
        *high = Some(bound);
    }
}

/// Whether no number has the facts.
pub(super) fn is_refuted(facts: &Facts<'_>) -> bool {
    if let (Some(low), Some(high)) = (facts.low, facts.high) {
        match low.value.compare(high.value) {
            Ordering::Greater => return true,
            Ordering::Equal if !(low.inclusive && high.inclusive) => return true,
            Ordering::Equal => return fits(facts, low.value) == Some(false),
            Ordering::Less => {}
        }
    }
    let steps = || facts.multiples.iter().filter(|(_, is)| *is).map(|(step, _)| *step);
    let barred = facts.multiples.iter().filter(|(_, is)| !*is).map(|(step, _)| *step);
    for bar in barred {
        // Every multiple of 6 is a multiple of 3.
        if steps().any(|step| step.is_multiple_of(bar) == Some(true)) {
            return true;
        }
    }
    steps().any(|step| is_range_refuted(facts, step))
}

/// Whether no multiple of `step` within the bounds has the other facts.
fn is_range_refuted(facts: &Facts<'_>, step: Num) -> bool {
    let (Some(low), Some(high), Num::Int(step)) = (facts.low, facts.high, step) else { return false };
    let (Some(first), Some(last)) = (low.value.ceiling(), high.value.floor()) else { return false };
    if step <= 0 {
        return false;
    }
    let (Some(from), to) =
        (first.checked_sub(1).map(|below| below.div_euclid(step) + 1), last.div_euclid(step))
    else {
        return false;
    };
    let Some(count) = to.checked_sub(from) else { return false };
    count < FEW && (from..=to).all(|times| fits(facts, Num::Int(times * step)) == Some(false))
}

fn fits(facts: &Facts<'_>, number: Num) -> Option<bool> {
    let below = |bound: Bound| match number.compare(bound.value) {
        Ordering::Equal => !bound.inclusive,
        order => order == Ordering::Less,
    };
    let above = |bound: Bound| match number.compare(bound.value) {
        Ordering::Equal => !bound.inclusive,
        order => order == Ordering::Greater,
    };
    let refused = facts.refused.iter().filter_map(|value| Num::from_value(value));
    if facts.low.is_some_and(below)
        || facts.high.is_some_and(above)
        || refused.into_iter().any(|other| other.compare(number) == Ordering::Equal)
    {
        return Some(false);
    }
    let mut verdict = Some(true);
    for &(step, is) in &facts.multiples {
        match number.is_multiple_of(step) {
            Some(multiple) if multiple == is => {}
            Some(_) => return Some(false),
            None => verdict = None,
        }
    }
    verdict
}

/// Numbers worth trying, the plainest first.
pub(super) fn candidates(facts: &Facts<'_>) -> Vec<Value> {
    let mut starts = vec![Num::Int(0), Num::Int(1), Num::Int(-1), Num::Real(0.5), Num::Real(-0.5)];
    let mut steps = vec![Num::Int(1), Num::Real(0.5)];
    for &(step, is) in &facts.multiples {
        steps.push(step);
        starts.push(step);
        if !is {
            steps.extend(step.plus(Num::Int(1), 1));
            starts.extend([Num::from_f64(step.approximate() / 2.0)]);
        }
    }
    steps.extend(joint_step(facts));
    for bound in [facts.low, facts.high].into_iter().flatten() {
        let value = bound.value;
        starts.push(value);
        starts.extend(value.ceiling().map(Num::Int));
        starts.extend(value.floor().map(Num::Int));
        for &(step, _) in facts.multiples.iter() {
            let times = (value.approximate() / step.approximate()).floor();
            if times.abs() < 1e15 {
                starts.extend(Num::Int(0).plus(step, times as i128));
            }
        }
    }
    if let (Some(low), Some(high)) = (facts.low, facts.high) {
        starts.push(Num::from_f64(low.value.approximate() / 2.0 + high.value.approximate() / 2.0));
    }
    let mut found = Vec::new();
    let reach = 3 + facts.refused.len().min(200) as i128;
    for times in 0..=reach {
        for &start in &starts {
            for &step in &steps {
                for signed in [times, -times] {
                    found
                        .extend(start.plus(step, signed).filter(|&number| fits(facts, number) == Some(true)));
                }
            }
        }
        if found.len() >= 4 {
            break;
        }
    }
    found.sort_by(|a: &Num, b: &Num| a.approximate().abs().total_cmp(&b.approximate().abs()));
    found.into_iter().filter_map(Num::to_json).collect()
}

/// The least whole number that all whole steps divide.
fn joint_step(facts: &Facts<'_>) -> Option<Num> {
    let mut joint: i128 = 1;
    for &(step, is) in &facts.multiples {
        if let (Num::Int(step), true) = (step, is) {
            let (mut a, mut b) = (joint, step);
            while b != 0 {
                (a, b) = (b, a % b);
            }
            joint = joint.checked_div(a)?.checked_mul(step)?;
        }
    }
    Some(Num::Int(joint))
}
