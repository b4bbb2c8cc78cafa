//! The calls: Confluent's REST API as far as JSON Schemas need it.

mod answer;
mod call;

use event_runtime::Clock;
use event_runtime::config::{Config, ConfigError};
use hyper::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{RegistryConfig, RegistryError, RegistryErrorKind, Subjects};
use call::Caller;

/// A schema registry that speaks Confluent's REST API. Cloning is cheap, and clones share their connections.
///
/// Calls that fail for no fault of their own (429, 5xx, no connection, no answer in time) are repeated with exponential
/// backoff and full jitter. Every call but [`Registry::register`] only reads, and registering a schema twice is
/// registering it once.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(crate) config: RegistryConfig,
    caller: Caller,
}

/// A version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// This one, from 1 on.
    Number(u32),
    /// The newest.
    Latest,
}

/// A schema that was registered.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Registered {
    /// The schema's id, the same wherever the schema stands.
    pub id: u32,
}

/// A schema that was found under a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fetched {
    /// The subject.
    pub subject: String,
    /// Its version, from 1 on; it is not the event's.
    pub version: u32,
    /// The schema's id.
    pub id: u32,
    /// The schema.
    pub schema: Value,
}

/// What a registry says of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Checked {
    /// Whether the subject's rule allows it.
    pub is_compatible: bool,
    /// Why not, in the registry's words.
    #[serde(default)]
    pub messages: Vec<String>,
}

impl Registry {
    /// A client of the registry that `config` describes; nothing is asked yet.
    ///
    /// # Errors
    /// [`RegistryErrorKind::Refused`] for an address or credentials that can't be right.
    pub fn new(config: RegistryConfig) -> Result<Self, RegistryError> {
        Self::with_clock(config, Clock::system())
    }

    /// [`Registry::new`] with the clock that delays between attempts go by.
    ///
    /// # Errors
    /// Those of [`Registry::new`].
    pub fn with_clock(config: RegistryConfig, clock: Clock) -> Result<Self, RegistryError> {
        let mistake = config.address_mistake().map(|text| ("url", text)).or(config.credentials_mistake());
        if let Some((key, text)) = mistake {
            return Err(RegistryError::new(RegistryErrorKind::Refused, format!("{key}: {text}")));
        }
        let caller = Caller::new(&config, clock)?;
        Ok(Self { config, caller })
    }

    /// A client of the registry in the section `schema_registry`; `None` where there is no such section.
    ///
    /// # Errors
    /// Every mistake of the section, by its path.
    pub fn from_config(config: &Config) -> Result<Option<Self>, ConfigError> {
        let Some((config, section)) = RegistryConfig::from_config(config)? else { return Ok(None) };
        let address = config.address_mistake().map_or(Ok(()), |text| Err(section.invalid("url", text)));
        let credentials =
            config.credentials_mistake().map_or(Ok(()), |(key, text)| Err(section.invalid(key, text)));
        ConfigError::both(address, credentials)?;
        Self::new(config).map(Some).map_err(|error| section.invalid("url", error.to_string()))
    }

    /// How subjects are called.
    pub fn subjects(&self) -> &Subjects {
        &self.config.subject
    }

    /// Registers a JSON Schema under a subject, or finds it there.
    ///
    /// # Errors
    /// [`RegistryErrorKind::Incompatible`], [`RegistryErrorKind::InvalidSchema`],
    /// [`RegistryErrorKind::Unauthorized`], [`RegistryErrorKind::Refused`]; [`RegistryErrorKind::Unavailable`],
    /// [`RegistryErrorKind::TimedOut`] and [`RegistryErrorKind::Unintelligible`] as for every call.
    ///
    /// # Cancel safety
    /// A dropped call may have registered the schema.
    pub async fn register(&self, subject: &str, schema: &Value) -> Result<Registered, RegistryError> {
        let path = format!("/subjects/{}/versions", segment(subject));
        let body = self.caller.call(Method::POST, &path, Some(&candidate(schema))).await?;
        answer::read(&body)
    }

