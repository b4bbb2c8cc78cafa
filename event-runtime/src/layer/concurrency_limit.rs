//! A limit on how many handlers run at once.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use foldhash::fast::RandomState;
use tokio::sync::{Semaphore, SemaphorePermit, TryAcquireError};

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

impl ConcurrencyLimit {
    /// The permits that a message needs, the narrow limit's first: who waits for that must not keep a permit from the others.
    fn semaphores(&self, incoming: &Incoming) -> [Option<&Semaphore>; 2] {
        let of_type = match self.by_payload_type.is_empty() {
            true => None,
            false => self.by_payload_type.get(&*incoming.message().metadata().payload_type),
        };
        [of_type.map(Arc::as_ref), self.all.as_deref()]
    }
}

/// Free permits at once: they are free only while nobody waits.
fn try_permits(semaphores: [Option<&Semaphore>; 2]) -> Result<Permits<'_>, TryAcquireError> {
    let [of_type, of_all] = semaphores;
    let of_type = of_type.map(Semaphore::try_acquire).transpose()?;
    let of_all = of_all.map(Semaphore::try_acquire).transpose()?;
    Ok([of_type, of_all])
}

/// The next permits in turn.
async fn permits(semaphores: [Option<&Semaphore>; 2]) -> Permits<'_> {
    let mut permits = [None, None];
    for (permit, semaphore) in permits.iter_mut().zip(semaphores) {
        if let Some(semaphore) = semaphore {
            // Acquiring fails on a closed semaphore only, and these are never closed.
            *permit = semaphore.acquire().await.ok();
        }
    }
    permits
}

type Permits<'a> = [Option<SemaphorePermit<'a>>; 2];

impl Layer for ConcurrencyLimit {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        let semaphores = self.semaphores(&incoming);
        match try_permits(semaphores) {
            Ok(permits) => Box::pin(Limited { handling: next.run(incoming), _permits: permits }),
            Err(_) => Box::pin(async move {
                let _permits = permits(semaphores).await;
                next.run(incoming).await
            }),
        }
    }
}

/// A handling and, until it is dropped, its permits.
struct Limited<'a> {
    handling: BoxFuture<'a, Outcome>,
    _permits: Permits<'a>,
}

impl Future for Limited<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome> {
        self.handling.as_mut().poll(task)
    }
}
