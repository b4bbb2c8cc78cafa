//! The text of a pattern to its syntax tree.

use std::iter::Peekable;
use std::str::Chars;

/// A set of characters: sorted or not, ranges inclusive.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Set(pub(super) Vec<(char, char)>);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Syntax {
    Set(Set),
    Start,
    End,
    Sequence(Vec<Syntax>),
    Either(Vec<Syntax>),
    Repeat { inner: Box<Syntax>, least: u32, most: Option<u32> },
}

const MAX_NESTING: u32 = 50;
const MAX_REPEAT: u32 = 1000;

/// `None` where the pattern holds something that this module does not read.
pub(super) fn parse(pattern: &str) -> Option<Syntax> {
    let mut parser = Parser { chars: pattern.chars().peekable(), nesting: 0, ended: false };
    let syntax = parser.either()?;
    parser.chars.next().is_none().then_some(syntax)
}

impl Set {
    fn one(character: char) -> Self {
        Self(vec![(character, character)])
    }

    pub(super) fn contains(&self, character: char) -> bool {
        self.0.iter().any(|&(low, high)| (low..=high).contains(&character))
    }

    fn inverted(mut self) -> Self {
        self.0.sort_unstable();
        let mut gaps = Vec::new();
        let mut next = Some('\0');
        for (low, high) in self.0 {
            if let Some(start) = next
                && start < low
                && let Some(end) = before(low)
            {
                gaps.push((start, end));
            }
            next = match next {
                Some(start) if high < start => Some(start),
                Some(_) => after(high),
                None => None,
            };
        }
        if let Some(start) = next {
            gaps.push((start, char::MAX));
        }
        Self(gaps)
    }
}

/// The next character, over the gap of the surrogates.
pub(super) fn after(character: char) -> Option<char> {
    match character {
        char::MAX => None,
        '\u{d7ff}' => Some('\u{e000}'),
        _ => char::from_u32(character as u32 + 1),
    }
}

fn before(character: char) -> Option<char> {
    match character {
        '\u{e000}' => Some('\u{d7ff}'),
        _ => (character as u32).checked_sub(1).and_then(char::from_u32),
    }
}

struct Parser<'p> {
    chars: Peekable<Chars<'p>>,
    nesting: u32,
    /// An end anchor stands before this place; a start anchor behind it is not read.
    ended: bool,
}

