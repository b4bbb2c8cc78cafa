//! The names of the formats.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a message's body is laid out; in configuration `native`, `cloudevents`, `eventbridge`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum WireFormat {
    /// The runtime's own JSON.
    #[default]
    Native,
    /// CloudEvents 1.0, structured JSON.
    CloudEvents,
    /// The EventBridge envelope.
    EventBridge,
}

impl WireFormat {
    /// Every format, for tables and completions.
    pub const ALL: &[Self] = &[Self::Native, Self::CloudEvents, Self::EventBridge];

    /// The name as it stands in configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::CloudEvents => "cloudevents",
            Self::EventBridge => "eventbridge",
        }
    }
}

impl fmt::Display for WireFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// No format has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format: expected `native`, `cloudevents` or `eventbridge`")]
pub struct UnknownFormat;

impl FromStr for WireFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.iter().copied().find(|format| format.as_str() == name).ok_or(UnknownFormat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for &format in WireFormat::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
        assert_eq!("json".parse::<WireFormat>(), Err(UnknownFormat));
    }
}
