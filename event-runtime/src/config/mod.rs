//! Configuration: values with `${env.NAME}`, checked as a whole, and what is built from it.
//!
//! It owns the reading of files, the interpolation of environment variables, typed reading with every mistake
//! reported by its path, and the bundles that choose a transport by configuration alone. What a section means belongs
//! to its reader: a pool's rules to [`pool`](crate::pool), a transport's keys to the transport.
//!
//! # Text from the environment
//! - `${env.NAME}` stands for the variable, `${env.NAME:-default}` for `default` where it is unset or empty. Both work
//!   inside longer strings, in values and not in keys. The default is taken as it is, up to the first `}`.
//! - `$${` is a literal `${`. Any other `${` is an error.
//! - A string that consists of one placeholder takes the type that its reader asks for: `"${env.PORT}"` may be read as
//!   a number, `"${env.FIFO:-true}"` as a boolean; for an optional value an empty text means that it is absent. In all
//!   other places the result is text.
//!
//! # Reports
//! A [`ConfigError`] lists every mistake that can be seen at once, each with its path
//! (`sqs_consumer_bundle.sqs_consumer_configuration.wait_time_seconds`), and quotes no value, so that no secret can
//! get into a log. [`BundleError::both`] and [`BundleError::all`] join the reports of an application's bundles into one.

mod bounds;
mod bundle;
mod bundle_error;
mod consumer;
mod document;
mod environment;
mod error;
mod interpolate;
mod node;
mod order;
mod paper;
mod read;
mod read_error;
mod reader;
mod secret;
mod transport;

pub use bounds::{between, optional_between};
pub use bundle::{ConsumerBundle, ProducerPoolBundle};
pub use bundle_error::{BundleError, BundleErrorKind};
pub use consumer::ConsumerConfig;
pub use document::Config;
pub use environment::{Environment, ProcessEnvironment};
pub use error::{ConfigError, ConfigProblem, ConfigProblemKind};
pub use secret::Secret;
pub use transport::{Inlet, Transport};
