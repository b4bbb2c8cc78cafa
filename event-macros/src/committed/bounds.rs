//! Intervals: of lengths and of numbers, as a rule gives them and as a schema does.

use serde_json::{Map, Value};

use crate::rules::{Bound, Rule};
use crate::shape::Shape;

/// An interval with open or closed ends, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
}

impl Interval {
    /// Whether everything in `other` is in it.
    pub(super) fn holds(&self, other: &Self) -> bool {
        let lower = self.min.is_none_or(|min| other.min.is_some_and(|other| other >= min));
        let upper = self.max.is_none_or(|max| other.max.is_some_and(|other| other <= max));
        lower && upper
    }

    fn of_schema(schema: &Map<String, Value>, min: &str, max: &str) -> Self {
        Self { min: schema.get(min).and_then(Value::as_f64), max: schema.get(max).and_then(Value::as_f64) }
    }
}

/// The lengths that a field's rules allow; from 0 on is no bound.
pub(super) fn lengths(rules: &[Rule]) -> Interval {
    let mut lengths = Interval { min: None, max: None };
    for rule in rules {
        match rule {
            Rule::Required => lengths.min = Some(lengths.min.unwrap_or(0.0).max(1.0)),
            Rule::Length { min, max } => {
                if *min > 0 {
                    lengths.min = Some(lengths.min.unwrap_or(0.0).max(*min as f64));
                }
                lengths.max = (*max < usize::MAX).then_some(*max as f64);
            }
            _ => {}
        }
    }
    lengths
}

/// The lengths that a schema allows.
pub(super) fn schema_lengths(schema: &Map<String, Value>, shape: &Shape, ty: &str) -> Interval {
    let lengths = match (shape, ty) {
        (Shape::Text, _) => Interval::of_schema(schema, "minLength", "maxLength"),
        (_, "object") => Interval::of_schema(schema, "minProperties", "maxProperties"),
        _ => Interval::of_schema(schema, "minItems", "maxItems"),
    };
    Interval { min: lengths.min.filter(|min| *min > 0.0), ..lengths }
}

/// The numbers that a field's type and rules allow.
pub(super) fn numbers(shape: &Shape, rules: &[Rule]) -> Interval {
    let mut numbers = match shape {
        Shape::Integer { signed: true, bits } => {
            let half = 2f64.powi(*bits as i32 - 1);
            Interval { min: Some(-half), max: Some(half - 1.0) }
        }
        Shape::Integer { signed: false, bits } => {
            Interval { min: Some(0.0), max: Some(2f64.powi(*bits as i32) - 1.0) }
        }
        _ => Interval { min: None, max: None },
    };
    for rule in rules {
        if let Rule::Range { min, max } = rule {
            numbers.min = min.map(Bound::as_f64).or(numbers.min);
            numbers.max = max.map(Bound::as_f64).or(numbers.max);
        }
    }
    numbers
}

/// The numbers that a schema allows; its format is a rule too.
pub(super) fn schema_numbers(schema: &Map<String, Value>) -> Interval {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    let own = Interval::of_schema(schema, "minimum", "maximum");
    let ty = format_shape(format).map_or(Interval { min: None, max: None }, |shape| numbers(&shape, &[]));
    Interval { min: own.min.or(ty.min), max: own.max.or(ty.max) }
}

/// The integer that a format such as `uint32` stands for.
pub(super) fn format_shape(format: &str) -> Option<Shape> {
    let (signed, rest) = format.strip_prefix('u').map_or((true, format), |rest| (false, rest));
    let bits = match rest.strip_prefix("int")? {
        "" => 64,
        bits => bits.parse().ok()?,
    };
    Some(Shape::Integer { signed, bits })
}
