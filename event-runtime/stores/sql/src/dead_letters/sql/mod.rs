//! The statements of the dead letters, for other drivers. Times are milliseconds since 1970-01-01 UTC.

#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;
