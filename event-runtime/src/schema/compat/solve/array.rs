//! Arrays: elements by position, elements that exist somewhere, counts.

use serde_json::Value;

use super::super::engine::Engine;
use super::super::shape::elements;
use super::super::verdict::Truth;
use super::facts::Facts;
use super::goal::{Clause, Literal};

/// No longer array than this is built.
const LONGEST: u64 = 2_000;
/// Positions beyond this one are not told apart.
const POSITIONS: usize = 64;

impl<'a> Engine<'a> {
    pub(super) fn is_array_refuted(&mut self, facts: &Facts<'a>) -> bool {
        let last = described(facts);
        let most = self.most_elements(facts, last);
        if most.is_some_and(|most| needed(facts) > most) {
            return true;
        }
        if facts.repeated && (facts.unique || most.is_some_and(|most| most < 2)) {
            return true;
        }
        let at_refuted =
            facts.at.iter().any(|&(index, literal)| self.is_element_refuted(facts, index, Some(literal)));
        at_refuted
            || facts.some.iter().any(|&(from, _, literal)| {
                let end = last.max(from);
                let possible = (from..=end).filter(|&index| most.is_none_or(|most| (index as u64) < most));
                let possible: Vec<usize> = possible.collect();
                end <= POSITIONS
                    && possible.into_iter().all(|index| self.is_element_refuted(facts, index, Some(literal)))
            })
    }

    /// The greatest possible length: an element that nothing can be ends the array before it.
    fn most_elements(&mut self, facts: &Facts<'a>, last: usize) -> Option<u64> {
        let ends = (0..=last.min(POSITIONS)).find(|&index| self.is_element_refuted(facts, index, None));
        match (facts.most, ends) {
            (Some(most), Some(end)) => Some(most.min(end as u64)),
            (most, end) => most.or(end.map(|end| end as u64)),
        }
    }

    fn is_element_refuted(&mut self, facts: &Facts<'a>, index: usize, also: Option<Literal<'a>>) -> bool {
        let mut clauses = element_clauses(facts, index);
        clauses.extend(also.map(|literal| vec![literal]));
        !clauses.is_empty() && self.solve_below(&clauses).is_nothing()
    }

    pub(super) fn build_array(&mut self, facts: &Facts<'a>) -> Option<Value> {
        let most = self.most_elements(facts, described(facts));
        let mut placed: Vec<(usize, Literal<'a>)> = facts.at.clone();
        for &(from, count, literal) in &facts.some {
            let mut open = count;
            for index in from..from + POSITIONS + count.min(LONGEST) as usize {
                if open == 0 || most.is_some_and(|most| index as u64 >= most) {
                    break;
                }
                let mut clauses = clauses_at(facts, &placed, index);
                clauses.push(vec![literal]);
                if self.solve_below(&clauses).instance_ref().is_some() {
                    placed.push((index, literal));
                    open -= 1;
                }
            }
            if open > 0 {
                return None;
            }
        }
        let reach = placed.iter().map(|(index, _)| *index as u64 + 1).max().unwrap_or_default();
        let length = needed(facts).max(reach).max(if facts.repeated { 2 } else { 0 });
        if length > LONGEST || most.is_some_and(|most| length > most) {
            return None;
        }
        let mut items: Vec<Value> = Vec::new();
        for index in 0..length as usize {
            let clauses = clauses_at(facts, &placed, index);
            let copied = items.first().filter(|_| facts.repeated && index == 1).cloned();
            let item = match copied {
                Some(item) => item,
                None if facts.unique => self.distinct_element(&clauses, &items)?,
                None => self.element(&clauses)?,
            };
            items.push(item);
        }
        Some(Value::Array(items))
    }

    fn element(&mut self, clauses: &[Clause<'a>]) -> Option<Value> {
        if clauses.is_empty() { Some(Value::Null) } else { self.solve_below(clauses).instance() }
    }

    /// An element that is not among `earlier`.
    fn distinct_element(&mut self, clauses: &[Clause<'a>], earlier: &[Value]) -> Option<Value> {
        let mut plain = vec![self.element(clauses)?, Value::Bool(false), Value::Bool(true)];
        plain.extend((0..=earlier.len()).map(Value::from));
        plain.extend((0..=earlier.len()).map(|index| Value::from(format!("text{index}"))));
        for (value, literals) in plain.into_iter().map(|value| (value, clauses)) {
            let new = !earlier.iter().any(|other| super::super::number::same_value(other, &value));
            let first = |clause: &Clause<'a>| clause.first().copied();
            let literals: Vec<_> = literals.iter().filter_map(first).collect();
            if new && self.literals_hold(&literals, &value) == Truth::True {
                return Some(value);
            }
        }
        None
    }
}

/// The first position that every schema describes like all that follow.
fn described(facts: &Facts<'_>) -> usize {
    facts.shapes.iter().map(|(node, _)| elements(*node).0.len()).max().unwrap_or_default()
}

/// The least length that the facts ask for.
fn needed(facts: &Facts<'_>) -> u64 {
    let at = facts.at.iter().map(|(index, _)| *index as u64 + 1);
    let some = facts.some.iter().map(|(from, count, _)| (*from as u64).saturating_add(*count));
    at.chain(some).fold(facts.least, u64::max)
}

fn element_clauses<'a>(facts: &Facts<'a>, index: usize) -> Vec<Clause<'a>> {
    let shaped = facts.shapes.iter().filter_map(|&(node, closed)| {
        let (first, rest) = elements(node);
        first.get(index).copied().or(rest).map(|schema| vec![Literal::accepted(schema, closed)])
    });
    shaped.chain(facts.every.iter().map(|&literal| vec![literal])).collect()
}

fn clauses_at<'a>(facts: &Facts<'a>, placed: &[(usize, Literal<'a>)], index: usize) -> Vec<Clause<'a>> {
    let mut clauses = element_clauses(facts, index);
    clauses.extend(placed.iter().filter(|(at, _)| *at == index).map(|&(_, literal)| vec![literal]));
    clauses
}
