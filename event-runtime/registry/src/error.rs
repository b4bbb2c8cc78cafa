//! Why a call of a registry failed.

use std::error::Error;
use std::fmt;

/// Why a call of a registry failed.
#[derive(Debug)]
pub struct RegistryError {
    kind: RegistryErrorKind,
    text: String,
    code: Option<u32>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`RegistryError`] is; the numbers are the registry's own error codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistryErrorKind {
    /// 40401: there is no such subject.
    SubjectNotFound,
    /// 40402: the subject has no such version.
    VersionNotFound,
    /// 40403: there is no such schema, under this subject or at all.
    SchemaNotFound,
    /// 409: the subject's rule refuses the schema.
    Incompatible,
    /// 42201: the registry does not take it for a schema.
    InvalidSchema,
    /// 42202: that is no version.
    InvalidVersion,
    /// 401 and 403: the credentials are missing, wrong or not enough.
    Unauthorized,
    /// Any other request that the registry refuses.
    Refused,
    /// 429, 5xx, and no connection at all; worth another attempt.
    Unavailable,
    /// No answer in time; worth another attempt.
    TimedOut,
    /// The answer is none that this API gives: is it a registry?
    Unintelligible,
}

impl RegistryError {
    pub(crate) fn new(kind: RegistryErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), code: None, source: None }
    }

    pub(crate) fn with_code(mut self, code: u32) -> Self {
        self.code = Some(code);
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> RegistryErrorKind {
        self.kind
    }

    /// The registry's own error code, where it gave one.
    pub fn code(&self) -> Option<u32> {
        self.code
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, RegistryErrorKind::Unavailable | RegistryErrorKind::TimedOut)
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Error for RegistryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
