//! A queue as its handles share it: the locked state, the signal to those who wait for messages, and the place
//! in line of those who wait for room.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::Notify;

use super::error::QueueError;
use super::room::Need;
use super::state::{State, Wakes};

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) fifo: bool,
    pub(super) created_at: i64,
    /// A copy of the attribute, so that a body is hashed before the lock is taken.
    content_based_deduplication: AtomicBool,
    state: Mutex<State>,
    /// Wakes one waiting receive for a message, or for an earlier deadline to wait for.
    pub(super) arrivals: Notify,
}

impl Shared {
    pub(super) fn new(name: String, state: State) -> Self {
        Self {
            name,
            fifo: state.attributes.fifo,
            created_at: state.now,
            content_based_deduplication: AtomicBool::new(state.attributes.content_based_deduplication),
            state: Mutex::new(state),
            arrivals: Notify::new(),
        }
    }

    /// Runs `request` under the lock, then wakes whom it concerns.
    pub(super) fn with<R>(&self, request: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = request(&mut state);
        let wakes = state.take_wakes();
        drop(state);
        if let Some(wakes) = wakes {
            self.wake(wakes);
        }
        result
    }

    fn wake(&self, wakes: Wakes) {
        if wakes.receiver {
            self.arrivals.notify_one();
        }
        for sender in wakes.senders {
            sender.wake();
        }
    }

    /// [`Shared::with`], brought to the present first.
    ///
    /// # Errors
    /// The queue was deleted, or what `request` returns.
    pub(super) fn at<R>(
        &self,
        now: i64,
        request: impl FnOnce(&mut State) -> Result<R, QueueError>,
    ) -> Result<R, QueueError> {
        self.with(|state| {
            state.tick(now)?;
            request(state)
        })
    }

    pub(super) fn hashes_bodies(&self) -> bool {
        self.content_based_deduplication.load(Ordering::Relaxed)
    }

    pub(super) fn set_hashes_bodies(&self, on: bool) {
        self.content_based_deduplication.store(on, Ordering::Relaxed);
    }

    /// Empties the queue for good and sends everybody away who waits on it.
    pub(super) fn delete(&self) {
        self.with(|state| {
            state.deleted = true;
            state.clear();
            state.room.wake_all();
        });
        self.arrivals.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until room is set aside for a send. Dropping it leaves the line.
#[derive(Debug)]
pub(super) struct RoomWait<'a> {
    shared: &'a Shared,
    need: Need,
    ticket: Option<u64>,
}

impl<'a> RoomWait<'a> {
    pub(super) fn new(shared: &'a Shared, need: Need) -> Self {
        Self { shared, need, ticket: None }
    }
}

impl Future for RoomWait<'_> {
    type Output = Result<(), QueueError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (shared, need, ticket) = (self.shared, self.need, self.ticket);
        let (ticket, poll) = shared.with(|state| {
            if state.deleted {
                return (ticket, Poll::Ready(Err(QueueError::does_not_exist())));
            }
            match ticket {
                Some(ticket) if state.room.poll(ticket, context.waker()) => (None, Poll::Ready(Ok(()))),
                Some(ticket) => (Some(ticket), Poll::Pending),
                None if state.room.try_take(need) => (None, Poll::Ready(Ok(()))),
                None => (Some(state.room.wait(need, context.waker().clone())), Poll::Pending),
            }
        });
        self.ticket = ticket;
        poll
    }
}

impl Drop for RoomWait<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.with(|state| state.room.cancel(ticket));
        }
    }
}

/// Counts a receive among those that wait. Dropping it lets another one look, in case it was this one that the
/// others relied on.
#[derive(Debug)]
pub(super) struct Waiting<'a>(&'a Shared);

impl<'a> Waiting<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        shared.with(|state| state.waiting += 1);
        Self(shared)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let others = self.0.with(|state| {
            state.waiting -= 1;
            state.waiting > 0
        });
        if others {
            self.0.arrivals.notify_one();
        }
    }
}
