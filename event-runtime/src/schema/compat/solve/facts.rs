//! What is known of the value on one branch of the search.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::document::Node;
use super::super::number::{Bound, Num};
use super::super::shape::Kind;
use super::goal::{Clause, Literal};
use super::scope::Scope;

/// What is still to be looked at on a branch.
#[derive(Clone, Debug)]
pub(super) enum Item<'a> {
    Literal(Literal<'a>),
    /// The schema holds here, as a part of another.
    Holds {
        node: Node<'a>,
        place: Place,
    },
    /// As `Holds`, and some property that it does not look at is refused by its `unevaluatedProperties`.
    HoldsBut {
        node: Node<'a>,
    },
    /// An alternative that was not chosen may hold as well, and then its properties are known.
    MayHold {
        node: Node<'a>,
        scope: usize,
    },
    Fact(Fact<'a>),
    /// One of these lists.
    Any(Vec<Vec<Item<'a>>>),
}

/// Where a schema stands: whose properties it helps to list, and whether the objects below it are closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) scope: Option<usize>,
    pub(super) closed: bool,
}

/// One rule of the kind of value that the branch is about.
#[derive(Clone, Debug)]
pub(super) enum Fact<'a> {
    /// Something that the engine does not read; the branch is wider than the truth.
    Unread,
    Among(Vec<&'a Value>),
    Not(&'a Value),
    Low(Bound),
    High(Bound),
    Multiple(Num, bool),
    Pattern(&'a str, bool),
    Format(&'a str, bool),
    /// Code points, elements or properties, inclusive.
    Least(u64),
    Most(u64),
    /// The schema describes the elements or the properties.
    Shape {
        node: Node<'a>,
        closed: bool,
    },
    Every(Literal<'a>),
    At(usize, Literal<'a>),
    /// At least `count` elements from `from` on.
    Some {
        from: usize,
        count: u64,
        literal: Literal<'a>,
    },
    Unique(bool),
    Present(&'a str, Option<Literal<'a>>),
    Absent(&'a str),
    /// Every property's name.
    Names(Literal<'a>),
    Exists(Existing<'a>),
}

/// Some property exists, at a name that is not said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Existing<'a> {
    pub(super) place: Outside<'a>,
    pub(super) value: Option<Literal<'a>>,
    pub(super) name: Option<Literal<'a>>,
}

/// Which names come into question.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outside<'a> {
    Nothing,
    /// Names that neither `properties` nor `patternProperties` of the schema describe.
    Schema(Node<'a>),
    /// Names that match.
    Pattern(&'a str),
    /// Names that no schema of the scope has looked at.
    Scope(usize),
}

/// Everything known of the value.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts<'a> {
    pub(super) values: Option<Vec<&'a Value>>,
    pub(super) refused: Vec<&'a Value>,
    pub(super) low: Option<Bound>,
    pub(super) high: Option<Bound>,
    pub(super) multiples: Vec<(Num, bool)>,
    pub(super) patterns: Vec<(&'a str, bool)>,
    pub(super) formats: Vec<(&'a str, bool)>,
    pub(super) least: u64,
    pub(super) most: Option<u64>,
    pub(super) shapes: Vec<(Node<'a>, bool)>,
    pub(super) every: Vec<Literal<'a>>,
    pub(super) at: Vec<(usize, Literal<'a>)>,
    pub(super) some: Vec<(usize, u64, Literal<'a>)>,
    pub(super) unique: bool,
    pub(super) repeated: bool,
    pub(super) present: BTreeMap<&'a str, Vec<Literal<'a>>>,
    pub(super) absent: BTreeSet<&'a str>,
    pub(super) names: Vec<Literal<'a>>,
    pub(super) existing: Vec<Existing<'a>>,
    pub(super) scopes: Vec<Scope<'a>>,
    /// No choice is open that could still make properties known.
    pub(super) scopes_complete: bool,
}

/// One branch of the search.
#[derive(Clone, Debug)]
pub(super) struct Branch<'a> {
    pub(super) kind: Kind,
    pub(super) queue: Vec<Item<'a>>,
    /// Schemas that hold or fail at this very place.
    pub(super) literals: Vec<Literal<'a>>,
    pub(super) done: Vec<(u64, Place)>,
    pub(super) choices: Vec<Vec<Vec<Item<'a>>>>,
    /// Schemas that are to refuse the value and have not been split into the ways to do so.
    pub(super) failing: Vec<Node<'a>>,
    pub(super) facts: Facts<'a>,
    /// The scope of the closed schemas of this place.
    pub(super) closing: Option<usize>,
}

impl<'a> Branch<'a> {
    pub(super) fn new(kind: Kind, clauses: &[Clause<'a>]) -> Self {
        let item = |clause: &Clause<'a>| match clause.as_slice() {
            &[literal] => Item::Literal(literal),
            literals => Item::Any(literals.iter().map(|&literal| vec![Item::Literal(literal)]).collect()),
        };
        Self {
            kind,
            queue: clauses.iter().map(item).collect(),
            literals: Vec::new(),
            done: Vec::new(),
            choices: Vec::new(),
            failing: Vec::new(),
            facts: Facts::default(),
            closing: None,
        }
    }

    /// What a copy of the branch costs, in steps.
    pub(super) fn weight(&self) -> u64 {
        let parts = [
            self.literals.len(),
            self.done.len(),
            self.choices.len() * 4,
            self.failing.len(),
            self.facts.shapes.len(),
        ];
        1 + parts.iter().sum::<usize>() as u64 / 8
    }

    /// The branch with more to look at.
    pub(super) fn with(&self, items: &[Item<'a>]) -> Self {
        let mut branch = self.clone();
        branch.queue.extend_from_slice(items);
        branch
    }
}

impl<'a> Facts<'a> {
    pub(super) fn add(&mut self, fact: Fact<'a>, kind: Kind) {
        match fact {
            Fact::Unread => {}
            Fact::Among(mut values) => {
                values.retain(|value| Kind::of(value) == kind);
                self.values = Some(match self.values.take() {
                    Some(known) if known.len() <= values.len() => known,
                    _ => values,
                });
            }
            Fact::Not(value) => self.refused.push(value),
            Fact::Low(bound) => super::number::raise(&mut self.low, bound),
            Fact::High(bound) => super::number::lower(&mut self.high, bound),
            Fact::Multiple(step, is) => self.multiples.push((step, is)),
            Fact::Pattern(pattern, matches) => self.patterns.push((pattern, matches)),
            Fact::Format(format, has) => self.formats.push((format, has)),
            Fact::Least(count) => self.least = self.least.max(count),
            Fact::Most(count) => self.most = Some(self.most.map_or(count, |most| most.min(count))),
            Fact::Shape { node, closed } => self.shapes.push((node, closed)),
            Fact::Every(literal) => self.every.push(literal),
            Fact::At(index, literal) => self.at.push((index, literal)),
            Fact::Some { from, count, literal } => self.some.push((from, count, literal)),
            Fact::Unique(true) => self.unique = true,
            Fact::Unique(false) => self.repeated = true,
            Fact::Present(name, literal) => self.present.entry(name).or_default().extend(literal),
            Fact::Absent(name) => drop(self.absent.insert(name)),
            Fact::Names(literal) => self.names.push(literal),
            Fact::Exists(existing) => self.existing.push(existing),
        }
    }
}
