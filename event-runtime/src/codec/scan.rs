//! The grammar of JSON (RFC 8259), without building anything: where a value ends.
//!
//! It never recurses, so no nesting overflows the stack. Texts are read in one pass at about two instructions a
//! byte, which is what makes a message that is only routed cheap.

use super::plain::plain_end;

/// Where a text stopped being JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop(pub(super) usize);

/// The place behind the value that begins at `at`.
pub(super) fn value(json: &[u8], mut at: usize) -> Result<usize, Stop> {
    let mut open = Nesting::default();
    loop {
        let empty = match json.get(at) {
            Some(b'{') => closed_at_once(json, at, b'}'),
            Some(b'[') => closed_at_once(json, at, b']'),
            // Most values are texts.
            Some(b'"') => {
                at = string(json, at)?.0;
                None
            }
            _ => {
                at = scalar(json, at)?;
                None
            }
        };
        match empty {
            Some(Ok(end)) => at = end,
            Some(Err(first)) => {
                let object = json.get(at) == Some(&b'{');
                open.push(object);
                at = if object { name(json, first)? } else { first };
                continue;
            }
            None => {}
        }
        // A value has ended; so may the arrays and objects around it.
        loop {
            let Some(object) = open.last() else { return Ok(at) };
            at = space(json, at);
            match json.get(at) {
                Some(b',') => {
                    at = space(json, at + 1);
                    if object {
                        at = name(json, at)?;
                    }
                    break;
                }
                Some(b']') if !object => at += 1,
                Some(b'}') if object => at += 1,
                _ => return Err(Stop(at)),
            }
            open.pop();
        }
    }
}

/// The place behind the array or object at `at` where it is empty, else the place of its first member.
fn closed_at_once(json: &[u8], at: usize, close: u8) -> Option<Result<usize, usize>> {
    let first = space(json, at + 1);
    Some(if json.get(first) == Some(&close) { Ok(first + 1) } else { Err(first) })
}

/// The place of the value that belongs to the name at `at`.
#[inline(always)]
fn name(json: &[u8], at: usize) -> Result<usize, Stop> {
    let (end, _) = string(json, at)?;
    colon(json, end)
}

/// The place of the value behind the colon that stands at or after `at`.
#[inline]
pub(super) fn colon(json: &[u8], at: usize) -> Result<usize, Stop> {
    let at = space(json, at);
    if json.get(at) == Some(&b':') { Ok(space(json, at + 1)) } else { Err(Stop(at)) }
}

/// The first place from `at` on that is no white space.
#[inline]
pub(super) fn space(json: &[u8], at: usize) -> usize {
    match json.get(at) {
        Some(&byte) if byte <= b' ' => more_space(json, at),
        _ => at,
    }
}

fn more_space(json: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = json.get(at) {
        at += 1;
    }
    at
}

/// The place behind the string at `at`, and whether it holds an escape.
#[inline(always)]
pub(super) fn string(json: &[u8], at: usize) -> Result<(usize, bool), Stop> {
    if json.get(at) != Some(&b'"') {
        return Err(Stop(at));
    }
    let end = plain_end(json, at + 1);
    if json.get(end) == Some(&b'"') { Ok((end + 1, false)) } else { Ok((escaped_string(json, end)?, true)) }
}

/// The place behind a string, from its first escape on.
#[cold]
fn escaped_string(json: &[u8], mut at: usize) -> Result<usize, Stop> {
    loop {
        at = plain_end(json, at);
        match json.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(json, at + 1)?,
            _ => return Err(Stop(at)),
        }
    }
}

fn escape(json: &[u8], at: usize) -> Result<usize, Stop> {
    match json.get(at) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 1),
        Some(b'u') => match json.get(at + 1..at + 5) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 5),
            _ => Err(Stop(at)),
        },
        _ => Err(Stop(at)),
    }
}

