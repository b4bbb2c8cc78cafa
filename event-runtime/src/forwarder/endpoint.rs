//! The forwarder as an endpoint of a consumer or a router.

use std::slice;

use crate::envelope::Message;
use crate::error::{Failure, FailureCode};
use crate::forwarder::{ForwardError, ForwardErrorKind, Forwarder};
use crate::handler::{Endpoint, Handler, Incoming};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Every message is forwarded; one that no rule takes, and one that a destination refuses for good, is a dead letter.
/// A failure that passes is a retry, which reaches the destinations that took the message again, with the same
/// deduplication id.
impl Endpoint for Forwarder {
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        Box::pin(async move {
            match self.forward(slice::from_ref(incoming.message())).await {
                Ok(()) => Outcome::Ack,
                Err(error) => outcome(&error),
            }
        })
    }

    fn has_handler(&self, payload_type: &str) -> bool {
        !self.matching(payload_type).is_empty()
    }

    fn problems(&self) -> Vec<String> {
        if self.rules.is_empty() {
            return vec!["the forwarder has no rules; add one with `rule`".into()];
        }
        let rules = self.rules.iter().enumerate();
        let empty = rules.filter(|(_, rule)| rule.types.is_empty());
        empty.map(|(index, _)| format!("rule {index} of the forwarder names no payload type")).collect()
    }
}

/// A router takes it by [`on_type`](crate::MessageRouter::on_type) and [`fallback`](crate::MessageRouter::fallback).
#[diagnostic::do_not_recommend]
impl Handler<(Message,)> for Forwarder {
    type Future = BoxFuture<'static, Outcome>;

    fn call(&self, (message,): (Message,)) -> Self::Future {
        let forwarder = self.clone();
        Box::pin(async move { forwarder.handle(Incoming::new(message)).await })
    }
}

fn outcome(error: &ForwardError) -> Outcome {
    let code = match error.kind() {
        ForwardErrorKind::NoRule => FailureCode::UnknownPayloadType,
        _ => FailureCode::HandlerFailed,
    };
    let failure = Failure::new(code, error.report());
    if error.is_retryable() {
        Outcome::Retry { after: None, failure }
    } else {
        Outcome::DeadLetter { failure }
    }
}
