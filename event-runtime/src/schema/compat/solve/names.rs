//! Property names: which schemas apply to a name, and which names there are beyond those that the schemas spell out.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::engine::Engine;
use super::super::pattern::{Wanted, find_text};
use super::super::shape::Kind;
use super::super::verdict::{Found, Truth};
use super::facts::{Branch, Fact, Facts, Item, Outside};
use super::goal::{Clause, Literal};
use super::scope::Rule;

/// Patterns of property names beyond this number are not told apart.
const MOST_PATTERNS: usize = 4;

/// A property name: one that is spelled out, or any other one that matches exactly these patterns.
#[derive(Clone, Debug)]
pub(super) enum Name<'a> {
    Spelled(&'a str),
    Other { matching: Vec<&'a str>, example: String },
}

impl Name<'_> {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Spelled(name) => name,
            Self::Other { example, .. } => example,
        }
    }
}

impl<'a> Engine<'a> {
    fn name_matches(&mut self, name: &Name<'a>, pattern: &str) -> Truth {
        match name {
            Name::Spelled(text) => self.patterns.matches(pattern, text),
            Name::Other { matching, .. } => matching.contains(&pattern).into(),
        }
    }

    /// What a property of this name satisfies; `None` where there can't be one.
    pub(super) fn value_clauses(&mut self, facts: &Facts<'a>, name: &Name<'a>) -> Option<Vec<Clause<'a>>> {
        if facts.absent.contains(name.text()) {
            return None;
        }
        if let Name::Spelled(text) = name
            && self.literals_hold(&facts.names, &Value::String((*text).to_owned())) == Truth::False
        {
            return None;
        }
        let mut clauses: Vec<Clause<'a>> = Vec::new();
        for &(node, closed) in &facts.shapes {
            let mut described = Truth::False;
            if let (Name::Spelled(text), Some(map)) = (name, node.keyword("properties"))
                && let Some(schema) = map.get(text)
            {
                described = Truth::True;
                clauses.push(vec![Literal::accepted(node.at(schema), closed)]);
            }
            for (pattern, schema) in node.named("patternProperties") {
                let applies = self.name_matches(name, pattern);
                if applies == Truth::True {
                    clauses.push(vec![Literal::accepted(schema, closed)]);
                }
                described = described.or(applies);
            }
            if described == Truth::False
                && let Some(schema) = node.schema("additionalProperties")
            {
                clauses.push(vec![Literal::accepted(schema, closed)]);
            }
        }
        for scope in facts.scopes.iter().filter(|_| facts.scopes_complete) {
            let listed = scope.names.iter().any(|other| *other == name.text());
            let mut known = Truth::from(scope.everything || listed);
            for pattern in &scope.patterns {
                known = known.or(self.name_matches(name, pattern));
            }
            if known != Truth::False {
                continue;
            }
            let maybe = scope.maybe.iter().filter(|(other, _)| *other == name.text());
            let maybe: Clause<'a> = maybe.map(|&(_, schema)| Literal::accepted(schema, true)).collect();
            match scope.rule {
                _ if scope.maybe_everything => {}
                Rule::Closed if !scope.lists || scope.asked_for.contains(&name.text()) => {}
                Rule::Closed if maybe.is_empty() => return None,
                Rule::Closed => clauses.push(maybe),
                Rule::Schema(schema, closed) if maybe.is_empty() => {
                    clauses.push(vec![Literal::accepted(schema, closed)]);
                }
                Rule::Schema(..) | Rule::Free => {}
            }
        }
        clauses.retain(|clause| !clause.iter().any(|l| l.accepts && l.node.value == &Value::Bool(true)));
        Some(clauses)
    }

    /// Every name that comes into question there, and whether these are all.
    pub(super) fn names(&mut self, facts: &Facts<'a>, place: Outside<'a>) -> (Vec<Name<'a>>, bool) {
        let spelled = spelled_names(facts);
        let (others, complete) = self.other_names(facts, &spelled, pattern_of(place));
        let all: Vec<_> = spelled.into_iter().map(Name::Spelled).chain(others).collect();
        let inside = all.into_iter().filter(|name| self.is_at(facts, name, place)).collect();
        (inside, complete)
    }

    /// Whether a name may be at the place.
    fn is_at(&mut self, facts: &Facts<'a>, name: &Name<'a>, place: Outside<'a>) -> bool {
        match place {
            Outside::Nothing => true,
            Outside::Pattern(pattern) => self.name_matches(name, pattern) != Truth::False,
            Outside::Schema(node) => {
                let listed = node.keyword("properties").is_some_and(|map| map.get(name.text()).is_some());
                !listed
                    && node
                        .named("patternProperties")
                        .all(|(pattern, _)| self.name_matches(name, pattern) != Truth::True)
            }
            Outside::Scope(index) => facts.scopes.get(index).is_none_or(|scope| {
                let listed = scope.names.iter().any(|other| *other == name.text());
                let mut patterns = scope.patterns.iter();
                !scope.everything
                    && !listed
                    && patterns.all(|pattern| self.name_matches(name, pattern) != Truth::True)
            }),
        }
    }

    /// One name for each way to match some of the patterns and not the others, beyond the spelled ones.
    fn other_names(
        &mut self,
        facts: &Facts<'a>,
        spelled: &BTreeSet<&'a str>,
        also: Option<&'a str>,
    ) -> (Vec<Name<'a>>, bool) {
        let shaped =
            facts.shapes.iter().flat_map(|(node, _)| node.named("patternProperties").map(|(text, _)| text));
        let scoped = facts.scopes.iter().flat_map(|scope| scope.patterns.iter().copied());
        let outside = facts.existing.iter().filter_map(|existing| match existing.place {
            Outside::Schema(node) => Some(node),
            _ => None,
        });
        let outside = outside.flat_map(|node| node.named("patternProperties").map(|(text, _)| text));
        let patterns: BTreeSet<&'a str> = shaped.chain(scoped).chain(outside).chain(also).collect();
        if patterns.len() > MOST_PATTERNS {
            return (Vec::new(), false);
        }
        let mut names = Vec::new();
        let mut complete = true;
        for selection in 0..1u32 << patterns.len() {
            let chosen = |index: usize| selection >> index & 1 == 1;
            let rules = patterns.iter().enumerate().map(|(index, &pattern)| (pattern, chosen(index)));
            let rules: Vec<(&'a str, bool)> = rules.collect();
            match self.other_name(facts, spelled, &rules) {
                Found::Nothing => {}
                Found::Instance(Value::String(example)) => {
                    let matching = rules.iter().filter(|(_, is)| *is).map(|(pattern, _)| *pattern).collect();
                    names.push(Name::Other { matching, example });
                }
                _ => complete = false,
            }
        }
        (names, complete)
    }

    /// A name that is not spelled out and keeps the rules of names.
    fn other_name(
        &mut self,
        facts: &Facts<'a>,
        spelled: &BTreeSet<&'a str>,
        rules: &[(&'a str, bool)],
    ) -> Found {
        if facts.names.is_empty() && rules.is_empty() {
            let plain =
                (0..).map(|index| if index == 0 { "extra".to_owned() } else { format!("extra{index}") });
            let free = plain.take(spelled.len() + 1).find(|name| !spelled.contains(name.as_str()));
            return free.map_or(Found::Nothing, |name| Found::Instance(Value::String(name)));
        }
        if facts.names.is_empty() {
            return self.matching_name(spelled, rules);
        }
        let clauses: Vec<Clause<'a>> = facts.names.iter().map(|&literal| vec![literal]).collect();
        let mut branch = Branch::new(Kind::String, &clauses);
        branch.queue.extend(rules.iter().map(|&(pattern, is)| Item::Fact(Fact::Pattern(pattern, is))));
        match self.deeper(|engine| engine.search(branch)).unwrap_or_else(Found::Unclear) {
            Found::Instance(Value::String(name)) if self.is_usable(&name, spelled, rules) => {
                Found::Instance(Value::String(name))
            }
            Found::Instance(_) => Found::Unclear(super::super::verdict::Obstacle::Beyond),
            found => found,
        }
    }

    fn is_usable(&mut self, name: &str, spelled: &BTreeSet<&'a str>, rules: &[(&'a str, bool)]) -> bool {
        let keeps = |engine: &mut Self, (pattern, is): (&str, bool)| {
            engine.patterns.matches(pattern, name) == is.into()
        };
        !spelled.contains(name) && rules.iter().all(|&rule| keeps(self, rule))
    }

    fn matching_name(&mut self, spelled: &BTreeSet<&'a str>, rules: &[(&'a str, bool)]) -> Found {
        let mut automata = (Vec::new(), Vec::new());
        for (pattern, is) in rules {
            let Some(automaton) = self.patterns.get(pattern).cloned() else {
                return Found::Unclear(super::super::verdict::Obstacle::Beyond);
            };
            if *is { automata.0.push(automaton) } else { automata.1.push(automaton) }
        }
        let (matching, refused) = (automata.0.iter().collect(), automata.1.iter().collect());
        let wanted = Wanted { matching, refused, least: 0, most: None };
        let mut steps = self.steps.min(20_000);
        let granted = steps;
        let found = find_text(&wanted, &mut steps, |name| !name.is_empty() && !spelled.contains(name));
        let _exhausted = self.spend_many(granted - steps);
        found
    }
}

fn pattern_of<'a>(place: Outside<'a>) -> Option<&'a str> {
    match place {
        Outside::Pattern(pattern) => Some(pattern),
        _ => None,
    }
}

/// Every name that some schema of the branch spells out.
pub(super) fn spelled_names<'a>(facts: &Facts<'a>) -> BTreeSet<&'a str> {
    let mut names: BTreeSet<&'a str> = facts.present.keys().copied().collect();
    names.extend(facts.absent.iter().copied());
    for (node, _) in &facts.shapes {
        names.extend(node.named("properties").map(|(name, _)| name));
    }
    for existing in &facts.existing {
        if let Outside::Schema(node) = existing.place {
            names.extend(node.named("properties").map(|(name, _)| name));
        }
    }
    for scope in &facts.scopes {
        names.extend(scope.names.iter().chain(&scope.asked_for).copied());
        names.extend(scope.maybe.iter().map(|(name, _)| *name));
    }
    names
}
