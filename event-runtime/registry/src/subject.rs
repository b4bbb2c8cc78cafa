//! What an event's schema is called in a registry.

use event_runtime::event::EventDescriptor;
use serde::{Deserialize, Deserializer};

/// How subjects are made of payload types and versions: a text with `{type}` and, if need be, `{version}`.
///
/// The default is `{type}.v{version}`, one subject a version, like the files of committed schemas: a registry compares
/// the versions of one subject with each other, while a new version of an event may break what it likes, since an
/// upcaster reads the old one. `{type}-value` is what Kafka's serializers expect of a topic with one event.
///
/// ```
/// use event_registry::Subjects;
///
/// assert_eq!(Subjects::default().name("OrderPaidEvent", 2), "OrderPaidEvent.v2");
/// assert_eq!("{type}-value".parse::<Subjects>()?.name("OrderPaidEvent", 2), "OrderPaidEvent-value");
/// assert!("orders".parse::<Subjects>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subjects(String);

impl Subjects {
    /// The subject of a payload type's version.
    pub fn name(&self, payload_type: &str, version: u32) -> String {
        self.0.replace("{type}", payload_type).replace("{version}", &version.to_string())
    }

    /// The subject of an event.
    pub fn of(&self, event: &EventDescriptor) -> String {
        self.name(event.payload_type, event.version)
    }
}

impl Default for Subjects {
    fn default() -> Self {
        Self("{type}.v{version}".to_owned())
    }
}

impl std::str::FromStr for Subjects {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("{type}") {
            Ok(Self(text.to_owned()))
        } else {
            Err("a subject has `{type}` in it, for instance `{type}.v{version}` or `{type}-value`".to_owned())
        }
    }
}

impl<'de> Deserialize<'de> for Subjects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
