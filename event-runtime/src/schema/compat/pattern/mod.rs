//! Regular expressions of `pattern` and `patternProperties`: whether a text matches, and whether one exists
//! that matches some patterns and not others.
//!
//! It reads the part of ECMA-262 that Rust's `regex` reads the same way: literals, classes, groups, alternation,
//! repetition, anchors. Anything else (look-around, back-references, `\b`, `\p`) is not parsed, and what depends on it
//! is answered with "can't tell".

mod automaton;
mod parse;
mod search;

pub(super) use automaton::Automaton;
pub(super) use search::{Wanted, find_text};

use std::collections::HashMap;

use super::verdict::Truth;

/// Patterns by their text, compiled once.
#[derive(Default)]
pub(super) struct Patterns {
    compiled: HashMap<String, Option<Automaton>>,
}

impl Patterns {
    /// The automaton of a pattern; `None` where it holds something that is not read.
    pub(super) fn get(&mut self, pattern: &str) -> Option<&Automaton> {
        if !self.compiled.contains_key(pattern) {
            let automaton = parse::parse(pattern).and_then(|syntax| Automaton::build(&syntax));
            self.compiled.insert(pattern.to_owned(), automaton);
        }
        self.compiled.get(pattern).and_then(Option::as_ref)
    }

    /// Whether the pattern matches somewhere in `text`.
    pub(super) fn matches(&mut self, pattern: &str, text: &str) -> Truth {
        self.get(pattern).map_or(Truth::Unknown, |automaton| automaton.matches(text).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching() {
        let mut patterns = Patterns::default();
        for (pattern, text, expected) in [
            ("^[a-z]+$", "abc", Truth::True),
            ("^[a-z]+$", "", Truth::False),
            ("[a-z]", "1x2", Truth::True),
            ("^x-", "x-total", Truth::True),
            ("^x-", "ax-total", Truth::False),
            (r"^\d{3}-\d{2,4}$", "123-4567", Truth::True),
            (r"^\d{3}-\d{2,4}$", "123-45678", Truth::False),
            (r"^(foo|ba[rz])?$", "baz", Truth::True),
            (r"^(foo|ba[rz])?$", "", Truth::True),
            (r"^(?:a|b)*?c$", "ababc", Truth::True),
            (r"^[^\s@]+@[^\s@]+$", "a@b", Truth::True),
            (r"^[^\s@]+@[^\s@]+$", "a b@c", Truth::False),
            (r"^\u0041\x42\/$", "AB/", Truth::True),
            (r"^a$|^b$", "b", Truth::True),
            ("", "anything", Truth::True),
            (r"\bword\b", "a word", Truth::Unknown),
            (r"(?=x)", "x", Truth::Unknown),
            (r"(a)\1", "aa", Truth::Unknown),
            (r"[", "a", Truth::Unknown),
            (r"a{2000}{2000}", "a", Truth::Unknown),
        ] {
            assert_eq!(patterns.matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
