//! The context that events of one chain share.

use std::future::Future;

use crate::envelope::{Message, Metadata};

/// The message being handled, as the cause of what its handler emits.
#[derive(Clone, Debug)]
pub struct Context(Message);

tokio::task_local! {
    static CURRENT: Context;
}

impl Context {
    /// The context of a handler of `message`.
    pub fn new(message: Message) -> Self {
        Self(message)
    }

    /// The context of the message being handled on this task; `None` outside a handler.
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Runs `future` in this context. The consumer does it for handlers; after `tokio::spawn` it carries the
    /// context over.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// The message being handled.
    pub fn message(&self) -> &Message {
        &self.0
    }

    /// Fills what `metadata` leaves open: correlation, tenant and trace of the message being handled, and its
    /// id as the cause. What was set by hand stays.
    pub fn fill(&self, metadata: &mut Metadata) {
        let parent = self.0.metadata();
        let inherit = |field: &mut Option<String>, value: &Option<String>| {
            if field.is_none() {
                field.clone_from(value);
            }
        };
        if metadata.correlation_id.is_none() {
            metadata.correlation_id = Some(parent.correlation_id.as_ref().unwrap_or(&parent.id).clone());
        }
        if metadata.causation_id.is_none() {
            metadata.causation_id = Some(parent.id.clone());
        }
        inherit(&mut metadata.tenant_id, &parent.tenant_id);
        if metadata.traceparent.is_none() {
            metadata.traceparent.clone_from(&parent.traceparent);
            inherit(&mut metadata.tracestate, &parent.tracestate);
        }
    }
}
