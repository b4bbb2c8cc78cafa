//! Numbers with bounds, for `#[serde(deserialize_with)]`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Expected, Unexpected};

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
    within::<D::Error, T>(u64::deserialize(deserializer)?, MIN, MAX)
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
    let value = Option::<u64>::deserialize(deserializer)?;
    value.map(|value| within::<D::Error, T>(value, MIN, MAX)).transpose()
}

fn within<E: Error, T: TryFrom<u64>>(value: u64, min: u64, max: u64) -> Result<T, E> {
    let refused = || E::invalid_value(Unexpected::Unsigned(value), &Bounds(min, max));
    if !(min..=max).contains(&value) {
        return Err(refused());
    }
    T::try_from(value).map_err(|_| refused())
}

struct Bounds(u64, u64);

impl Expected for Bounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a whole number from {} to {}", self.0, self.1)
    }
}
