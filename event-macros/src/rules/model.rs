//! Rules without a mistake.

use quote::ToTokens;
use syn::Path;

/// One rule of one field.
#[derive(Clone)]
pub(crate) enum Rule {
    Required,
    /// Both inclusive; 0 and `usize::MAX` are no bounds.
    Length {
        min: usize,
        max: usize,
    },
    Range {
        min: Option<Bound>,
        max: Option<Bound>,
    },
    Email,
    Url,
    Uuid,
    Ip,
    Pattern {
        text: String,
        dialect: String,
    },
    OneOfTexts(Vec<String>),
    OneOfNumbers(Vec<i128>),
    Inner(Vec<Rule>),
    Nested,
    Custom(Path),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    Int(i128),
    Float(f64),
}

impl Bound {
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }
}

/// The rule in short form for the catalogue, for instance `length 1..=64`; the runtime prints it alike.
pub(crate) fn short(rule: &Rule) -> String {
    let bound = |bound: &Option<Bound>| match bound {
        None => String::new(),
        Some(Bound::Int(number)) => number.to_string(),
        Some(Bound::Float(number)) => format!("{number:?}"),
    };
    match rule {
        Rule::Required => "required".to_owned(),
        Rule::Length { min, max } if min == max => format!("length {min}"),
        Rule::Length { min, max: usize::MAX } => format!("length {min}.."),
        Rule::Length { min: 0, max } => format!("length ..={max}"),
        Rule::Length { min, max } => format!("length {min}..={max}"),
        Rule::Range { min, max: None } => format!("range {}..", bound(min)),
        Rule::Range { min, max } => format!("range {}..={}", bound(min), bound(max)),
        Rule::Email => "email".to_owned(),
        Rule::Url => "url".to_owned(),
        Rule::Uuid => "uuid".to_owned(),
        Rule::Ip => "ip".to_owned(),
        Rule::Pattern { text, .. } => format!("pattern {text}"),
        Rule::OneOfTexts(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| format!("{text:?}")).collect();
            format!("one of {}", texts.join(", "))
        }
        Rule::OneOfNumbers(numbers) => {
            let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
            format!("one of {}", numbers.join(", "))
        }
        Rule::Inner(rules) => {
            let rules: Vec<_> = rules.iter().map(short).collect();
            format!("each: {}", rules.join(", "))
        }
        Rule::Nested => "nested".to_owned(),
        Rule::Custom(path) => path.to_token_stream().to_string().replace(' ', ""),
    }
}
