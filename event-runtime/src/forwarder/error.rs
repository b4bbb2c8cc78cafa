//! What forwarding can fail with: every rule's failures.

use std::error::Error;
use std::fmt;

use crate::pool::EmitErrors;

/// Why messages did not reach every destination.
#[derive(Debug)]
pub struct ForwardError {
    kind: ForwardErrorKind,
    payload_type: String,
    text: String,
    failures: Vec<RuleFailure>,
}

/// What kind of failure a [`ForwardError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardErrorKind {
    /// The messages of one call have several payload types; nothing was sent.
    MixedPayloadTypes,
    /// No rule matches the payload type; nothing was sent.
    NoRule,
    /// Destinations failed.
    Failed,
}

/// What failed at the destination of one rule.
#[derive(Debug)]
pub struct RuleFailure {
    /// The rule's position, from 0 on.
    pub rule: usize,
    /// The failures, each by its message's position in the call.
    pub errors: EmitErrors,
}

impl ForwardError {
    pub(super) fn mixed(first: &str, other: &str) -> Self {
        let text =
            format!("a call forwards one payload type, this one has `{first}` and `{other}`; split it");
        Self::new(ForwardErrorKind::MixedPayloadTypes, first, text, Vec::new())
    }

    pub(super) fn no_rule(payload_type: &str) -> Self {
        let text = format!("no rule forwards `{payload_type}`; add one for it, or for `?`");
        Self::new(ForwardErrorKind::NoRule, payload_type, text, Vec::new())
    }

    pub(super) fn failed(payload_type: &str, failures: Vec<RuleFailure>) -> Self {
        let rules: Vec<String> = failures.iter().map(|failure| failure.rule.to_string()).collect();
        let text = format!("`{payload_type}` was not forwarded by rule {}", rules.join(", "));
        Self::new(ForwardErrorKind::Failed, payload_type, text, failures)
    }

    fn new(kind: ForwardErrorKind, payload_type: &str, text: String, failures: Vec<RuleFailure>) -> Self {
        Self { kind, payload_type: payload_type.into(), text, failures }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ForwardErrorKind {
        self.kind
    }

    /// The payload type of the call; the first one's where they are mixed.
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// Every failure of every rule.
    pub fn failures(&self) -> &[RuleFailure] {
        &self.failures
    }

    /// The failures, to handle them one by one.
    pub fn into_failures(self) -> Vec<RuleFailure> {
        self.failures
    }

    /// Whether one of the failures may pass later.
    pub fn is_retryable(&self) -> bool {
        self.failures.iter().any(|failure| failure.errors.is_retryable())
    }

    /// The error with every failure below it, in one line.
    pub(super) fn report(&self) -> String {
        let below = self.failures.iter().flat_map(|failure| failure.errors.failures());
        below.fold(self.text.clone(), |mut line, (_, error)| {
            line.push_str(": ");
            line.push_str(&error.to_string());
            line
        })
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Its source is the first failure.
impl Error for ForwardError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.failures.first().map(|failure| &failure.errors as &(dyn Error + 'static))
    }
}
