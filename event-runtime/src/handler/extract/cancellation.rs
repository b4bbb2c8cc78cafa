//! The signal that a handler's work is no longer wanted.

use tokio_util::sync::CancellationToken;

use crate::handler::{FromIncoming, Incoming};
use crate::outcome::HandlerError;

/// Tells a handler that its lease is lost or that the consumer's drain deadline has passed.
///
/// Whatever the handler does from then on may be done by another consumer too.
///
/// ```
/// use event_runtime::HandlerError;
/// use event_runtime::handler::Cancellation;
///
/// async fn import(cancellation: Cancellation) -> Result<(), HandlerError> {
///     for page in 0..100 {
///         if cancellation.is_cancelled() {
///             return Err(HandlerError::retry("stopped half-way"));
///         }
///         // import the page
/// #       let _ = page;
///     }
///     Ok(())
/// }
/// # let _ = event_runtime::router::MessageRouter::new().on_type("legacy.event", import);
/// ```
#[derive(Clone, Debug)]
pub struct Cancellation(Option<CancellationToken>);

impl Cancellation {
    /// A signal that never comes.
    pub fn never() -> Self {
        Self(None)
    }

    /// Whether the signal has come.
    pub fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(CancellationToken::is_cancelled)
    }

    /// Completes when the signal comes.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the wait and nothing else.
    pub async fn cancelled(&self) {
        match &self.0 {
            Some(token) => token.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// A token for what the handler starts: cancelled by this signal, or by whoever holds it.
    pub fn token(&self) -> CancellationToken {
        match &self.0 {
            Some(token) => token.child_token(),
            None => CancellationToken::new(),
        }
    }
}

impl From<CancellationToken> for Cancellation {
    fn from(token: CancellationToken) -> Self {
        Self(Some(token))
    }
}

impl<S> FromIncoming<S> for Cancellation {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(incoming.cancellation().clone())
    }
}
