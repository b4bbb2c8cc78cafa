//! Data that other projects published, read in place.

#[path = "conformance/schema_compat.rs"]
mod schema_compat;
