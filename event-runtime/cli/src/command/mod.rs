//! The commands, one a file.

pub(crate) mod catalog;
pub(crate) mod completions;
pub(crate) mod dlq;
pub(crate) mod doctor;
pub(crate) mod emit;
pub(crate) mod queue;
#[cfg(feature = "registry")]
pub(crate) mod registry;
pub(crate) mod routes;
pub(crate) mod schema;
pub(crate) mod tail;
