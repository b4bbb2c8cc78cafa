//! The statements of the outbox, for drivers and languages that this crate does not serve.
//!
//! Whoever inserts rows by [`postgres::INSERT`] or [`sqlite::INSERT`] inside a transaction of their own has an outbox that a
//! [`Relay`](crate::Relay) empties. Placeholders are `$1`, `$2`, …; times are milliseconds since 1970-01-01 UTC; lists are texts
//! of JSON, but for the arrays of PostgreSQL's `INSERT`. Tables carry no schema: `search_path` says where they are.
//!
//! | statement | run | parameters |
//! |---|---|---|
//! | `INSERT` | in the writer's transaction | see the constant |
//! | `TURN` (PostgreSQL) | alone | name of the claim, published sequences, now, end of the lease, most rows, whether to wait for the disk |
//! | `END_CLAIMS`, `PICK`, `CLAIM` (SQLite) | in one transaction | see the constants |
//! | `EXTEND` | alone | sequences that are left, name of the claim, new end of the lease |
//! | `REMOVE_PUBLISHED` | settling | sequences |
//! | `KEEP_PUBLISHED` | settling | sequences, now |
//! | `FAIL` | settling | objects with `sequence`, `refusals`, `state`, `available_at`, `settled_at`, `error`, `progress`; name of the claim |
//! | `END` | settling | name of the claim |
//! | `CLEAN_UP` | alone | kept since before then, most rows |
//! | `STATS` | alone | now |
//! | `LIST_SET_ASIDE` | alone | most rows |
//! | `PUT_BACK` | alone | sequences |
//! | `DISCARD` | alone | sequences |
//! | `LIST_PARTLY_PUBLISHED`, `CHANGE_PROGRESS`, `REMOVE_TAKEN` | alone | see the constants |
//!
//! Settling = one transaction of whatever applies. A relay claims, publishes the rows of one key one after the other in the order
//! of their sequence, stops a key at its first failure, and settles.

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
