//! Objects: properties that are there, properties that are not, and properties at names nobody spelled out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::engine::Engine;
use super::super::verdict::Truth;
use super::facts::{Existing, Facts, Outside};
use super::goal::{Clause, Literal};
use super::names::{Name, spelled_names};

/// No more properties than this are added to reach a least number.
const MOST_ADDED: u64 = 64;

impl<'a> Engine<'a> {
    pub(super) fn is_object_refuted(&mut self, facts: &Facts<'a>) -> bool {
        if facts.most.is_some_and(|most| facts.present.len() as u64 > most || facts.least > most) {
            return true;
        }
        if facts.present.iter().any(|(name, literals)| self.is_member_refuted(facts, name, literals)) {
            return true;
        }
        facts.existing.iter().any(|&existing| self.is_existence_refuted(facts, existing))
            || facts.least > facts.present.len() as u64 && self.has_too_few_names(facts)
    }

    fn is_member_refuted(&mut self, facts: &Facts<'a>, name: &'a str, literals: &[Literal<'a>]) -> bool {
        match self.value_clauses(facts, &Name::Spelled(name)) {
            None => true,
            Some(mut clauses) => {
                clauses.extend(literals.iter().map(|&literal| vec![literal]));
                !clauses.is_empty() && self.solve_below(&clauses).is_nothing()
            }
        }
    }

    fn is_existence_refuted(&mut self, facts: &Facts<'a>, existing: Existing<'a>) -> bool {
        let (narrowed, names, complete) = self.names_for(facts, existing);
        complete && names.iter().all(|name| self.is_candidate_refuted(&narrowed, name, existing))
    }

    fn is_candidate_refuted(&mut self, facts: &Facts<'a>, name: &Name<'a>, existing: Existing<'a>) -> bool {
        match self.value_clauses(facts, name) {
            None => true,
            Some(clauses) => {
                let clauses = member_clauses(facts, clauses, name, existing.value);
                !clauses.is_empty() && self.solve_below(&clauses).is_nothing()
            }
        }
    }

    /// The names that a property of this kind may have. A rule about the name itself counts for these names only.
    fn names_for(&mut self, facts: &Facts<'a>, existing: Existing<'a>) -> (Facts<'a>, Vec<Name<'a>>, bool) {
        let mut narrowed = facts.clone();
        narrowed.names.extend(existing.name);
        let (names, complete) = self.names(&narrowed, existing.place);
        (narrowed, names, complete)
    }

    /// Whether there are fewer possible names than properties asked for.
    fn has_too_few_names(&mut self, facts: &Facts<'a>) -> bool {
        let (names, complete) = self.names(facts, Outside::Nothing);
        let mut possible = 0;
        for name in &names {
            let clauses = self.value_clauses(facts, name);
            let is_possible =
                clauses.is_some_and(|clauses| clauses.is_empty() || !self.solve_below(&clauses).is_nothing());
            match name {
                Name::Other { .. } if is_possible => return false,
                _ => possible += u64::from(is_possible),
            }
        }
        complete && possible < facts.least
    }

    pub(super) fn build_object(&mut self, facts: &Facts<'a>) -> Option<Value> {
        let mut wanted: BTreeMap<String, Vec<Clause<'a>>> = BTreeMap::new();
        for (&name, literals) in &facts.present {
            let mut clauses = self.value_clauses(facts, &Name::Spelled(name))?;
            clauses.extend(literals.iter().map(|&literal| vec![literal]));
            wanted.insert(name.to_owned(), clauses);
        }
        for &existing in &facts.existing {
            let (name, clauses) = self.place_existing(facts, existing, &wanted)?;
            wanted.insert(name, clauses);
        }
        let mut members = Map::new();
        for (name, clauses) in wanted {
            members.insert(name, self.member(&clauses)?);
        }
        self.fill_up(facts, &mut members)?;
        Some(Value::Object(members))
    }

    fn member(&mut self, clauses: &[Clause<'a>]) -> Option<Value> {
        if clauses.is_empty() { Some(Value::Null) } else { self.solve_below(clauses).instance() }
    }

    fn place_existing(
        &mut self,
        facts: &Facts<'a>,
        existing: Existing<'a>,
        wanted: &BTreeMap<String, Vec<Clause<'a>>>,
    ) -> Option<(String, Vec<Clause<'a>>)> {
        let (narrowed, names, _) = self.names_for(facts, existing);
        for name in &names {
            let Some(clauses) = self.value_clauses(&narrowed, name) else { continue };
            let mut clauses = member_clauses(facts, clauses, name, existing.value);
            clauses.extend(wanted.get(name.text()).into_iter().flatten().cloned());
            if clauses.is_empty() || self.solve_below(&clauses).instance_ref().is_some() {
                return Some((name.text().to_owned(), clauses));
            }
        }
        None
    }

    /// Adds properties until there are enough.
    fn fill_up(&mut self, facts: &Facts<'a>, members: &mut Map<String, Value>) -> Option<()> {
        if facts.least > members.len() as u64 + MOST_ADDED {
            return None;
        }
        let (names, _) = self.names(facts, Outside::Nothing);
        for name in names {
            if members.len() as u64 >= facts.least {
                break;
            }
            let Some(clauses) = self.value_clauses(facts, &name) else { continue };
            let Some(value) = self.member(&clauses) else { continue };
            if let Name::Other { matching, example } = &name {
                self.add_like(facts, matching, example, &value, members);
            } else if !members.contains_key(name.text()) {
                members.insert(name.text().to_owned(), value);
            }
        }
        (members.len() as u64 >= facts.least).then_some(())
    }

    /// Adds properties whose names match what the example matches.
    fn add_like(
        &mut self,
        facts: &Facts<'a>,
        matching: &[&str],
        example: &str,
        value: &Value,
        members: &mut Map<String, Value>,
    ) {
        let spelled = spelled_names(facts);
        let mut name = example.to_owned();
        for _ in 0..MOST_ADDED {
            if members.len() as u64 >= facts.least {
                return;
            }
            let like = matching.iter().all(|pattern| self.patterns.matches(pattern, &name) == Truth::True);
            if like && !spelled.contains(name.as_str()) {
                members.entry(name.clone()).or_insert_with(|| value.clone());
            }
            name.push_str(example);
        }
    }
}

/// What the property at `name` satisfies, with what is known of it by name and what is wished.
fn member_clauses<'a>(
    facts: &Facts<'a>,
    mut clauses: Vec<Clause<'a>>,
    name: &Name<'a>,
    wish: Option<Literal<'a>>,
) -> Vec<Clause<'a>> {
    clauses.extend(facts.present.get(name.text()).into_iter().flatten().map(|&literal| vec![literal]));
    clauses.extend(wish.map(|literal| vec![literal]));
    clauses
}
