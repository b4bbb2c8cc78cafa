//! Reading JSON objects member by member: what the formats share.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytestring::ByteString;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::scan::{self, Stop};
use super::timestamp;
use crate::envelope::WireFormat;
use crate::event::DecodeError;

/// Where a payload's JSON text is.
pub(super) enum FoundPayload<'de> {
    /// A part of the body.
    Within(&'de str),
    /// Not in the body as it stands: absent, or encoded.
    Apart(Cow<'static, str>),
}

/// Why a body was not read. It never quotes a value.
#[derive(Debug)]
pub(super) struct Fault {
    /// The place in the text that was read, in bytes.
    at: usize,
    member: Option<&'static str>,
    kind: FaultKind,
}

#[derive(Debug)]
enum FaultKind {
    /// The text is no JSON.
    Syntax,
    /// The text breaks this rule.
    Rule(&'static str),
    /// The text is of another format.
    Foreign(WireFormat),
}

pub(super) const TWICE: &str = "appears twice";
pub(super) const MISSING: &str = "is missing";
pub(super) const EMPTY: &str = "is empty";

impl Fault {
    fn rule(at: usize, member: Option<&'static str>, rule: &'static str) -> Self {
        Self { at, member, kind: FaultKind::Rule(rule) }
    }

    /// The format that the body is of instead.
    pub(super) fn foreign(&self) -> Option<WireFormat> {
        match self.kind {
            FaultKind::Foreign(format) => Some(format),
            _ => None,
        }
    }

    /// The error that people see; `json` is the text that was read.
    pub(super) fn into_error(self, json: &str) -> DecodeError {
        match self.kind {
            FaultKind::Rule(rule) => DecodeError::envelope(self.member, rule, json, self.at),
            FaultKind::Foreign(_) => {
                DecodeError::envelope(self.member, "is of another format", json, self.at)
            }
            FaultKind::Syntax => DecodeError::envelope_syntax(json, self.at),
        }
    }
}

impl From<Stop> for Fault {
    fn from(Stop(at): Stop) -> Self {
        Self { at, member: None, kind: FaultKind::Syntax }
    }
}

/// The members of an object, one after the other.
pub(super) struct Members<'de> {
    json: &'de str,
    /// The body, where the text is one: what is kept of it is shared with it.
    body: Option<&'de ByteString>,
    at: usize,
    first: bool,
}

impl<'de> Members<'de> {
    /// The members of the object that `body` is, as a whole.
    pub(super) fn of_body(body: &'de ByteString) -> Result<Self, Fault> {
        Ok(Self { body: Some(body), ..Self::of(body)? })
    }

    /// The members of the object that `json` is, as a whole.
    pub(super) fn of(json: &'de str) -> Result<Self, Fault> {
        let bytes = json.as_bytes();
        let at = scan::space(bytes, 0);
        if bytes.get(at) == Some(&b'{') {
            return Ok(Self { json, body: None, at: at + 1, first: true });
        }
        scan::value(bytes, at)?;
        Err(Fault::rule(at, None, "is no JSON object"))
    }

    /// The next member; `None` at the end of the object, behind which nothing follows.
    pub(super) fn next(&mut self) -> Result<Option<(Cow<'de, str>, Value<'de>)>, Fault> {
        let bytes = self.json.as_bytes();
        let mut at = scan::space(bytes, self.at);
        match bytes.get(at) {
            Some(b'}') => {
                let end = scan::space(bytes, at + 1);
                return if end == bytes.len() { Ok(None) } else { Err(Stop(end).into()) };
            }
            Some(b',') if !self.first => at = scan::space(bytes, at + 1),
            _ if self.first => self.first = false,
            _ => return Err(Stop(at).into()),
        }
        let (name_end, escaped) = scan::string(bytes, at)?;
        let name = match self.json.get(at + 1..name_end - 1) {
            Some(name) if !escaped => Cow::Borrowed(name),
            _ => self.value(at, name_end, escaped).text()?,
        };
        let at = scan::colon(bytes, name_end)?;
        let (end, escaped) = match bytes.get(at) {
            Some(b'"') => scan::string(bytes, at)?,
            _ => (scan::value(bytes, at)?, false),
        };
        self.at = end;
        Ok(Some((name, self.value(at, end, escaped))))
    }

    fn value(&self, at: usize, end: usize, escaped: bool) -> Value<'de> {
        let json = self.json.get(at..end).unwrap_or_default();
        Value { json, body: self.body, at, escaped, member: None }
    }

    /// A fault of a member that is not there.
    pub(super) fn missing(&self, member: &'static str) -> Fault {
        self.fault(member, MISSING)
    }

    /// A fault that shows when everything is read.
    pub(super) fn fault(&self, member: &'static str, rule: &'static str) -> Fault {
        Fault::rule(self.at, Some(member), rule)
    }
}

/// The JSON of one value, without the space around it.
#[derive(Clone, Copy)]
pub(super) struct Value<'de> {
    pub(super) json: &'de str,
    body: Option<&'de ByteString>,
    at: usize,
    /// It is a string with escapes.
    escaped: bool,
    member: Option<&'static str>,
}

impl<'de> Value<'de> {
    /// The value of a member that the reader knows.
    pub(super) fn of(mut self, member: &'static str) -> Self {
        self.member = Some(member);
        self
    }

