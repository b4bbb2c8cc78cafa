//! W3C Trace Context: the `traceparent` and `tracestate` that events carry from service to service.
//!
//! Owns the two formats (<https://www.w3.org/TR/trace-context-2/>), not what a tracer does with them.

use std::fmt;
use std::str::FromStr;

/// Where in a trace something happened: `traceparent`.
///
/// Parsing follows the rules for receivers: a version that is not known yet is read as far as it looks like
/// version 00. Printing always writes version 00.
///
/// ```
/// use event_runtime::envelope::TraceParent;
///
/// let parent: TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".parse()?;
/// assert!(parent.is_sampled());
/// assert_eq!(parent.to_string(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
/// # Ok::<(), event_runtime::envelope::ParseTraceError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    version: u8,
    trace_id: u128,
    parent_id: u64,
    flags: u8,
}

/// Why a text is no trace context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed {header}: {reason}")]
pub struct ParseTraceError {
    kind: ParseTraceErrorKind,
    header: &'static str,
    reason: &'static str,
}

/// What kind of mistake a [`ParseTraceError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseTraceErrorKind {
    /// Another length, other separators, or characters other than lower-case hexadecimal digits.
    Format,
    /// A version that is forbidden or that was not asked for.
    Version,
    /// An id of zeros only.
    ZeroId,
    /// A key of a `tracestate` that the grammar does not allow.
    Key,
    /// A value of a `tracestate` that the grammar does not allow.
    Value,
    /// A `tracestate` with one key twice.
    DuplicateKey,
    /// A `tracestate` of more than 32 members.
    TooManyMembers,
}

impl ParseTraceError {
    const fn parent(kind: ParseTraceErrorKind, reason: &'static str) -> Self {
        Self { kind, header: "traceparent", reason }
    }

    const fn state(kind: ParseTraceErrorKind, reason: &'static str) -> Self {
        Self { kind, header: "tracestate", reason }
    }

    /// What kind of mistake it is.
    pub fn kind(&self) -> ParseTraceErrorKind {
        self.kind
    }
}

/// The bit of the flags that says that the caller may have recorded the trace.
const SAMPLED: u8 = 1;
/// `00-<32 digits>-<16 digits>-<2 digits>`.
const LENGTH: usize = 55;

impl TraceParent {
    /// A place in a trace; `None` where one of the ids is zero.
    pub fn new(trace_id: u128, parent_id: u64, sampled: bool) -> Option<Self> {
        let flags = if sampled { SAMPLED } else { 0 };
        (trace_id != 0 && parent_id != 0).then_some(Self { version: 0, trace_id, parent_id, flags })
    }

    /// Reads a `traceparent` of version 00 only.
    ///
    /// # Errors
    /// [`ParseTraceErrorKind::Version`] for every other version, else as for parsing.
    pub fn parse_version_00(text: &str) -> Result<Self, ParseTraceError> {
        let parent: Self = text.parse()?;
        if parent.version != 0 {
            return Err(ParseTraceError::parent(ParseTraceErrorKind::Version, "another version than 00"));
        }
        Ok(parent)
    }

    /// Reads the four fields of a `traceparent` and judges their form only: ids of zeros pass.
    ///
    /// # Errors
    /// [`ParseTraceErrorKind::Format`], and [`ParseTraceErrorKind::Version`] for the version `ff`.
    pub fn parse_fields(text: &str) -> Result<Self, ParseTraceError> {
        let malformed = ParseTraceError::parent(
            ParseTraceErrorKind::Format,
            "expected lower-case hexadecimal digits, 2-32-16-2 of them",
        );
        let bytes = text.as_bytes();
        let separated = [2, 35, 52].iter().all(|&index| bytes.get(index) == Some(&b'-'));
        let field = |from: usize, to: usize| hexadecimal(bytes.get(from..to)?);
        let fields = || Some((field(0, 2)?, field(3, 35)?, field(36, 52)?, field(53, LENGTH)?));
        let (version, trace_id, parent_id, flags) = fields().filter(|_| separated).ok_or(malformed)?;
        if version == 0xff {
            return Err(ParseTraceError::parent(
                ParseTraceErrorKind::Version,
                "the version `ff` is forbidden",
            ));
        }
        // A later version may append fields, behind another separator.
        if bytes.len() > LENGTH && (version == 0 || bytes.get(LENGTH) != Some(&b'-')) {
            return Err(malformed);
        }
        // Each field has the width of its type.
        let (version, parent_id, flags) = (version as u8, parent_id as u64, flags as u8);
        Ok(Self { version, trace_id, parent_id, flags })
    }

    /// The version that was read; 0 for a new one.
    pub fn version(&self) -> u8 {
        self.version
    }

    /// The trace's id.
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The id of the span that caused what carries this.
    pub fn parent_id(&self) -> u64 {
        self.parent_id
    }

    /// The flags as they are.
    pub fn flags(&self) -> u8 {
        self.flags
    }

    /// Whether the caller may have recorded the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }
}

impl FromStr for TraceParent {
    type Err = ParseTraceError;

    fn from_str(text: &str) -> Result<Self, ParseTraceError> {
        let parent = Self::parse_fields(text)?;
        if parent.trace_id == 0 || parent.parent_id == 0 {
            return Err(ParseTraceError::parent(ParseTraceErrorKind::ZeroId, "an id of zeros only"));
        }
        Ok(parent)
    }
}

/// Prints version 00.
impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags)
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

