//! A limit on how many handlers run at once.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Lets no more than so many handlers run at once, in all or of one payload type; the others wait their turn in
/// the order in which they came.
///
/// One limit can stand in several routers: a clone shares its count. Messages that wait here are leased and count
/// as in flight; a [`Timeout`](crate::layer::Timeout) further out includes the wait, one further in does not.
///
/// ```
/// use event_runtime::layer::ConcurrencyLimit;
/// use event_runtime::router::MessageRouter;
///
/// let limit = ConcurrencyLimit::new(64).for_payload_type("report.requested", 2);
/// let router = MessageRouter::new().layer(limit);
/// ```
#[derive(Clone, Debug)]
pub struct ConcurrencyLimit {
    all: Option<Arc<Semaphore>>,
    by_payload_type: HashMap<String, Arc<Semaphore>, RandomState>,
}

impl ConcurrencyLimit {
    /// At most `max` handlers at once, at least one.
    pub fn new(max: usize) -> Self {
        Self { all: Some(semaphore(max)), by_payload_type: HashMap::default() }
    }

    /// No limit over all, for limits of single payload types.
    pub fn unlimited() -> Self {
        Self { all: None, by_payload_type: HashMap::default() }
    }

    /// At most `max` handlers of this payload type at once, at least one, beside the limit over all.
    #[must_use]
    pub fn for_payload_type(mut self, payload_type: impl Into<String>, max: usize) -> Self {
        self.by_payload_type.insert(payload_type.into(), semaphore(max));
        self
    }
}

fn semaphore(max: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS)))
}

/// A free permit at once, or the next one in turn: permits are free only while nobody waits.
async fn permit(semaphore: &Semaphore) -> Option<SemaphorePermit<'_>> {
    match semaphore.try_acquire() {
        Ok(permit) => Some(permit),
        // Acquiring fails on a closed semaphore only, and these are never closed.
        Err(_) => semaphore.acquire().await.ok(),
    }
}

impl Layer for ConcurrencyLimit {
    fn call<'a>(&'a self, incoming: Incoming, next: Next) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            // The narrow limit first: who waits for it must not keep a permit from the others.
            let _of_type = match self.by_payload_type.get(&*incoming.message().metadata().payload_type) {
                Some(semaphore) => permit(semaphore).await,
                None => None,
            };
            let _of_all = match &self.all {
                Some(semaphore) => permit(semaphore).await,
                None => None,
            };
            next.run(incoming).await
        })
    }
}