fn scalar(json: &[u8], at: usize) -> Result<usize, Stop> {
    match json.get(at) {
        Some(b'-' | b'0'..=b'9') => number(json, at),
        Some(b't') => literal(json, at, b"true"),
        Some(b'f') => literal(json, at, b"false"),
        Some(b'n') => literal(json, at, b"null"),
        _ => Err(Stop(at)),
    }
}

fn literal(json: &[u8], at: usize, literal: &[u8]) -> Result<usize, Stop> {
    let end = at + literal.len();
    if json.get(at..end) == Some(literal) { Ok(end) } else { Err(Stop(at)) }
}

fn number(json: &[u8], mut at: usize) -> Result<usize, Stop> {
    if json.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match json.get(at) {
        Some(b'0') => at + 1,
        _ => digits(json, at)?,
    };
    if json.get(at) == Some(&b'.') {
        at = digits(json, at + 1)?;
    }
    if let Some(b'e' | b'E') = json.get(at) {
        let sign = matches!(json.get(at + 1), Some(b'+' | b'-'));
        at = digits(json, at + 1 + usize::from(sign))?;
    }
    Ok(at)
}

/// At least one digit.
fn digits(json: &[u8], at: usize) -> Result<usize, Stop> {
    let count = json.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 { Err(Stop(at)) } else { Ok(at + count) }
}

/// The arrays and objects that are open, one bit each; the innermost 64 at hand.
#[derive(Default)]
struct Nesting {
    innermost: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Nesting {
    fn push(&mut self, object: bool) {
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.outer.push(self.innermost);
        }
        self.innermost = self.innermost << 1 | u64::from(object);
        self.depth += 1;
    }

    /// Whether the innermost one is an object; `None` where nothing is open.
    fn last(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.innermost & 1 == 1)
    }

    fn pop(&mut self) {
        self.depth -= 1;
        self.innermost >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(64) {
            self.innermost = self.outer.pop().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;

    use super::*;

    fn is_json(text: &str) -> bool {
        let bytes = text.as_bytes();
        value(bytes, space(bytes, 0)).is_ok_and(|end| space(bytes, end) == bytes.len())
    }

    /// Small alphabets reach every corner of the grammar: all texts up to a length, against serde_json.
    #[test]
    fn it_agrees_with_serde_json_on_all_short_texts() {
        let alphabets: [(&[&str], usize); 4] = [
            (&["{", "}", "[", "]", ",", ":", "\"\"", "0", " "], 6),
            (&["-", "0", "1", ".", "e", "E", "+", "2"], 6),
            (&["\"", "\\", "u", "00e9", "n", "/", "x", "\u{1}", "é"], 5),
            (&["true", "false", "null", "t", "nul", "[", "]", ",", "\n"], 5),
        ];
        for (alphabet, longest) in alphabets {
            let mut texts = vec![String::new()];
            for _ in 0..longest {
                texts = texts
                    .iter()
                    .flat_map(|text| alphabet.iter().map(move |next| format!("{text}{next}")))
                    .collect();
                for text in &texts {
                    let expected = serde_json::from_str::<IgnoredAny>(text).is_ok();
                    assert_eq!(is_json(text), expected, "{text:?}");
                }
            }
        }
    }

    #[test]
    fn nesting_is_remembered_at_any_depth() {
        for depth in [1, 63, 64, 65, 127, 128, 129, 1000] {
            let kinds: Vec<bool> = (0..depth).map(|level| level % 3 == 0 || level % 7 == 2).collect();
            let open: String = kinds.iter().map(|&object| if object { "{\"a\":" } else { "[" }).collect();
            let close: String = kinds.iter().rev().map(|&object| if object { '}' } else { ']' }).collect();
            assert!(is_json(&format!("{open}1{close}")), "{depth}");
            assert!(!is_json(&format!("{open}1{}", &close[1..])), "{depth}");
            let swapped = close.replacen(|_| true, if close.starts_with('}') { "]" } else { "}" }, 1);
            assert!(!is_json(&format!("{open}1{swapped}")), "{depth}");
        }
    }
}
