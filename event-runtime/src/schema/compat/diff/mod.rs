//! The changes between two schemas in words.
//!
//! It walks both schemas side by side, names what differs, and asks the search what each difference breaks: a value that
//! shows the difference at its place is built into a whole event, and counts only if one side emits that event and the
//! other refuses it. What the verdicts are is not decided here.

mod effect;
mod object;
mod rules;
mod union;
mod words;

use std::collections::HashSet;

use serde_json::Value;

use super::direction::Direction;
use super::document::Node;
use super::report::{Change, ChangeKind, Effect, Verdict};

/// No more changes than this are told.
const MOST_CHANGES: usize = 200;

/// A place that both schemas describe.
#[derive(Clone)]
pub(super) struct Here<'a> {
    /// The schemas of the place: the last one is looked at, the others hold beside it.
    old: Vec<&'a Value>,
    new: Vec<&'a Value>,
    old_pointer: String,
    new_pointer: String,
    place: String,
}

/// The way from a place to a part of it.
#[derive(Clone)]
pub(super) enum Step {
    Member(String),
    Element(usize),
}

/// Explains changes between the schemas of two directions.
pub(super) struct Explainer<'a, 'd> {
    backward: &'d mut Direction<'a>,
    forward: &'d mut Direction<'a>,
    verdicts: (&'d Verdict, &'d Verdict),
    /// The places around the one looked at, outermost first.
    around: Vec<(Here<'a>, Step)>,
    visited: HashSet<(u64, u64)>,
    changes: Vec<Change>,
}

impl<'a, 'd> Explainer<'a, 'd> {
    pub(super) fn new(
        backward: &'d mut Direction<'a>,
        forward: &'d mut Direction<'a>,
        verdicts: (&'d Verdict, &'d Verdict),
    ) -> Self {
        Self { backward, forward, verdicts, around: Vec::new(), visited: HashSet::new(), changes: Vec::new() }
    }

    /// Every change between the two documents.
    pub(super) fn explain(mut self, old: &'a Value, new: &'a Value) -> Vec<Change> {
        let here = |place: &str| Here {
            old: vec![old],
            new: vec![new],
            old_pointer: place.to_owned(),
            new_pointer: place.to_owned(),
            place: String::new(),
        };
        self.walk(here(""));
        let contracts = (old.get("x-writer"), new.get("x-writer"));
        if contracts.0 != contracts.1 {
            let sentence = "what writers emit (`x-writer`) changed".to_owned();
            self.add("/x-writer", "", ChangeKind::RulesChanged, sentence, [Effect::None, Effect::None]);
        }
        self.account_for_verdicts();
        self.changes
    }

    /// Looks at the last schemas of a place.
    fn walk(&mut self, mut here: Here<'a>) {
        if self.around.len() > self.backward.engine.max_depth / 4 || self.changes.len() >= MOST_CHANGES {
            return;
        }
        self.follow(&mut here);
        let (old, new) = (self.old_node(&here), self.new_node(&here));
        if self.backward.engine.is_same(old, new) || !self.visited.insert((old.key(), new.key())) {
            return;
        }
        self.compare_unions(&here);
    }

    /// Goes where bare references lead.
    fn follow(&mut self, here: &mut Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        let engine = &self.backward.engine;
        let old = engine.followed_at(old, &mut here.old_pointer);
        let new = engine.followed_at(new, &mut here.new_pointer);
        here.old.push(old.value);
        here.new.push(new.value);
    }

    fn old_node(&self, here: &Here<'a>) -> Node<'a> {
        self.backward.written(here.last_old())
    }

    fn new_node(&self, here: &Here<'a>) -> Node<'a> {
        self.backward.read(here.last_new())
    }

    /// Looks at a part of a place.
    fn descend(&mut self, here: &Here<'a>, step: Step, below: Here<'a>) {
        self.around.push((here.clone(), step));
        self.walk(below);
        self.around.pop();
    }

    fn add(&mut self, pointer: &str, place: &str, kind: ChangeKind, sentence: String, effects: [Effect; 2]) {
        let [backward, forward] = effects;
        let (pointer, place) = (pointer.to_owned(), place.to_owned());
        self.changes.push(Change { pointer, place, kind, sentence, backward, forward });
    }

    /// A direction that breaks has a change that shows it; where none does, one says so for the whole.
    fn account_for_verdicts(&mut self) {
        let effect = |verdict: &Verdict, told: bool| match verdict {
            Verdict::Breaking { counterexample } if !told => {
                Effect::Breaking { counterexample: counterexample.clone() }
            }
            Verdict::Unknown { .. } if !told => Effect::Unproven,
            _ => Effect::None,
        };
        let told = |side: fn(&Change) -> &Effect| self.changes.iter().any(|change| side(change).breaks());
        let backward = effect(self.verdicts.0, told(|change| &change.backward));
        let forward = effect(self.verdicts.1, told(|change| &change.forward));
        let sentence = match (&backward, &forward) {
            (Effect::None, Effect::None) => return,
            (_, Effect::None) => "new code may not read old events",
            (Effect::None, _) => "old code may not read new events",
            _ => "neither may read what the other writes",
        };
        self.add("", "", ChangeKind::RulesChanged, sentence.to_owned(), [backward, forward]);
    }
}

impl<'a> Here<'a> {
    fn last_old(&self) -> &'a Value {
        self.old.last().copied().unwrap_or(&Value::Null)
    }

    fn last_new(&self) -> &'a Value {
        self.new.last().copied().unwrap_or(&Value::Null)
    }

    /// A part of the place, with its own schemas.
    fn part(&self, old: &'a Value, new: &'a Value, pointers: (&str, &str), place: String) -> Self {
        Self {
            old: vec![old],
            new: vec![new],
            old_pointer: format!("{}{}", self.old_pointer, pointers.0),
            new_pointer: format!("{}{}", self.new_pointer, pointers.1),
            place,
        }
    }

    /// The same place, seen through one alternative of a union on either side.
    fn alternative(&self, old: (&'a Value, String), new: (&'a Value, String)) -> Self {
        let mut inside = self.clone();
        inside.old.push(old.0);
        inside.new.push(new.0);
        inside.old_pointer = old.1;
        inside.new_pointer = new.1;
        inside
    }
}