/// What tracing systems add to a `traceparent`: `tracestate`, a list of keys and values, the latest first.
///
/// ```
/// use event_runtime::envelope::TraceState;
///
/// let state: TraceState = "congo=t61rcWkgMzE, rojo=00f067aa0ba902b7".parse()?;
/// assert_eq!(state.get("rojo"), Some("00f067aa0ba902b7"));
/// assert_eq!(state.as_str(), "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7");
/// # Ok::<(), event_runtime::envelope::ParseTraceError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TraceState(String);

/// The most members of a `tracestate`.
const MOST_MEMBERS: usize = 32;
/// The longest key and the longest value, in characters.
const LONGEST_PART: usize = 256;

impl TraceState {
    /// The canonical text: no empty members, no space around commas.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.members().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Keys and values in their order.
    pub fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.split(',').filter_map(|member| member.split_once('='))
    }
}

impl FromStr for TraceState {
    type Err = ParseTraceError;

    fn from_str(text: &str) -> Result<Self, ParseTraceError> {
        let mut state = Self(String::with_capacity(text.len()));
        let mut count = 0;
        let members = text.split(',').map(|member| member.trim_matches([' ', '\t']));
        for member in members.filter(|member| !member.is_empty()) {
            let (key, value) = member
                .split_once('=')
                .ok_or(ParseTraceError::state(ParseTraceErrorKind::Value, "a member without a value"))?;
            if !is_key(key) {
                return Err(ParseTraceError::state(
                    ParseTraceErrorKind::Key,
                    "a key is a lower-case letter or digit and up to 255 of `a-z 0-9 _ - * / @`",
                ));
            }
            if !is_value(value) {
                return Err(ParseTraceError::state(
                    ParseTraceErrorKind::Value,
                    "a value is 1 to 256 printable ASCII characters without comma and equals sign",
                ));
            }
            if state.get(key).is_some() {
                return Err(ParseTraceError::state(ParseTraceErrorKind::DuplicateKey, "a key appears twice"));
            }
            count += 1;
            if count > MOST_MEMBERS {
                return Err(ParseTraceError::state(
                    ParseTraceErrorKind::TooManyMembers,
                    "more than 32 members",
                ));
            }
            if count > 1 {
                state.0.push(',');
            }
            state.0.push_str(member);
        }
        Ok(state)
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn is_key(key: &str) -> bool {
    let starts = key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/@".contains(&byte);
    starts && key.len() <= LONGEST_PART && key.bytes().all(fits)
}

/// Spaces at the end were cut off with those around the comma.
fn is_value(value: &str) -> bool {
    let fits = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    (1..=LONGEST_PART).contains(&value.len()) && value.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn parent(text: &str) -> Result<TraceParent, ParseTraceErrorKind> {
        text.parse().map_err(|error: ParseTraceError| error.kind())
    }

    fn state(text: &str) -> Result<TraceState, ParseTraceErrorKind> {
        text.parse().map_err(|error: ParseTraceError| error.kind())
    }

    #[test]
    fn later_versions_are_read_as_far_as_they_are_known() {
        let known = parent(VALID).unwrap();
        for later in [
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-then",
        ] {
            let later = parent(later).unwrap();
            assert_eq!(later.to_string(), VALID);
            assert_eq!(later.trace_id(), known.trace_id());
        }
        let appended = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.then";
        assert_eq!(parent(appended), Err(ParseTraceErrorKind::Format));
    }

    #[test]
    fn what_is_no_traceparent_is_refused_by_kind() {
        for text in [
            "",
            "é",
            &VALID.to_uppercase(),
            &VALID.replace('-', "_"),
            &format!("{VALID}-00"),
            &format!(" {VALID}"),
            &VALID[..54],
        ] {
            assert_eq!(parent(text), Err(ParseTraceErrorKind::Format), "{text}");
        }
        let zeros = VALID.replace("b7ad6b7169203331", "0000000000000000");
        assert_eq!(parent(&zeros), Err(ParseTraceErrorKind::ZeroId));
        assert_eq!(TraceParent::new(1, 0, false), None);
        assert_eq!(parent(&VALID.replacen("00", "ff", 1)), Err(ParseTraceErrorKind::Version));
        let later = TraceParent::parse_version_00(&VALID.replacen("00", "01", 1));
        assert_eq!(later.unwrap_err().kind(), ParseTraceErrorKind::Version);
    }

    #[test]
    fn empty_members_of_a_tracestate_are_dropped() {
        assert_eq!(state(" , a=1 ,\t,b=2,").unwrap().as_str(), "a=1,b=2");
        assert!(state("").unwrap().is_empty());
        assert_eq!(state("a= 1").unwrap().get("a"), Some(" 1"));
    }

    #[test]
    fn what_is_no_tracestate_is_refused_by_kind() {
        let too_many = (0..33).map(|key| format!("k{key}=1")).collect::<Vec<_>>().join(",");
        for (text, kind) in [
            ("a", ParseTraceErrorKind::Value),
            ("a=", ParseTraceErrorKind::Value),
            ("a=b=c", ParseTraceErrorKind::Value),
            ("a=é", ParseTraceErrorKind::Value),
            ("a=b\u{1}c", ParseTraceErrorKind::Value),
            ("=a", ParseTraceErrorKind::Key),
            ("A=1", ParseTraceErrorKind::Key),
            ("a b=1", ParseTraceErrorKind::Key),
            ("a=1,a=2", ParseTraceErrorKind::DuplicateKey),
            (&too_many, ParseTraceErrorKind::TooManyMembers),
        ] {
            assert_eq!(state(text), Err(kind), "{text}");
        }
        assert!(state(&too_many.replacen("k0=1,", "", 1)).is_ok());
    }
}
