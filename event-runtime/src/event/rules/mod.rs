//! The rules of `#[validate(…)]`: as data for the schema and the catalogue, as checks for values, and the
//! traits that say which type a rule is for.

#[doc(hidden)]
pub mod check;
mod format;
mod own;
mod pattern;
mod presence;
mod subject;

pub use own::{OwnRules, WithoutRules, refuse_option, refuse_own_rules};
pub use pattern::Pattern;
pub use presence::{AlwaysThere, CanBeEmpty, Emptiness, Presence};
pub use subject::{Elements, Length, Number, Place, Text};

use std::fmt;

use serde_json::Value;

use super::FieldDescriptor;

/// One rule of one field, as constant data.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Rule {
    /// `required`: not empty, or present.
    Required(Emptiness),
    /// `length(min, max)`, both inclusive, in code points or items.
    Length {
        /// The least length; 0 = no bound.
        min: usize,
        /// The greatest length; `usize::MAX` = no bound.
        max: usize,
    },
    /// `range(min, max)`, both inclusive.
    Range {
        /// The least number.
        min: Bound,
        /// The greatest number.
        max: Bound,
    },
    /// `email`: an addr-spec of RFC 5321.
    Email,
    /// `url`: an absolute URI of RFC 3986.
    Url,
    /// `uuid`: RFC 9562, hyphenated.
    Uuid,
    /// `ip`: IPv4 or IPv6.
    Ip,
    /// `pattern("…")`: the text contains a match.
    Pattern(&'static str),
    /// `one_of(…)`: one of these values.
    OneOf(&'static [Choice]),
    /// `inner(…)`: rules of each item.
    Inner(&'static [Rule]),
    /// `nested`: the type's own rules, which these fields describe.
    Nested(fn() -> &'static [FieldDescriptor]),
    /// `custom(path)`: a function that JSON Schema can't express.
    Custom(&'static str),
}

/// A bound of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// None.
    Open,
    /// A whole number.
    Int(i128),
    /// A number with a fraction.
    Float(f64),
}

/// A value that `one_of` allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// A text.
    Text(&'static str),
    /// A whole number.
    Int(i128),
}

impl Bound {
    /// The bound as JSON; `None` where there is none, or where JSON cannot hold it exactly.
    pub fn to_json(self) -> Option<Value> {
        match self {
            Self::Open => None,
            Self::Int(number) => whole(number),
            Self::Float(number) => serde_json::Number::from_f64(number).map(Value::Number),
        }
    }
}

impl Choice {
    /// The choice as JSON; `None` where JSON cannot hold it exactly.
    pub fn to_json(self) -> Option<Value> {
        match self {
            Self::Text(text) => Some(Value::from(text)),
            Self::Int(number) => whole(number),
        }
    }
}

fn whole(number: i128) -> Option<Value> {
    i64::try_from(number).map(Value::from).or_else(|_| u64::try_from(number).map(Value::from)).ok()
}

/// The rule in short form, for instance `length 1..=64`.
impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required(_) => formatter.write_str("required"),
            Self::Length { min, max } if min == max => write!(formatter, "length {min}"),
            Self::Length { min, max: usize::MAX } => write!(formatter, "length {min}.."),
            Self::Length { min: 0, max } => write!(formatter, "length ..={max}"),
            Self::Length { min, max } => write!(formatter, "length {min}..={max}"),
            Self::Range { min, max: Bound::Open } => write!(formatter, "range {min}.."),
            Self::Range { min, max } => write!(formatter, "range {min}..={max}"),
            Self::Email => formatter.write_str("email"),
            Self::Url => formatter.write_str("url"),
            Self::Uuid => formatter.write_str("uuid"),
            Self::Ip => formatter.write_str("ip"),
            Self::Pattern(pattern) => write!(formatter, "pattern {pattern}"),
            Self::OneOf(choices) => {
                formatter.write_str("one of ")?;
                list(formatter, choices)
            }
            Self::Inner(rules) => {
                formatter.write_str("each: ")?;
                list(formatter, rules)
            }
            Self::Nested(_) => formatter.write_str("nested"),
            Self::Custom(function) => formatter.write_str(function),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => Ok(()),
            Self::Int(number) => write!(formatter, "{number}"),
            Self::Float(number) => write!(formatter, "{number:?}"),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "{text:?}"),
            Self::Int(number) => write!(formatter, "{number}"),
        }
    }
}

fn list<T: fmt::Display>(formatter: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(formatter, "{separator}{item}")?;
    }
    Ok(())
}