impl Parser<'_> {
    fn either(&mut self) -> Option<Syntax> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return None;
        }
        let (before, mut ended) = (self.ended, false);
        let mut branches = Vec::new();
        loop {
            self.ended = before;
            branches.push(self.sequence()?);
            ended |= self.ended;
            if self.chars.next_if_eq(&'|').is_none() {
                break;
            }
        }
        self.ended = ended;
        self.nesting -= 1;
        if branches.len() == 1 { branches.pop() } else { Some(Syntax::Either(branches)) }
    }

    fn sequence(&mut self) -> Option<Syntax> {
        let mut parts = Vec::new();
        while let Some(&next) = self.chars.peek() {
            if matches!(next, '|' | ')') {
                break;
            }
            let atom = self.atom()?;
            parts.push(self.repeated(atom)?);
        }
        Some(Syntax::Sequence(parts))
    }

    fn atom(&mut self) -> Option<Syntax> {
        match self.chars.next()? {
            '^' => (!self.ended).then_some(Syntax::Start),
            '$' => {
                self.ended = true;
                Some(Syntax::End)
            }
            '.' => Some(Syntax::Set(Set(line_ends()).inverted())),
            '[' => self.class().map(Syntax::Set),
            '\\' => self.escape(false).map(Syntax::Set),
            '(' => {
                if self.chars.next_if_eq(&'?').is_some() && self.chars.next()? != ':' {
                    return None;
                }
                let inner = self.either()?;
                (self.chars.next()? == ')').then_some(inner)
            }
            '*' | '+' | '?' | '{' | '}' | ']' | ')' => None,
            literal => Some(Syntax::Set(Set::one(literal))),
        }
    }

    fn repeated(&mut self, atom: Syntax) -> Option<Syntax> {
        let (least, most) = match self.chars.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => {
                self.chars.next();
                let counts = self.counts()?;
                return self.finish_repeat(atom, counts);
            }
            _ => return Some(atom),
        };
        self.chars.next();
        self.finish_repeat(atom, (least, most))
    }

    fn finish_repeat(&mut self, atom: Syntax, (least, most): (u32, Option<u32>)) -> Option<Syntax> {
        let _lazy = self.chars.next_if_eq(&'?');
        if matches!(self.chars.peek(), Some('*' | '+' | '?' | '{'))
            || matches!(atom, Syntax::Start | Syntax::End)
        {
            return None;
        }
        (least <= MAX_REPEAT && most.is_none_or(|most| least <= most && most <= MAX_REPEAT))
            .then(|| Syntax::Repeat { inner: Box::new(atom), least, most })
    }

    fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let least = self.count()?;
        let most = match self.chars.next()? {
            '}' => return Some((least, Some(least))),
            ',' if self.chars.peek() == Some(&'}') => None,
            ',' => Some(self.count()?),
            _ => return None,
        };
        (self.chars.next()? == '}').then_some((least, most))
    }

    fn count(&mut self) -> Option<u32> {
        let mut digits = String::new();
        while let Some(digit) = self.chars.next_if(char::is_ascii_digit) {
            digits.push(digit);
        }
        digits.parse().ok()
    }

    fn class(&mut self) -> Option<Set> {
        let negated = self.chars.next_if_eq(&'^').is_some();
        let mut ranges = Vec::new();
        loop {
            let low = match self.chars.next()? {
                ']' => break,
                // Rust's nested classes and set operations mean something else in ECMA-262.
                '[' => return None,
                '&' | '~' | '-' if matches!(self.chars.peek(), Some('&' | '~')) => return None,
                '\\' => self.escape(true)?,
                literal => Set::one(literal),
            };
            let single = match low.0.as_slice() {
                &[(a, b)] if a == b => Some(a),
                _ => None,
            };
            if self.chars.peek() != Some(&'-') {
                ranges.extend(low.0);
                continue;
            }
            self.chars.next();
            match (self.chars.peek()?, single) {
                (']', _) => {
                    ranges.extend(low.0);
                    ranges.push(('-', '-'));
                }
                ('-' | '[', _) | (_, None) => return None,
                (_, Some(low)) => {
                    let high = match self.chars.next()? {
                        '\\' => self.escape(true)?,
                        literal => Set::one(literal),
                    };
                    match high.0.as_slice() {
                        &[(a, b)] if a == b && low <= a => ranges.push((low, a)),
                        _ => return None,
                    }
                }
            }
        }
        let set = Set(ranges);
        Some(if negated { set.inverted() } else { set })
    }

    fn escape(&mut self, in_class: bool) -> Option<Set> {
        let character = self.chars.next()?;
        Some(match character {
            'd' => digit(),
            'D' => digit().inverted(),
            'w' => word(),
            'W' => word().inverted(),
            's' => space(),
            'S' => space().inverted(),
            't' => Set::one('\t'),
            'n' => Set::one('\n'),
            'r' => Set::one('\r'),
            'f' => Set::one('\u{c}'),
            'v' => Set::one('\u{b}'),
            'x' => Set::one(self.hex(2)?),
            'u' => Set::one(self.hex(4)?),
            '-' if in_class => Set::one('-'),
            _ if character.is_ascii_punctuation() => Set::one(character),
            _ => return None,
        })
    }

    fn hex(&mut self, length: usize) -> Option<char> {
        let mut value = 0;
        for _ in 0..length {
            value = value * 16 + self.chars.next()?.to_digit(16)?;
        }
        char::from_u32(value)
    }
}

fn digit() -> Set {
    Set(vec![('0', '9')])
}

fn word() -> Set {
    Set(vec![('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')])
}

fn line_ends() -> Vec<(char, char)> {
    vec![('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')]
}

fn space() -> Set {
    Set(vec![
        ('\t', '\r'),
        (' ', ' '),
        ('\u{a0}', '\u{a0}'),
        ('\u{1680}', '\u{1680}'),
        ('\u{2000}', '\u{200a}'),
        ('\u{2028}', '\u{2029}'),
        ('\u{202f}', '\u{202f}'),
        ('\u{205f}', '\u{205f}'),
        ('\u{3000}', '\u{3000}'),
        ('\u{feff}', '\u{feff}'),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverted_set_holds_what_the_set_does_not() {
        let set = Set(vec![('b', 'd'), ('a', 'c'), ('x', char::MAX)]);
        let inverted = set.clone().inverted();
        for character in ['\0', 'a', 'c', 'd', 'e', 'w', 'x', 'z', '\u{d7ff}', '\u{e000}', char::MAX] {
            assert_ne!(set.contains(character), inverted.contains(character), "{character:?}");
        }
    }
}
