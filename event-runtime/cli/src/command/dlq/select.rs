//! Which letters are meant.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use event_runtime::FailureCode;
use event_runtime::consumer::repair::{DeadLetters, LetterFilter};
use event_runtime::transport::DynSource;

/// The arguments that choose letters.
#[derive(Args, Clone)]
pub(crate) struct Select {
    /// A consumer's section in the configuration, or a queue of dead letters by name or URL; the only consumer's unless
    /// given
    pub(crate) queue: Option<String>,
    /// Only this payload type; may be repeated
    #[arg(long = "type", value_name = "PAYLOAD_TYPE")]
    types: Vec<String>,
    /// Only this error code; may be repeated
    #[arg(long = "code", value_name = "CODE", value_parser = code)]
    codes: Vec<String>,
    /// Only this letter, by the event's id or the queue's own; may be repeated
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,
    /// Only what failed at least so long ago: 90s, 15m, 2h, 3d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
    /// Only what failed less than so long ago
    #[arg(long, value_name = "AGE", value_parser = age)]
    younger_than: Option<Duration>,
    /// At most so many letters
    #[arg(long, value_name = "COUNT", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..))]
    limit: Option<usize>,
}

impl Select {
    /// Every letter of the only consumer.
    pub(super) fn none() -> Self {
        Self {
            queue: None,
            types: Vec::new(),
            codes: Vec::new(),
            ids: Vec::new(),
            older_than: None,
            younger_than: None,
            limit: None,
        }
    }

    /// The letters of `source` that are meant.
    pub(crate) fn letters(&self, source: Arc<dyn DynSource>) -> DeadLetters {
        let filter = LetterFilter {
            payload_types: self.types.clone(),
            codes: self.codes.clone(),
            ids: self.ids.clone(),
            older_than: self.older_than,
            younger_than: self.younger_than,
        };
        let letters = DeadLetters::from_shared(source).with_filter(filter).waiting(Duration::from_secs(1));
        letters.at_most(self.limit.unwrap_or(usize::MAX))
    }
}

/// A code in any spelling of case and dashes.
fn code(text: &str) -> Result<String, String> {
    let code = text.to_ascii_uppercase().replace('-', "_");
    let known: Vec<_> = FailureCode::ALL.iter().map(|code| code.as_str()).collect();
    if known.contains(&code.as_str()) {
        return Ok(code);
    }
    Err(format!("known codes are {}", known.join(", ")))
}

/// A number and a unit.
fn age(text: &str) -> Result<Duration, String> {
    let wrong = || format!("write it as a number and a unit, such as 90s, 15m, 2h or 3d, not `{text}`");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_unit() {
        assert_eq!(age("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(age("2d"), Ok(Duration::from_secs(172_800)));
        for wrong in ["", "5", "m", "-1s", "1.5h", "1w", "99999999999999999999d", "18446744073709551615d"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn codes_are_those_of_dead_letters() {
        assert_eq!(code("timed-out").as_deref(), Ok("TIMED_OUT"));
        assert!(code("LATE").is_err());
    }
}