    /// The version and id under which a subject has this very schema.
    ///
    /// # Errors
    /// [`RegistryErrorKind::SubjectNotFound`], [`RegistryErrorKind::SchemaNotFound`], and those of every call.
    ///
    /// # Cancel safety
    /// A dropped call changes nothing.
    pub async fn look_up(&self, subject: &str, schema: &Value) -> Result<Fetched, RegistryError> {
        let path = format!("/subjects/{}", segment(subject));
        let body = self.caller.call(Method::POST, &path, Some(&candidate(schema))).await?;
        answer::fetched(&body)
    }

    /// Whether a subject's rule allows this schema as its next version; looks at all versions that the rule looks at.
    ///
    /// A registry that is asked about a subject without versions says yes.
    ///
    /// # Errors
    /// [`RegistryErrorKind::InvalidSchema`], and those of every call.
    ///
    /// # Cancel safety
    /// A dropped call changes nothing.
    pub async fn check(&self, subject: &str, schema: &Value) -> Result<Checked, RegistryError> {
        let path = format!("/compatibility/subjects/{}/versions?verbose=true", segment(subject));
        let body = self.caller.call(Method::POST, &path, Some(&candidate(schema))).await?;
        answer::read(&body)
    }

    /// Whether a subject's rule allows this schema beside one version of it.
    ///
    /// # Errors
    /// [`RegistryErrorKind::SubjectNotFound`], [`RegistryErrorKind::VersionNotFound`],
    /// [`RegistryErrorKind::InvalidVersion`], [`RegistryErrorKind::InvalidSchema`], and those of every call.
    ///
    /// # Cancel safety
    /// A dropped call changes nothing.
    pub async fn check_version(
        &self,
        subject: &str,
        version: Version,
        schema: &Value,
    ) -> Result<Checked, RegistryError> {
        let path = format!("/compatibility/subjects/{}/versions/{version}?verbose=true", segment(subject));
        let body = self.caller.call(Method::POST, &path, Some(&candidate(schema))).await?;
        answer::read(&body)
    }

    /// The schema of an id.
    ///
    /// # Errors
    /// [`RegistryErrorKind::SchemaNotFound`], [`RegistryErrorKind::Unintelligible`] for one that is no JSON Schema, and
    /// those of every call.
    ///
    /// # Cancel safety
    /// A dropped call changes nothing.
    pub async fn schema(&self, id: u32) -> Result<Value, RegistryError> {
        let body = self.caller.call(Method::GET, &format!("/schemas/ids/{id}"), None).await?;
        answer::schema(&body)
    }

    /// A version of a subject.
    ///
    /// # Errors
    /// [`RegistryErrorKind::SubjectNotFound`], [`RegistryErrorKind::VersionNotFound`],
    /// [`RegistryErrorKind::InvalidVersion`], and those of every call.
    ///
    /// # Cancel safety
    /// A dropped call changes nothing.
    pub async fn version(&self, subject: &str, version: Version) -> Result<Fetched, RegistryError> {
        let path = format!("/subjects/{}/versions/{version}", segment(subject));
        let body = self.caller.call(Method::GET, &path, None).await?;
        answer::fetched(&body)
    }

    /// The versions of a subject, oldest first.
    ///
    /// # Errors
    /// [`RegistryErrorKind::SubjectNotFound`], and those of every call.
    ///
    /// # Cancel safety
    /// A dropped call changes nothing.
    pub async fn versions(&self, subject: &str) -> Result<Vec<u32>, RegistryError> {
        let body =
            self.caller.call(Method::GET, &format!("/subjects/{}/versions", segment(subject)), None).await?;
        answer::read(&body)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Latest => formatter.write_str("latest"),
        }
    }
}

/// A schema as a request sends it: its text, and what kind it is.
fn candidate(schema: &Value) -> Value {
    json!({ "schemaType": "JSON", "schema": schema.to_string() })
}

/// A name as one segment of a path.
fn segment(name: &str) -> String {
    let mut segment = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => segment.push(byte.into()),
            _ => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn names_are_one_segment() {
        assert_eq!(segment("orders.order.paid.v2"), "orders.order.paid.v2");
        assert_eq!(segment(":.ctx:a/b ü"), "%3A.ctx%3Aa%2Fb%20%C3%BC");
    }
}
