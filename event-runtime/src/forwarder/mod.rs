//! Forwarding: messages from one place to others, by payload type, without reading their payloads.
//!
//! A forwarded message keeps its id and its body; it counts one more hop, so that a broker that deduplicates takes it
//! as a new message, and a repeated forwarding as the same one (see [`Message::deduplication_id`]).

mod endpoint;
mod error;

pub use error::{ForwardError, ForwardErrorKind, RuleFailure};

use std::sync::Arc;

use crate::envelope::Message;
use crate::pool::join::join_all;
use crate::pool::{DynEmitter, EmitErrors, Emitter};
use crate::transport::BoxFuture;

/// The rule for every payload type.
const ALL: &str = "*";
/// The rule for payload types that no rule names.
const UNMATCHED: &str = "?";

/// Sends messages on to the destinations of every rule that matches their payload type.
///
/// It is an endpoint too: a consumer or a router can hand messages to it. Cloning is cheap.
///
/// ```
/// use event_runtime::forwarder::Forwarder;
/// use event_runtime::{ProducersPool, Emitter};
///
/// fn forwarder(audit: impl Emitter + 'static, legacy: ProducersPool) -> Forwarder {
///     Forwarder::new().rule(["*"], audit).rule(["legacy.event", "?"], legacy)
/// }
/// ```
#[derive(Clone, Default)]
pub struct Forwarder {
    rules: Arc<Vec<Rule>>,
}

#[derive(Clone)]
struct Rule {
    types: Vec<String>,
    destination: Arc<dyn DynEmitter>,
}

impl Forwarder {
    /// A forwarder without rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the named payload types to `destination`: a pool, or a producer as a
    /// [`ProducerEmitter`](crate::pool::ProducerEmitter). `*` stands for every type, `?` for those that no rule names
    /// (`*` names none).
    #[must_use]
    pub fn rule<T: Into<String>>(
        mut self,
        types: impl IntoIterator<Item = T>,
        destination: impl Emitter + 'static,
    ) -> Self {
        let types = types.into_iter().map(Into::into).collect();
        Arc::make_mut(&mut self.rules).push(Rule { types, destination: Arc::new(destination) });
        self
    }

    /// The positions of the rules that `payload_type` matches.
    pub fn matching(&self, payload_type: &str) -> Vec<usize> {
        let named = self.rules.iter().any(|rule| rule.lists(payload_type));
        let matches =
            |rule: &Rule| rule.lists(payload_type) || rule.lists(ALL) || (!named && rule.lists(UNMATCHED));
        self.rules.iter().enumerate().filter(|(_, rule)| matches(rule)).map(|(index, _)| index).collect()
    }

    /// Sends messages of one payload type to the destination of every matching rule, all rules at once; nothing to
    /// send is no error.
    ///
    /// # Errors
    /// [`ForwardErrorKind::MixedPayloadTypes`] and [`ForwardErrorKind::NoRule`] before anything is sent;
    /// [`ForwardErrorKind::Failed`] with every failure of every rule.
    ///
    /// # Cancel safety
    /// A dropped call may have sent any of the messages to any of the destinations.
    pub async fn forward(&self, messages: &[Message]) -> Result<(), ForwardError> {
        let Some(first) = messages.first() else { return Ok(()) };
        let payload_type = &first.metadata().payload_type;
        if let Some(other) = messages.iter().find(|other| other.metadata().payload_type != *payload_type) {
            return Err(ForwardError::mixed(payload_type, &other.metadata().payload_type));
        }
        let matching = self.matching(payload_type);
        if matching.is_empty() {
            return Err(ForwardError::no_rule(payload_type));
        }
        let onward: Vec<Message> = messages
            .iter()
            .map(|message| message.clone().with_hops(message.hops().saturating_add(1)))
            .collect();
        let calls = matching.into_iter().filter_map(|index| {
            let destination = self.rules.get(index)?.destination.clone();
            let messages = onward.clone();
            Some(Box::pin(async move { (index, destination.emit_batch(messages).await) }) as BoxFuture<'_, _>)
        });
        Self::collect(payload_type, join_all(calls.collect()).await)
    }

    /// Sends what failed again, to those who did not take it, under the same ids.
    ///
    /// # Errors
    /// Those of [`Forwarder::forward`]; an error that holds no failures of rules comes back as it is.
    ///
    /// # Cancel safety
    /// A dropped call may have sent any of the messages to any of the destinations.
    pub async fn retry(&self, error: ForwardError) -> Result<(), ForwardError> {
        if error.kind() != ForwardErrorKind::Failed {
            return Err(error);
        }
        let payload_type = error.payload_type().to_owned();
        let calls = error.into_failures().into_iter().filter_map(|RuleFailure { rule, errors }| {
            let destination = self.rules.get(rule)?.destination.clone();
            Some(Box::pin(async move { (rule, retry_all(&*destination, errors).await) }) as BoxFuture<'_, _>)
        });
        Self::collect(&payload_type, join_all(calls.collect()).await)
    }

    fn collect(
        payload_type: &str,
        results: Vec<(usize, Result<(), EmitErrors>)>,
    ) -> Result<(), ForwardError> {
        let failures: Vec<RuleFailure> = results
            .into_iter()
            .filter_map(|(rule, result)| result.err().map(|errors| RuleFailure { rule, errors }))
            .collect();
        if failures.is_empty() { Ok(()) } else { Err(ForwardError::failed(payload_type, failures)) }
    }
}

async fn retry_all(destination: &dyn DynEmitter, errors: EmitErrors) -> Result<(), EmitErrors> {
    let of = errors.of();
    let mut failures = Vec::new();
    for (index, error) in errors.into_failures() {
        if let Err(error) = destination.retry(error).await {
            failures.push((index, error));
        }
    }
    EmitErrors::check(of, failures)
}

impl Rule {
    fn lists(&self, payload_type: &str) -> bool {
        self.types.iter().any(|listed| listed == payload_type)
    }
}
