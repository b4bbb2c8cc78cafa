//! Numbers with bounds, for `#[serde(deserialize_with)]`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// Reads a whole number from `MIN` to `MAX`, both inclusive.
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Wait {
///     #[serde(deserialize_with = "event_runtime::config::between::<_, _, 0, 20>")]
///     seconds: u8,
/// }
///
/// assert!(serde_json::from_str::<Wait>(r#"{ "seconds": 20 }"#).is_ok());
/// assert!(serde_json::from_str::<Wait>(r#"{ "seconds": 21 }"#).is_err());
/// ```
///
/// # Errors
/// Where it is none.
pub fn between<'de, D, T, const MIN: u64, const MAX: u64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    within::<D::Error, T>(deserializer.deserialize_u64(Bounds(MIN, MAX))?, MIN, MAX)
}

/// [`between`] for a value that may be absent; give it `#[serde(default)]` too.
///
/// # Errors
/// Where it is there and no such number.
pub fn optional_between<'de, D, T, const MIN: u64, const MAX: u64>(
    deserializer: D,
) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    struct Between<T, const MIN: u64, const MAX: u64>(T);

    impl<'de, T: TryFrom<u64>, const MIN: u64, const MAX: u64> Deserialize<'de> for Between<T, MIN, MAX> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            between::<_, _, MIN, MAX>(deserializer).map(Self)
        }
    }

    let value = Option::<Between<T, MIN, MAX>>::deserialize(deserializer)?;
    Ok(value.map(|Between(value)| value))
}

fn within<E: Error, T: TryFrom<u64>>(value: u64, min: u64, max: u64) -> Result<T, E> {
    let refused = || E::invalid_value(Unexpected::Unsigned(value), &Bounds(min, max));
    if !(min..=max).contains(&value) {
        return Err(refused());
    }
    T::try_from(value).map_err(|_| refused())
}

struct Bounds(u64, u64);

impl Visitor<'_> for Bounds {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a whole number from {} to {}", self.0, self.1)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }
}