    /// The error that this value breaks `rule`.
    pub(super) fn fault(&self, rule: &'static str) -> Fault {
        Fault::rule(self.at, self.member, rule)
    }

    pub(super) fn foreign(&self, format: WireFormat) -> Fault {
        Fault { at: self.at, member: self.member, kind: FaultKind::Foreign(format) }
    }

    pub(super) fn is_null(&self) -> bool {
        self.json == "null"
    }

    /// The string that it has to be.
    pub(super) fn text(&self) -> Result<Cow<'de, str>, Fault> {
        if !self.json.starts_with('"') {
            return Err(self.fault("is no string"));
        }
        match self.json.get(1..self.json.len() - 1) {
            Some(text) if !self.escaped => Ok(Cow::Borrowed(text)),
            // The grammar allows escapes that stand for no character: half of a surrogate pair.
            _ => serde_json::from_str(self.json).map(Cow::Owned).map_err(|_| Stop(self.at).into()),
        }
    }

    /// The string that it has to be, with something in it.
    pub(super) fn filled_text(&self) -> Result<Cow<'de, str>, Fault> {
        let text = self.text()?;
        if text.is_empty() { Err(self.fault(EMPTY)) } else { Ok(text) }
    }

    /// `text`, which was read from this value, as metadata keep it: a part of the body where it stands there as it is.
    pub(super) fn keep_text(&self, text: Cow<'de, str>) -> ByteString {
        match (text, self.body) {
            (Cow::Borrowed(text), Some(body)) => body.slice_ref(text),
            (Cow::Borrowed(text), None) => text.into(),
            (Cow::Owned(text), _) => text.into(),
        }
    }

    /// [`Value::filled_text`], kept.
    pub(super) fn kept_text(&self) -> Result<ByteString, Fault> {
        Ok(self.keep_text(self.filled_text()?))
    }

    /// The string that it is, kept; `None` for `null`.
    pub(super) fn optional_text(&self) -> Result<Option<ByteString>, Fault> {
        if self.is_null() { Ok(None) } else { Ok(Some(self.keep_text(self.text()?))) }
    }

    /// The moment that it says; `None` for `null`.
    pub(super) fn optional_moment(&self) -> Result<Option<Timestamp>, Fault> {
        if self.is_null() {
            return Ok(None);
        }
        match timestamp::parse(&self.text()?) {
            Some(moment) => Ok(Some(moment)),
            None => Err(self.fault("is no RFC 3339 date-time")),
        }
    }

    pub(super) fn number(&self) -> Result<u32, Fault> {
        self.json.parse().map_err(|_| self.fault("is no integer of 32 bits"))
    }

    /// An array of strings; none for `null`.
    pub(super) fn texts(&self) -> Result<Vec<String>, Fault> {
        let texts: Result<Option<Vec<String>>, _> = serde_json::from_str(self.json);
        texts.map(Option::unwrap_or_default).map_err(|_| self.fault("is no array of strings"))
    }

    /// An object of strings; none for `null`.
    pub(super) fn text_members(&self) -> Result<BTreeMap<String, String>, Fault> {
        self.unique("is no object of strings", |value| value.text().map(Cow::into_owned))
    }

    /// An object of anything; none for `null`.
    pub(super) fn raw_members(&self) -> Result<RawMembers, Fault> {
        self.unique("is no object", |value| Ok(value.raw()))
    }

    fn unique<T>(
        &self,
        expected: &'static str,
        read: impl Fn(Value<'de>) -> Result<T, Fault>,
    ) -> Result<BTreeMap<String, T>, Fault> {
        let mut unique = BTreeMap::new();
        if self.is_null() {
            return Ok(unique);
        }
        let mut members = Members::of(self.json).map_err(|_| self.fault(expected))?;
        while let Some((name, value)) = members.next().map_err(|_| self.fault(expected))? {
            let value = read(value).map_err(|_| self.fault(expected))?;
            if unique.insert(name.into_owned(), value).is_some() {
                return Err(self.fault("holds one name twice"));
            }
        }
        Ok(unique)
    }

    /// The value as an extension keeps it.
    pub(super) fn raw(&self) -> Box<RawValue> {
        // The text was read as JSON before, so that the second way is never taken.
        RawValue::from_string(self.json.to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
    }

    /// Keeps the value under a name that the format does not know; a second one of its name is refused.
    pub(super) fn keep(&self, members: &mut RawMembers, name: Cow<'_, str>) -> Result<(), Fault> {
        match members.insert(name.into_owned(), self.raw()) {
            None => Ok(()),
            Some(_) => Err(self.fault("has an unknown member that appears twice")),
        }
    }
}

/// Members by their names, their values as they came.
pub(super) type RawMembers = BTreeMap<String, Box<RawValue>>;

/// A set of members, by their index.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen(u32);

impl Seen {
    /// Notes `index`, the member that `value` belongs to; a second one is refused.
    pub(super) fn once(&mut self, index: u8, value: &Value<'_>) -> Result<(), Fault> {
        if self.contains(index) {
            return Err(value.fault(TWICE));
        }
        self.0 |= 1 << index;
        Ok(())
    }

    pub(super) fn contains(self, index: u8) -> bool {
        self.0 & (1 << index) != 0
    }
}
