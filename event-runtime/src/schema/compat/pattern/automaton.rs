//! A pattern as a nondeterministic automaton, run over all its states at once: linear in the text.

use super::parse::{Set, Syntax};

/// More states than this, and the pattern counts as unreadable.
const MAX_STATES: usize = 4000;

#[derive(Clone, Debug)]
enum State {
    Read(Set, usize),
    Fork(usize, usize),
    Start(usize),
    End(usize),
    Match,
}

/// The compiled pattern; it matches anywhere in a text unless it is anchored.
#[derive(Clone, Debug)]
pub(in super::super) struct Automaton {
    states: Vec<State>,
    first: usize,
}

impl Automaton {
    pub(super) fn build(syntax: &Syntax) -> Option<Self> {
        let mut automaton = Self { states: vec![State::Match], first: 0 };
        automaton.first = automaton.add(syntax, 0)?;
        Some(automaton)
    }

    /// Matches this text and no other; `None` where it is too long.
    pub(in super::super) fn literal(text: &str) -> Option<Self> {
        let letter = |character| Syntax::Set(Set(vec![(character, character)]));
        let letters = text.chars().map(letter);
        let parts = std::iter::once(Syntax::Start).chain(letters).chain([Syntax::End]).collect();
        Self::build(&Syntax::Sequence(parts))
    }

    /// Adds the states of `syntax` that lead to `next`; gives their entry.
    fn add(&mut self, syntax: &Syntax, next: usize) -> Option<usize> {
        match syntax {
            Syntax::Set(set) => self.push(State::Read(set.clone(), next)),
            Syntax::Start => self.push(State::Start(next)),
            Syntax::End => self.push(State::End(next)),
            Syntax::Sequence(parts) => parts.iter().rev().try_fold(next, |next, part| self.add(part, next)),
            Syntax::Either(branches) => {
                let mut entry = None;
                for branch in branches.iter().rev() {
                    let start = self.add(branch, next)?;
                    entry = Some(match entry {
                        None => start,
                        Some(other) => self.push(State::Fork(start, other))?,
                    });
                }
                entry
            }
            Syntax::Repeat { inner, least, most } => {
                let mut entry = next;
                match most {
                    None => {
                        entry = self.push(State::Fork(next, next))?;
                        let body = self.add(inner, entry)?;
                        self.states[entry] = State::Fork(body, next);
                    }
                    Some(most) => {
                        for _ in *least..*most {
                            let body = self.add(inner, entry)?;
                            entry = self.push(State::Fork(body, next))?;
                        }
                    }
                }
                (0..*least).try_fold(entry, |entry, _| self.add(inner, entry))
            }
        }
    }

    fn push(&mut self, state: State) -> Option<usize> {
        self.states.push(state);
        (self.states.len() <= MAX_STATES).then(|| self.states.len() - 1)
    }

    /// Whether it matches somewhere in `text`.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut reached = self.begin();
        for character in text.chars() {
            reached = self.step(&reached, character);
        }
        self.accepts(&reached)
    }

    /// The states before the first character.
    pub(super) fn begin(&self) -> Vec<usize> {
        self.closure(vec![self.first], true, false)
    }

    /// The states after one more character.
    pub(super) fn step(&self, reached: &[usize], character: char) -> Vec<usize> {
        // What has matched stays matched, and a match may begin at every place.
        let mut next = vec![self.first];
        for &state in reached {
            match &self.states[state] {
                State::Read(set, target) if set.contains(character) => next.push(*target),
                State::Match => next.push(state),
                _ => {}
            }
        }
        self.closure(next, false, false)
    }

    /// Whether a text that ends here matches.
    pub(super) fn accepts(&self, reached: &[usize]) -> bool {
        // Only what stands behind an end anchor is new at the end.
        let ended = self.closure(reached.to_vec(), false, true);
        ended.iter().any(|&state| matches!(self.states[state], State::Match))
    }

    /// The characters at which some set of this pattern begins, or has just ended.
    pub(super) fn boundaries(&self, into: &mut Vec<char>) {
        for state in &self.states {
            if let State::Read(set, _) = state {
                for &(low, high) in &set.0 {
                    into.push(low);
                    into.extend(super::parse::after(high));
                }
            }
        }
    }

    fn closure(&self, mut pending: Vec<usize>, at_start: bool, at_end: bool) -> Vec<usize> {
        let mut seen = vec![false; self.states.len()];
        let mut reached = Vec::new();
        while let Some(state) = pending.pop() {
            if std::mem::replace(&mut seen[state], true) {
                continue;
            }
            reached.push(state);
            match self.states[state] {
                State::Fork(a, b) => pending.extend([a, b]),
                State::Start(next) if at_start => pending.push(next),
                State::End(next) if at_end => pending.push(next),
                _ => {}
            }
        }
        reached.sort_unstable();
        reached
    }
}
