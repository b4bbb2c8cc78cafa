//! What is known about messages that were handled before: the store behind the layers
//! [`Idempotent`](crate::layer::Idempotent) and [`PoisonGuard`](crate::layer::PoisonGuard).
//!
//! It owns the [`IdempotencyStore`] trait, its vocabulary, and a store in memory. When a store is asked is the layers'
//! business; stores in databases live in crates of their own, and pass the same suite
//! (`testing::idempotency`, feature `testing`).
//!
//! A record is kept for a *handler name* and a *key*, usually the event's id. It is
//!
//! - **claimed** while somebody handles the message, until the claim's time ends; a claim is renewed while the handler runs;
//! - **completed** when the handling succeeded, until its retention ends;
//! - **released**, which is the same as not there, except that it remembers how many claims before were *abandoned*:
//!   their time ended, and nobody completed or released them. A process that dies abandons its claims.

mod digest;
mod error;
mod memory;
mod store;

pub use digest::PayloadDigest;
pub use error::{IdempotencyError, IdempotencyErrorKind};
pub use memory::InMemoryIdempotencyStore;
pub use store::{Claim, ClaimOutcome, ClaimRequest, ClaimToken, DynIdempotencyStore, IdempotencyStore};
