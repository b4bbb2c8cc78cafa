//! Exact numbers: bounds and multiples are compared without the rounding of floats.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// 2^127: every smaller whole float is an `i128` exactly.
const INTEGER_LIMIT: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// A JSON number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Num {
    /// A whole number within 128 bits.
    Int(i128),
    /// A fraction, or a number beyond 128 bits (which is whole).
    Real(f64),
}

/// One end of a range.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) value: Num,
    pub(super) inclusive: bool,
}

impl Num {
    pub(super) fn from_json(number: &Number) -> Option<Self> {
        if let Some(value) = number.as_i64() {
            return Some(Self::Int(value.into()));
        }
        if let Some(value) = number.as_u64() {
            return Some(Self::Int(value.into()));
        }
        number.as_f64().map(Self::from_f64)
    }

    pub(super) fn from_value(value: &Value) -> Option<Self> {
        value.as_number().and_then(Self::from_json)
    }

    pub(super) fn from_f64(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < INTEGER_LIMIT {
            Self::Int(value as i128)
        } else {
            Self::Real(value)
        }
    }

    /// The JSON value; `None` where JSON as serde_json holds it can't say it exactly.
    pub(super) fn to_json(self) -> Option<Value> {
        match self {
            Self::Int(value) => {
                if let Ok(small) = i64::try_from(value) {
                    Some(Value::from(small))
                } else if let Ok(large) = u64::try_from(value) {
                    Some(Value::from(large))
                } else {
                    let float = value as f64;
                    (Self::from_f64(float).compare(self) == Ordering::Equal)
                        .then(|| Number::from_f64(float).map(Value::Number))
                        .flatten()
                }
            }
            Self::Real(value) => Number::from_f64(value).map(Value::Number),
        }
    }

    pub(super) fn is_whole(self) -> bool {
        match self {
            Self::Int(_) => true,
            Self::Real(value) => value.fract() == 0.0,
        }
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (Self::Real(a), Self::Real(b)) => a.total_cmp(&b),
            (Self::Int(a), Self::Real(b)) => compare_whole(a, b),
            (Self::Real(a), Self::Int(b)) => compare_whole(b, a).reverse(),
        }
    }

    /// Whether `self` is a whole multiple of `step`, in decimal arithmetic; `None` where it is too large to tell.
    pub(super) fn is_multiple_of(self, step: Self) -> Option<bool> {
        if let (Self::Int(value), Self::Int(step)) = (self, step) {
            return value.checked_rem(step).map(|rest| rest == 0);
        }
        if matches!(step, Self::Int(1)) {
            return Some(self.is_whole());
        }
        let ((value, exponent), (step, step_exponent)) = (self.decimal()?, step.decimal()?);
        let common = exponent.min(step_exponent);
        let value = scale(value, exponent - common)?;
        let step = scale(step, step_exponent - common)?;
        value.checked_rem(step).map(|rest| rest == 0)
    }

    /// Mantissa and power of ten.
    fn decimal(self) -> Option<(i128, i32)> {
        match self {
            Self::Int(value) => Some((value, 0)),
            Self::Real(value) => {
                let text = format!("{value:e}");
                let (mantissa, exponent) = text.split_once('e')?;
                let exponent: i32 = exponent.parse().ok()?;
                let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
                let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
                Some((digits, exponent - i32::try_from(fraction.len()).ok()?))
            }
        }
    }

    /// The number `steps` times `step` away, where that is exact.
    pub(super) fn plus(self, step: Self, times: i128) -> Option<Self> {
        match (self, step) {
            (Self::Int(value), Self::Int(step)) => {
                step.checked_mul(times).and_then(|distance| value.checked_add(distance)).map(Self::Int)
            }
            _ => Some(Self::from_f64(self.approximate() + step.approximate() * times as f64)),
        }
    }

    pub(super) fn approximate(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Real(value) => value,
        }
    }

    /// The least whole number that is not below this one.
    pub(super) fn ceiling(self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(value),
            Self::Real(value) if value.abs() < INTEGER_LIMIT => Some(value.ceil() as i128),
            Self::Real(_) => None,
        }
    }

    /// The greatest whole number that is not above this one.
    pub(super) fn floor(self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(value),
            Self::Real(value) if value.abs() < INTEGER_LIMIT => Some(value.floor() as i128),
            Self::Real(_) => None,
        }
    }
}

fn compare_whole(whole: i128, real: f64) -> Ordering {
    if real >= INTEGER_LIMIT {
        return Ordering::Less;
    }
    if real < -INTEGER_LIMIT {
        return Ordering::Greater;
    }
    match whole.cmp(&(real.floor() as i128)) {
        Ordering::Equal if real.fract() != 0.0 => Ordering::Less,
        order => order,
    }
}

fn scale(value: i128, power: i32) -> Option<i128> {
    10i128.checked_pow(u32::try_from(power).ok()?).and_then(|factor| value.checked_mul(factor))
}

/// Whether two JSON values are equal as JSON Schema counts it: `1` and `1.0` are one number.
pub(super) fn same_value(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (Num::from_json(a), Num::from_json(b)) {
            (Some(a), Some(b)) => a.compare(b) == Ordering::Equal,
            _ => a == b,
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_value(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same_value(value, other)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn num(text: &str) -> Num {
        Num::from_value(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn order_is_exact_where_floats_would_round() {
        assert_eq!(num("9007199254740993").compare(num("9007199254740992.0")), Ordering::Greater);
        assert_eq!(num("18446744073709551615").compare(num("18446744073709551616")), Ordering::Less);
        assert_eq!(num("1").compare(num("1.0")), Ordering::Equal);
        assert_eq!(num("-1.5").compare(num("-1")), Ordering::Less);
        assert_eq!(num("-1").compare(num("-1.5")), Ordering::Greater);
        assert_eq!(num("1e300").compare(num("1")), Ordering::Greater);
        assert_eq!(num("-1e300").compare(num("1")), Ordering::Less);
    }

    #[test]
    fn multiples_are_decimal() {
        assert_eq!(num("0.3").is_multiple_of(num("0.1")), Some(true));
        assert_eq!(num("0.35").is_multiple_of(num("0.1")), Some(false));
        assert_eq!(num("7").is_multiple_of(num("0.5")), Some(true));
        assert_eq!(num("7.5").is_multiple_of(num("1")), Some(false));
        assert_eq!(num("1e300").is_multiple_of(num("0.7")), None);
    }

    #[test]
    fn beyond_64_bits_a_number_is_written_only_when_exact() {
        assert_eq!(Num::Int(1 << 70).to_json(), Some(Value::from((1u128 << 70) as f64)));
        assert_eq!(Num::Int((1 << 70) + 1).to_json(), None);
    }
}
