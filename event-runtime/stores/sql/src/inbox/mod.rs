//! The inbox: messages handled once, on PostgreSQL and SQLite.
//!
//! Owns the table `event_inbox` and two ways to use it, which may share it under different handler names:
//!
//! - [`SqlInbox`] is a store for the layers `Idempotent` and `PoisonGuard` of [`event_runtime::layer`]: *record after*.
//! - [`Transactional`] gives the handler a transaction ([`Tx`]), and what the handler writes commits together with the
//!   record that the message was handled, or not at all.
//!
//! | | handler runs | its effects in this database | its other effects |
//! |---|---|---|---|
//! | `Idempotent` over [`SqlInbox`] | once, and again where the process ends before the record is written | as often as it runs | as often as it runs |
//! | [`Transactional`] | once, and again where its transaction did not commit | exactly once | as often as it runs |
//!
//! An event that the handler emits through the outbox in its transaction is an effect in this database.

#[cfg_attr(not(any(feature = "postgres", feature = "sqlite")), allow(unused, reason = "nothing to speak to"))]
mod sql;
mod store;
mod transactional;
mod tx;

pub(crate) use sql::Queries;
#[cfg(feature = "postgres")]
pub use sql::postgres;
#[cfg(feature = "sqlite")]
pub use sql::sqlite;
pub use store::SqlInbox;
pub use transactional::Transactional;
pub use tx::Tx;
