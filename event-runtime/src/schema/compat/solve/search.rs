//! The search itself: from a goal to branches, from a branch to facts, from facts to an instance or a refutation.

use serde_json::Value;

use super::super::engine::Engine;
use super::super::shape::Kind;
use super::super::verdict::{Found, Obstacle, Truth};
use super::facts::{Branch, Existing, Fact, Item, Outside, Place};
use super::goal::{Clause, Literal, identity};
use super::holds::Impossible;
use super::narrow::Next;
use super::scope::Rule;

impl<'a> Engine<'a> {
    /// Finds a value of which every clause is true, at the same place of the instance as the search under way.
    pub(in super::super) fn solve(&mut self, clauses: &[Clause<'a>]) -> Found {
        let goal = identity(clauses);
        if let Some(found) = self.solved.get(&goal) {
            return found.clone();
        }
        if let Some(index) = self.under_way.iter().position(|(other, _)| *other == goal) {
            if self.under_way[index].1 < self.instance_depth {
                self.assumed = self.assumed.min(index);
                return Found::Nothing;
            }
            return Found::Unclear(Obstacle::Beyond);
        }
        let assumed_outside = std::mem::replace(&mut self.assumed, usize::MAX);
        self.under_way.push((goal.clone(), self.instance_depth));
        let found = self.deeper(|engine| engine.solve_kinds(clauses)).unwrap_or_else(Found::Unclear);
        self.under_way.pop();
        // "There is nothing" may rest on a search around this one, which may still find something.
        let rests_on_outside = self.assumed < self.under_way.len() && found.instance_ref().is_none();
        let assumed_inside = if rests_on_outside { self.assumed } else { usize::MAX };
        self.assumed = assumed_outside.min(assumed_inside);
        if !rests_on_outside && self.steps > 0 {
            self.solved.insert(goal, found.clone());
        }
        found
    }

    /// Finds a value for a part of the instance: an element or a property.
    pub(super) fn solve_below(&mut self, clauses: &[Clause<'a>]) -> Found {
        self.instance_depth += 1;
        let found = self.solve(clauses);
        self.instance_depth -= 1;
        found
    }

    /// Finds a value of one kind.
    pub(in super::super) fn solve_kind(&mut self, clauses: &[Clause<'a>], kind: Kind) -> Found {
        self.search(Branch::new(kind, clauses))
    }

    fn solve_kinds(&mut self, clauses: &[Clause<'a>]) -> Found {
        let mut result = Found::Nothing;
        for kind in Kind::ALL {
            match self.search(Branch::new(kind, clauses)) {
                Found::Nothing => {}
                Found::Instance(value) => return Found::Instance(value),
                unclear => result = unclear,
            }
        }
        result
    }

    /// Finds a value on one branch.
    pub(super) fn search(&mut self, mut branch: Branch<'a>) -> Found {
        loop {
            if let Err(obstacle) = self.spend() {
                return Found::Unclear(obstacle);
            }
            if self.follow(&mut branch).is_err() || self.is_refuted(&branch) {
                return Found::Nothing;
            }
            let few = matches!(branch.kind, Kind::Null | Kind::Boolean) || branch.facts.values.is_some();
            if few && branch.choices.is_empty() {
                return self.pick(&branch);
            }
            let least = (0..branch.choices.len()).min_by_key(|&index| branch.choices[index].len());
            if let Some(index) = least {
                let alternatives = branch.choices.swap_remove(index);
                return self.split(&branch, &alternatives);
            }
            match self.narrow(&mut branch) {
                Err(Impossible) => return Found::Nothing,
                Ok(Next::Again) => {}
                Ok(Next::Split(ways)) => return self.split(&branch, &ways),
                Ok(Next::Facts) => return self.build(&branch),
            }
        }
    }

    fn split(&mut self, branch: &Branch<'a>, alternatives: &[Vec<Item<'a>>]) -> Found {
        let mut result = Found::Nothing;
        for alternative in alternatives {
            if let Err(obstacle) = self.spend_many(branch.weight()) {
                return Found::Unclear(obstacle);
            }
            let next = branch.with(alternative);
            match self.deeper(|engine| engine.search(next)).unwrap_or_else(Found::Unclear) {
                Found::Nothing => {}
                Found::Instance(value) => return Found::Instance(value),
                unclear => result = unclear,
            }
            if self.steps == 0 {
                return Found::Unclear(Obstacle::Budget);
            }
        }
        result
    }

    /// Draws every consequence that needs no choice.
    pub(super) fn follow(&mut self, branch: &mut Branch<'a>) -> Result<(), Impossible> {
        while let Some(item) = branch.queue.pop() {
            if self.spend().is_err() {
                // Nothing more is known; the branch stays as wide as it is.
                branch.queue.clear();
                branch.facts.scopes_complete = false;
                return Ok(());
            }
            match item {
                Item::Literal(literal) if literal.accepts => self.accept(branch, literal)?,
                Item::Literal(literal) => {
                    branch.literals.push(literal);
                    branch.failing.push(literal.node);
                }
                Item::Holds { node, place } => {
                    branch.literals.push(Literal::accepted(node, false));
                    self.hold(branch, node, place)?;
                }
                Item::HoldsBut { node } => {
                    let scope = branch.facts.open_scope(None, Rule::Free);
                    self.hold_keywords(branch, node, Place { scope: Some(scope), closed: false })?;
                    let value = node.schema("unevaluatedProperties").map(Literal::refused);
                    let existing = Existing { place: Outside::Scope(scope), value, name: None };
                    branch.queue.push(Item::Fact(Fact::Exists(existing)));
                }
                Item::MayHold { node, scope } => self.note_possible(&mut branch.facts, node, scope),
                Item::Fact(fact) => branch.facts.add(fact, branch.kind),
                Item::Any(mut alternatives) => match alternatives.len() {
                    0 => return Err(Impossible),
                    1 => branch.queue.append(&mut alternatives[0]),
                    _ => branch.choices.push(alternatives),
                },
            }
        }
        branch.facts.scopes_complete = branch.choices.is_empty();
        Ok(())
    }

    fn accept(&mut self, branch: &mut Branch<'a>, literal: Literal<'a>) -> Result<(), Impossible> {
        branch.literals.push(literal);
        if literal.closed && branch.closing.is_none() {
            branch.closing = Some(branch.facts.open_scope(None, Rule::Closed));
        }
        let scope = branch.closing.filter(|_| literal.closed);
        self.hold(branch, literal.node, Place { scope, closed: literal.closed })
    }

    /// Whether no value has the facts; "no" may also mean "can't tell".
    pub(super) fn is_refuted(&mut self, branch: &Branch<'a>) -> bool {
        let facts = &branch.facts;
        if let Some(values) = &facts.values {
            let values = values.clone();
            return values
                .into_iter()
                .all(|value| self.literals_hold(&branch.literals, value) == Truth::False);
        }
        match branch.kind {
            Kind::Null => self.literals_hold(&branch.literals, &Value::Null) == Truth::False,
            Kind::Boolean => [true, false]
                .into_iter()
                .all(|value| self.literals_hold(&branch.literals, &Value::Bool(value)) == Truth::False),
            Kind::Number => super::number::is_refuted(facts),
            Kind::String => self.is_text_refuted(branch),
            Kind::Array => self.is_array_refuted(facts),
            Kind::Object => self.is_object_refuted(facts),
        }
    }

    /// The verdict of all literals of a branch on one value.
    pub(super) fn literals_hold(&mut self, literals: &[Literal<'a>], value: &Value) -> Truth {
        let mut verdict = Truth::True;
        for literal in literals {
            let accepts = self.accepts(literal.node, value, false);
            verdict = verdict.and(if literal.accepts { accepts } else { accepts.not() });
            if verdict == Truth::False {
                return verdict;
            }
        }
        // Closed schemas of one place know each other's properties.
        let closed: Vec<_> =
            literals.iter().filter(|literal| literal.closed).map(|literal| literal.node).collect();
        if !closed.is_empty() && verdict == Truth::True {
            verdict = self.is_emitted(&closed, value);
        }
        verdict
    }

    /// The values that come into question are few: asks the validator about each.
    fn pick(&mut self, branch: &Branch<'a>) -> Found {
        let values: Vec<Value> = match (&branch.facts.values, branch.kind) {
            (Some(values), _) => values.iter().map(|&value| value.clone()).collect(),
            (None, Kind::Boolean) => vec![Value::Bool(true), Value::Bool(false)],
            (None, _) => vec![Value::Null],
        };
        if self.steps == 0 {
            return Found::Unclear(Obstacle::Budget);
        }
        let mut result = Found::Nothing;
        for value in values {
            match self.literals_hold(&branch.literals, &value) {
                Truth::True => return Found::Instance(value),
                Truth::Unknown => result = Found::Unclear(Obstacle::Beyond),
                Truth::False => {}
            }
        }
        result
    }

    /// Nothing is left but facts that were not refuted: builds a value and has it confirmed.
    fn build(&mut self, branch: &Branch<'a>) -> Found {
        let candidates = match branch.kind {
            Kind::Null | Kind::Boolean => Vec::new(),
            Kind::Number => super::number::candidates(&branch.facts),
            Kind::String => self.texts(branch),
            Kind::Array => self.build_array(&branch.facts).into_iter().collect(),
            Kind::Object => self.build_object(&branch.facts).into_iter().collect(),
        };
        // Without steps the branch was not read to its end: what it has of literals confirms nothing.
        let candidates = if self.steps == 0 { Vec::new() } else { candidates };
        for value in candidates {
            if self.literals_hold(&branch.literals, &value) == Truth::True {
                return Found::Instance(value);
            }
        }
        Found::Unclear(if self.steps == 0 { Obstacle::Budget } else { Obstacle::Beyond })
    }
}
