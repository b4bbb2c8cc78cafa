//! Why a value does not read as a type: with its path, and without the value.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use crate::config::error::ConfigProblemKind as Kind;
use crate::nearest::nearest;

/// One step from a value to one inside it.
#[derive(Debug)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Why a node does not read as the type that was asked for.
#[derive(Debug)]
pub(super) struct ReadError {
    kind: Kind,
    text: String,
    /// Innermost step first.
    path: Vec<Step>,
    /// The key that is missing, for [`Kind::MissingKey`].
    key: String,
    nearest: Option<String>,
}

impl ReadError {
    pub(super) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), path: Vec::new(), key: String::new(), nearest: None }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.path.iter().rev()
    }

    pub(super) fn missing_key(&self) -> &str {
        &self.key
    }

    pub(super) fn nearest(&self) -> Option<&str> {
        self.nearest.as_deref()
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// The same error about what an environment variable holds.
    pub(super) fn in_variable(mut self, variable: &str) -> Self {
        if self.path.is_empty() {
            self.text = format!("environment variable `{variable}`: {}", self.text);
        }
        self
    }

    /// A value of another type than `expected`.
    pub(super) fn wrong_type(found: &str, expected: &dyn Expected) -> Self {
        Self::new(Kind::WrongType, format!("{found} where {} belongs", plain(expected)))
    }

    /// The same error, seen from one step further out.
    pub(super) fn below(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }

    pub(super) fn unknown_key(key: &str, known: &[&str]) -> Self {
        let mut error = Self::new(Kind::UnknownKey, format!("unknown key; known are {}", list(known)));
        error.nearest = nearest(key, known.iter().copied()).map(str::to_owned);
        error
    }
}

/// `a`, `b`, `c`.
pub(super) fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for ReadError {}

/// What a visitor expects, for people who do not know Rust's types: with the range of a number.
fn plain(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    let (min, max) = match expected.as_str() {
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" | "usize" => (0, u64::MAX.into()),
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => (i64::MIN.into(), i64::MAX.into()),
        "f32" | "f64" => return "a number".into(),
        "a string" | "a character" | "string" => return "a text".into(),
        "a sequence" => return "a list".into(),
        "a map" => return "an object".into(),
        "unit" => return "null".into(),
        other if other.starts_with("struct ") => return "an object".into(),
        _ => return expected,
    };
    let (min, max): (i128, i128) = (min, max);
    format!("a whole number from {min} to {max}")
}

/// The type of a value, without the value.
fn name_of(unexpected: &Unexpected<'_>) -> &'static str {
    match unexpected {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a text",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "an object",
        _ => "a value of another type",
    }
}

impl de::Error for ReadError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Kind::Invalid, message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong_type(name_of(&unexpected), expected)
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let text = format!("{} out of range, expected {}", name_of(&unexpected), plain(expected));
        Self::new(Kind::OutOfRange, text)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(Kind::OutOfRange, format!("{length} elements, expected {}", plain(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let mut error =
            Self::new(Kind::UnknownValue, format!("unknown value; allowed are {}", list(expected)));
        error.nearest = nearest(variant, expected.iter().copied()).map(str::to_owned);
        error
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown_key(field, expected).below(Step::Key(field.into()))
    }

    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(Kind::MissingKey, "the key is missing");
        error.key = field.into();
        error
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Kind::DuplicateKey, "the key stands twice, perhaps under two names")
            .below(Step::Key(field.into()))
    }
}
