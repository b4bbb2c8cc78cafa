//! The `schema_registry` section of a configuration.

use event_runtime::config::{Config, ConfigError, Secret, between};
use serde::Deserialize;

use crate::Subjects;

/// The section's name.
const SECTION: &str = "schema_registry";

/// The `schema_registry` section: where a registry is, and how it is used.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryConfig {
    /// The registry's address, `http://` or `https://`, with a path where it has one.
    pub url: String,
    /// The user of basic authentication; with Confluent Cloud an API key.
    #[serde(default)]
    pub username: Option<String>,
    /// That user's password; with Confluent Cloud the key's secret.
    #[serde(default)]
    pub password: Option<Secret>,
    /// A bearer token, instead of user and password.
    #[serde(default)]
    pub token: Option<Secret>,
    /// How subjects are called: `{type}.v{version}` unless set.
    #[serde(default)]
    pub subject: Subjects,
    /// The header that carries a schema's id: `schema-id` unless set.
    #[serde(default = "header")]
    pub header: String,
    /// Whether a service registers missing schemas when it starts; no unless set.
    #[serde(default)]
    pub register: bool,
    /// How long one call may take, in seconds: 1 to 300, 10 unless set.
    #[serde(default = "ten", deserialize_with = "between::<_, _, 1, 300>")]
    pub call_timeout_seconds: u64,
    /// How often a call is tried that fails for no fault of its own: 1 to 20, 4 unless set.
    #[serde(default = "four", deserialize_with = "between::<_, _, 1, 20>")]
    pub max_attempts: u32,
    /// Unit of the delays between attempts, in milliseconds, doubled with each: 0 to 10,000, 100 unless set.
    #[serde(default = "hundred", deserialize_with = "between::<_, _, 0, 10_000>")]
    pub backoff_milliseconds: u64,
}

fn header() -> String {
    "schema-id".to_owned()
}

fn ten() -> u64 {
    10
}

fn four() -> u32 {
    4
}

fn hundred() -> u64 {
    100
}

impl RegistryConfig {
    /// The configuration of a registry at this address, everything else as it is unless set.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            username: None,
            password: None,
            token: None,
            subject: Subjects::default(),
            header: header(),
            register: false,
            call_timeout_seconds: ten(),
            max_attempts: four(),
            backoff_milliseconds: hundred(),
        }
    }

    /// The section of `config`; `None` where there is none.
    ///
    /// # Errors
    /// Every mistake of the section, by its path.
    pub fn from_config(config: &Config) -> Result<Option<(Self, Config)>, ConfigError> {
        let Some(section) = config.section(SECTION) else { return Ok(None) };
        Ok(Some((section.read::<Self>()?, section)))
    }

    /// What is wrong with the address, and what to write.
    pub(crate) fn address_mistake(&self) -> Option<&'static str> {
        let rest = self.url.strip_prefix("https://").or_else(|| self.url.strip_prefix("http://"));
        match rest {
            None => Some("write it with `http://` or `https://`"),
            Some(rest) if rest.split('/').next().is_none_or(str::is_empty) => Some("it names no host"),
            Some(rest) if rest.split('/').next().is_some_and(|host| host.contains('@')) => {
                Some("write user and password as `username` and `password`, where they are kept from logs")
            }
            Some(rest) if rest.contains(['?', '#']) => Some("leave out everything from `?` or `#` on"),
            Some(_) => None,
        }
    }

    /// What is wrong with the credentials, and what to write.
    pub(crate) fn credentials_mistake(&self) -> Option<(&'static str, &'static str)> {
        let given = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        match (given(&self.username), self.password.is_some(), self.token.is_some()) {
            (true, false, _) => Some(("password", "it goes with `username`; add it")),
            (false, true, _) => Some(("username", "it goes with `password`; add it")),
            (true, true, true) => Some(("token", "keep it, or `username` and `password`, not both")),
            _ => None,
        }
    }
}
