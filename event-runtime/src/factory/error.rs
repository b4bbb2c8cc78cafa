//! What can be wrong with packs that are joined, and with a message that is built from its name.

use std::fmt;

use crate::codec::EncodeError;
use crate::event::DecodeError;

/// Names that several packs claim; never empty.
#[derive(Clone, PartialEq)]
pub struct PackConflicts(pub(super) Vec<PackConflict>);

/// One name that is claimed twice.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PackConflict {
    /// Two packs of one name.
    Pack {
        /// The name.
        name: &'static str,
    },
    /// A payload type that several events have.
    PayloadType {
        /// The payload type.
        payload_type: &'static str,
        /// The packs and the Rust types that claim it.
        holders: Vec<(&'static str, &'static str)>,
    },
}

impl PackConflicts {
    /// Every conflict: packs first, then payload types, each by name.
    pub fn conflicts(&self) -> &[PackConflict] {
        &self.0
    }
}

impl fmt::Display for PackConflict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pack { name } => write!(formatter, "two packs are named `{name}`: rename one"),
            Self::PayloadType { payload_type, holders } => {
                write!(formatter, "payload type `{payload_type}` is claimed by ")?;
                for (index, (pack, event)) in holders.iter().enumerate() {
                    let separator = if index == 0 { "" } else { " and " };
                    write!(formatter, "{separator}`{event}` in `{pack}`")?;
                }
                formatter.write_str(": give one of them another `#[event(type = \"…\")]`")
            }
        }
    }
}

impl fmt::Display for PackConflicts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, conflict) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{conflict}")?;
        }
        Ok(())
    }
}

/// As it displays: a `main` that returns the error prints this.
impl fmt::Debug for PackConflicts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::error::Error for PackConflicts {}

/// Why a message was not built from a payload type and JSON.
#[derive(Debug)]
pub struct BuildError(Box<Cause>);

#[derive(Debug)]
enum Cause {
    Payload(DecodeError),
    Encode(EncodeError),
}

/// What kind of mistake a [`BuildError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// The payload type or the version is unknown, or the JSON is not a payload of it.
    Payload,
    /// The message cannot be written.
    Encode,
}

impl BuildError {
    /// What kind of mistake it is.
    pub fn kind(&self) -> BuildErrorKind {
        match *self.0 {
            Cause::Payload(_) => BuildErrorKind::Payload,
            Cause::Encode(_) => BuildErrorKind::Encode,
        }
    }

    /// What is wrong with the payload, for [`BuildErrorKind::Payload`].
    pub fn decode_error(&self) -> Option<&DecodeError> {
        match &*self.0 {
            Cause::Payload(error) => Some(error),
            Cause::Encode(_) => None,
        }
    }
}

impl From<DecodeError> for BuildError {
    fn from(error: DecodeError) -> Self {
        Self(Box::new(Cause::Payload(error)))
    }
}

impl From<EncodeError> for BuildError {
    fn from(error: EncodeError) -> Self {
        Self(Box::new(Cause::Encode(error)))
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.kind() {
            BuildErrorKind::Payload => "the payload is refused",
            BuildErrorKind::Encode => "the message cannot be written",
        })
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match &*self.0 {
            Cause::Payload(error) => error,
            Cause::Encode(error) => error,
        })
    }
}
