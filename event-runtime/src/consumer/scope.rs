//! Whose messages a consumer may handle.

use std::future::Future;
use std::sync::Arc;

use crate::envelope::Message;
use crate::transport::BoxFuture;

/// Decides, before a message is routed, whether this consumer may handle it: a check of its tenant, for
/// instance. A refused message is a dead letter with the code `SCOPE_DENIED`.
///
/// A plain function will do: `|message: &Message| -> Result<(), ScopeDenied> { … }`.
pub trait ScopeValidator: Send + Sync + 'static {
    /// Checks one message.
    ///
    /// # Errors
    /// [`ScopeDenied`] says why the message is refused.
    fn check(&self, message: &Message) -> impl Future<Output = Result<(), ScopeDenied>> + Send;
}

/// The reason of a refusal, one line that names no personal data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScopeDenied(pub String);

impl<F> ScopeValidator for F
where
    F: Fn(&Message) -> Result<(), ScopeDenied> + Send + Sync + 'static,
{
    async fn check(&self, message: &Message) -> Result<(), ScopeDenied> {
        self(message)
    }
}

pub(crate) trait DynScopeValidator: Send + Sync {
    fn check<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), ScopeDenied>>;
}

impl<V: ScopeValidator> DynScopeValidator for V {
    fn check<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), ScopeDenied>> {
        Box::pin(ScopeValidator::check(self, message))
    }
}

pub(crate) type Scope = Option<Arc<dyn DynScopeValidator>>;
