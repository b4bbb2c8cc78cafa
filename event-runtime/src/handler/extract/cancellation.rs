//! The signal that a handler's work is no longer wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
pub struct Cancellation(Option<Arc<Signal>>);

#[derive(Debug, Default)]
struct Signal {
    token: CancellationToken,
    /// It has come, or its token is with others: it can't serve another attempt.
    spent: AtomicBool,
}

impl Cancellation {
    /// A signal that never comes.
    pub fn never() -> Self {
        Self(None)
    }

    /// A signal that has not come yet.
    pub(crate) fn ready() -> Self {
        Self::from(CancellationToken::new())
    }

    /// Gives the signal.
    pub(crate) fn cancel(&self) {
        if let Some(signal) = &self.0 {
            signal.spent.store(true, Ordering::Release);
            signal.token.cancel();
        }
    }

    /// Makes it serve the next attempt: the same signal, or a new one where this one has come or is still held by
    /// somebody.
    pub(crate) fn renew(&mut self) {
        let unused = self.0.as_mut().and_then(Arc::get_mut).is_some_and(|signal| !*signal.spent.get_mut());
        if !unused {
            *self = Self::ready();
        }
    }

    /// Whether the signal has come.
    pub fn is_cancelled(&self) -> bool {
        self.0.as_ref().is_some_and(|signal| signal.token.is_cancelled())
    }

    /// Completes when the signal comes.
    ///
    /// # Cancel safety
    /// Dropping the future forgets the wait and nothing else.
    pub async fn cancelled(&self) {
        match &self.0 {
            Some(signal) => signal.token.cancelled().await,
            None => std::future::pending().await,
        }
    }

    /// A token for what the handler starts: cancelled by this signal, or by whoever holds it.
    pub fn token(&self) -> CancellationToken {
        match &self.0 {
            Some(signal) => {
                signal.spent.store(true, Ordering::Release);
                signal.token.child_token()
            }
            None => CancellationToken::new(),
        }
    }
}

impl From<CancellationToken> for Cancellation {
    fn from(token: CancellationToken) -> Self {
        Self(Some(Arc::new(Signal { token, spent: AtomicBool::new(false) })))
    }
}

impl<S> FromIncoming<S> for Cancellation {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(incoming.cancellation().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_nobody_saw_serves_again() {
        let mut first = Cancellation::ready();
        drop(first.clone());
        let before = first.0.as_ref().map(Arc::as_ptr);
        first.renew();
        assert_eq!(first.0.as_ref().map(Arc::as_ptr), before);
    }

    #[test]
    fn a_signal_that_came_or_is_held_is_left_to_its_holders() {
        let mut next = Cancellation::ready();
        let held = next.clone();
        next.renew();
        let token = next.token();
        next.renew();
        let mut came = next.clone();
        came.cancel();
        drop(next);
        came.renew();
        assert!(!held.is_cancelled() && !token.is_cancelled() && !came.is_cancelled());
    }
}
