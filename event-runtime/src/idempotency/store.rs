//! The trait that a store implements, and what it is asked.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::idempotency::{IdempotencyError, PayloadDigest};
use crate::transport::BoxFuture;

/// The right to handle one message, as it was asked for.
///
/// Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who handles: consumers of different names don't get into each other's way.
    pub handler: Arc<str>,
    /// What is handled: usually the event's id.
    pub key: Arc<str>,
    /// Tells this claim from every other one, which is what fences off whoever finishes too late.
    pub token: ClaimToken,
}

impl Claim {
    /// A claim with a token of its own.
    pub fn new(handler: impl Into<Arc<str>>, key: impl Into<Arc<str>>) -> Self {
        Self { handler: handler.into(), key: key.into(), token: ClaimToken::new() }
    }
}

/// Names one claim; no two are alike. Its text has 36 characters of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimToken(Uuid);

impl ClaimToken {
    /// A token that nobody has.
    #[allow(clippy::new_without_default, reason = "there is no default token: each is another one")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for ClaimToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What [`IdempotencyStore::claim`] is asked for.
#[derive(Clone, Debug)]
pub struct ClaimRequest {
    /// The claim, which becomes the holder's where it is granted.
    pub claim: Claim,
    /// What the message's payload is recognised by.
    pub digest: PayloadDigest,
    /// The sending that the message comes from: [`Message::hops`](crate::Message::hops). Abandoned claims of another
    /// sending do not count.
    pub generation: u32,
    /// How long the claim holds unless it is renewed.
    pub ttl: Duration,
    /// How long abandoned claims are remembered.
    pub retention: Duration,
}

/// A store's answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// It is granted, and recorded where the end of this process does not undo it.
    Claimed {
        /// How many claims of the same key, payload and generation were abandoned before.
        abandoned: u32,
    },
    /// Somebody else holds a claim.
    InProgress {
        /// When that claim ends, unless it is renewed or released.
        remaining: Duration,
    },
    /// The message was handled before.
    Completed,
    /// Another payload is in progress or was handled under this key.
    Mismatch,
}

/// Remembers which messages are being handled and which were.
///
/// Every change of one record is atomic: of any number of concurrent claims of one key at most one is granted. A
/// claim of the same token is granted again, so that a call whose answer was lost can be repeated.
///
/// | record | same payload | another payload |
/// |---|---|---|
/// | none, or past its retention | claimed | claimed |
/// | released, or a claim whose time has ended | claimed, with the count of abandoned claims | claimed, counting anew |
/// | a claim that holds | in progress | mismatch |
/// | completed | completed | mismatch |
///
/// A claim over one whose time has ended counts that one as abandoned, unless it is of another generation: then the
/// count is zero.
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Claims a key, if nobody holds it and it was not completed.
    ///
    /// # Errors
    /// See [`IdempotencyErrorKind`](crate::idempotency::IdempotencyErrorKind); the claim may have been recorded.
    ///
    /// # Cancel safety
    /// A dropped call may have recorded the claim.
    fn claim(
        &self,
        request: &ClaimRequest,
    ) -> impl Future<Output = Result<ClaimOutcome, IdempotencyError>> + Send;

    /// Lets the claim hold for `ttl` from now. A claim whose time has ended is renewed where nobody else has claimed.
    ///
    /// # Errors
    /// [`ClaimLost`](crate::idempotency::IdempotencyErrorKind::ClaimLost) where the token does not hold the key.
    ///
    /// # Cancel safety
    /// A dropped call may have renewed the claim.
    fn renew(
        &self,
        claim: &Claim,
        ttl: Duration,
    ) -> impl Future<Output = Result<(), IdempotencyError>> + Send;

    /// Records that the message was handled, for `retention` from now; repeating it does no harm.
    ///
    /// # Errors
    /// [`ClaimLost`](crate::idempotency::IdempotencyErrorKind::ClaimLost) where the token does not hold the key.
    ///
    /// # Cancel safety
    /// A dropped call may have recorded it.
    fn complete(
        &self,
        claim: &Claim,
        retention: Duration,
    ) -> impl Future<Output = Result<(), IdempotencyError>> + Send;

    /// Gives the key free without having handled it; this claim does not count as abandoned, earlier ones stay counted.
    ///
    /// # Errors
    /// [`ClaimLost`](crate::idempotency::IdempotencyErrorKind::ClaimLost) where the token does not hold the key.
    ///
    /// # Cancel safety
    /// A dropped call may have given it free.
    fn release(&self, claim: &Claim) -> impl Future<Output = Result<(), IdempotencyError>> + Send;
}

/// [`IdempotencyStore`] behind a pointer; implemented for every store.
pub trait DynIdempotencyStore: Send + Sync + 'static {
    /// [`IdempotencyStore::claim`].
    fn claim<'a>(
        &'a self,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, Result<ClaimOutcome, IdempotencyError>>;
    /// [`IdempotencyStore::renew`].
    fn renew<'a>(&'a self, claim: &'a Claim, ttl: Duration) -> BoxFuture<'a, Result<(), IdempotencyError>>;
    /// [`IdempotencyStore::complete`].
    fn complete<'a>(
        &'a self,
        claim: &'a Claim,
        retention: Duration,
    ) -> BoxFuture<'a, Result<(), IdempotencyError>>;
    /// [`IdempotencyStore::release`].
    fn release<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), IdempotencyError>>;
}

impl<S: IdempotencyStore> DynIdempotencyStore for S {
    fn claim<'a>(
        &'a self,
        request: &'a ClaimRequest,
    ) -> BoxFuture<'a, Result<ClaimOutcome, IdempotencyError>> {
        Box::pin(IdempotencyStore::claim(self, request))
    }

    fn renew<'a>(&'a self, claim: &'a Claim, ttl: Duration) -> BoxFuture<'a, Result<(), IdempotencyError>> {
        Box::pin(IdempotencyStore::renew(self, claim, ttl))
    }

    fn complete<'a>(
        &'a self,
        claim: &'a Claim,
        retention: Duration,
    ) -> BoxFuture<'a, Result<(), IdempotencyError>> {
        Box::pin(IdempotencyStore::complete(self, claim, retention))
    }

    fn release<'a>(&'a self, claim: &'a Claim) -> BoxFuture<'a, Result<(), IdempotencyError>> {
        Box::pin(IdempotencyStore::release(self, claim))
    }
}
