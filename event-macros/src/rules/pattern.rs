//! `pattern("…")`: the subset of regular expressions that ECMA-262 (which JSON Schema speaks) and Rust share.
//!
//! What both write alike and mean differently (`.`, `\s`, escapes) is rewritten for Rust; what only one of them
//! knows is refused with what to write instead.

use std::iter::Peekable;
use std::str::Chars;

use regex_lite::Regex;

/// What ECMA-262 calls white space, line ends included.
const SPACE: &str =
    r"\t\n\x0B\x0C\r \u{A0}\u{1680}\u{2000}-\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}\u{3000}\u{FEFF}";
/// What ECMA-262 calls line ends; `.` matches everything else.
const LINE_ENDS: &str = r"\n\r\u{2028}\u{2029}";

/// The pattern in Rust's dialect, or what is wrong with it.
pub(super) fn dialect(pattern: &str) -> Result<String, String> {
    if pattern.is_empty() {
        return Err("an empty pattern matches every text: write one, or remove the rule".to_owned());
    }
    let mut reader =
        Reader { rest: pattern.chars().peekable(), written: String::new(), depth: 0, can_repeat: false };
    reader.read()?;
    Regex::new(&reader.written).map_err(|error| format!("the pattern does not compile: {error}"))?;
    Ok(reader.written)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    written: String,
    depth: usize,
    /// Whether a quantifier may follow.
    can_repeat: bool,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), String> {
        while let Some(next) = self.rest.next() {
            match next {
                '\\' => self.escape(false)?,
                '.' => self.push(&format!("[^{LINE_ENDS}]"), true),
                '[' => self.class()?,
                '(' => self.group()?,
                ')' => {
                    self.depth = self
                        .depth
                        .checked_sub(1)
                        .ok_or("`)` closes nothing: write `\\)` for the character")?;
                    self.push(")", true);
                }
                '^' | '$' | '|' => self.push(next.encode_utf8(&mut [0; 4]), false),
                '*' | '+' | '?' => self.repeat(&next.to_string())?,
                '{' => self.count()?,
                ']' | '}' => {
                    return Err(format!("`{next}` closes nothing: write `\\{next}` for the character"));
                }
                other => self.literal(other),
            }
        }
        if self.depth > 0 {
            Err("`(` is not closed: write `\\(` for the character".to_owned())
        } else {
            Ok(())
        }
    }

    fn push(&mut self, text: &str, can_repeat: bool) {
        self.written.push_str(text);
        self.can_repeat = can_repeat;
    }

    /// A character that stands for itself, in a class or outside.
    fn literal(&mut self, character: char) {
        if character.is_ascii_punctuation() {
            self.written.push('\\');
        }
        self.written.push(character);
        self.can_repeat = true;
    }

    fn escape(&mut self, in_class: bool) -> Result<(), String> {
        let Some(escaped) = self.rest.next() else {
            return Err("`\\` escapes nothing: write `\\\\` for the character".to_owned());
        };
        match escaped {
            'd' | 'w' | 'D' | 'W' => self.push(&format!("\\{escaped}"), true),
            's' if in_class => self.push(SPACE, true),
            's' => self.push(&format!("[{SPACE}]"), true),
            'S' if in_class => {
                return Err("`\\S` in a class differs between dialects: list the characters".to_owned());
            }
            'S' => self.push(&format!("[^{SPACE}]"), true),
            'b' | 'B' if !in_class => self.push(&format!("\\{escaped}"), false),
            't' | 'n' | 'r' => self.push(&format!("\\{escaped}"), true),
            'f' => self.push("\\x0C", true),
            'v' => self.push("\\x0B", true),
            'x' => {
                let digits = self.digits(2)?;
                self.push(&format!("\\x{digits}"), true);
            }
            'u' => {
                let digits = self.digits(4)?;
                self.push(&format!("\\u{{{digits}}}"), true);
            }
            '1'..='9' | 'k' => {
                return Err(format!(
                    "a back-reference (`\\{escaped}`) is not in Rust's dialect: write the pattern out"
                ));
            }
            'p' | 'P' => {
                return Err(format!(
                    "`\\{escaped}` differs between dialects: list the characters, as in `[a-z]`"
                ));
            }
            other if other.is_ascii_punctuation() => self.literal(other),
            other => return Err(format!("`\\{other}` is not in both dialects: write `{other}`")),
        }
        Ok(())
    }

    fn digits(&mut self, count: usize) -> Result<String, String> {
        let digits: String = self.rest.by_ref().take(count).collect();
        if digits.len() == count && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(digits);
        }
        Err("write `\\x` with two and `\\u` with four hexadecimal digits".to_owned())
    }

    fn group(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.rest.peek() != Some(&'?') {
            self.push("(?:", false);
            return Ok(());
        }
        self.rest.next();
        match self.rest.next() {
            Some(':') => self.push("(?:", false),
            Some('=' | '!') => {
                return Err(
                    "a look-ahead is not in Rust's dialect: use several rules, or `custom`".to_owned()
                );
            }
            Some('<') => {
                return Err(
                    "a look-behind or a named group is not in both dialects: write `(…)`, or use `custom`"
                        .to_owned(),
                );
            }
            _ => return Err("flags and `(?…)` are not in both dialects: write `(…)`".to_owned()),
        }
        Ok(())
    }

    fn repeat(&mut self, quantifier: &str) -> Result<(), String> {
        if !self.can_repeat {
            return Err(format!("`{quantifier}` repeats nothing: write `\\{quantifier}` for the character"));
        }
        self.push(quantifier, false);
        if self.rest.peek() == Some(&'?') {
            self.rest.next();
            self.push("?", false);
        }
        if let Some('+') = self.rest.peek() {
            return Err(
                "a possessive quantifier (`++`, `*+`) is not in ECMA's dialect: remove the second `+`"
                    .to_owned(),
            );
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), String> {
        let mut count = String::new();
        loop {
            match self.rest.next() {
                Some('}') => break,
                Some(part @ ('0'..='9' | ',')) => count.push(part),
                _ => {
                    return Err(
                        "`{` opens a count such as `{2}`, `{2,}` or `{2,8}`: write `\\{` for the character"
                            .to_owned(),
                    );
                }
            }
        }
        let (least, most) = count.split_once(',').unwrap_or((&count, ""));
        if least.is_empty() || most.contains(',') {
            return Err("a count is written `{2}`, `{2,}` or `{2,8}`".to_owned());
        }
        self.repeat(&format!("{{{count}}}"))
    }

    fn class(&mut self) -> Result<(), String> {
        self.written.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.written.push('^');
        }
        let mut is_empty = true;
        loop {
            match self.rest.next() {
                None => return Err("`[` is not closed: write `\\[` for the character".to_owned()),
                Some(']') if is_empty => {
                    return Err("an empty class differs between dialects: list its characters".to_owned());
                }
                Some(']') => break,
                Some('\\') => self.escape(true)?,
                Some('[') => {
                    return Err("`[` in a class means a class in Rust's dialect: write `\\[`".to_owned());
                }
                Some('-') if is_empty || self.rest.peek() == Some(&']') => self.written.push_str("\\-"),
                Some('-') => self.written.push('-'),
                Some(other) => self.literal(other),
            }
            is_empty = false;
        }
        self.push("]", true);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Regex::new(&dialect(pattern).unwrap()).unwrap().is_match(text)
    }

    #[test]
    fn what_both_share() {
        assert!(matches("^[A-Z]{3}$", "EUR") && !matches("^[A-Z]{3}$", "EURO"));
        assert!(matches(r"^\+[1-9]\d{1,14}$", "+49301234567"));
        assert!(matches(r"^(?:a|b)+?-[\w.-]*$", "ab-x.y-z"));
        assert!(matches(r"^[^/\\\]]+$", "abc") && !matches(r"^[^/\\\]]+$", "a]"));
        assert!(matches("größe", "die größe") && matches(r"^\u00e4$", "ä"));
        assert!(matches(r"^[a-z&&]+$", "a&b"));
    }

    #[test]
    fn what_differs_is_rewritten() {
        assert!(!matches("^.$", "\r") && !matches("^.$", "\u{2028}") && matches("^.$", "ä"));
        assert!(matches(r"^\s$", "\u{feff}") && !matches(r"^\s$", "\u{85}"));
        assert!(!matches(r"^\d$", "\u{0663}") && !matches(r"^\w$", "ä"));
    }

    #[test]
    fn what_only_one_knows_is_refused() {
        let refused = [
            "",
            "(?=a)",
            "(?<!a)",
            "(?<n>a)",
            "(?i)a",
            r"(a)\1",
            r"\p{L}",
            "a++",
            "[[:alpha:]]",
            "[]",
            "a{,2}",
            "{",
            "*a",
            "a)",
            "(a",
            "[a",
            r"\",
            r"\h",
            r"\u12",
            "[z-a]",
            "a{2,1}",
            r"[\S]",
        ];
        for pattern in refused {
            assert!(dialect(pattern).is_err(), "{pattern}");
        }
    }
}
