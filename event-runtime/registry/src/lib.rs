//! Schema registries that speak Confluent's REST API: register an event's schema, check it, fetch one; and the ids of
//! schemas in message headers.
//!
//! It owns the calls, their errors and retries, the `schema_registry` section of a configuration, and how an event's
//! schema is called in a registry ([`Subjects`]). It is a crate of its own because an HTTP client and TLS have no place
//! in `event-runtime`, and because an application that only wants ids in its headers needs no command line. What a
//! change of a schema breaks is decided by [`schema::compat`](event_runtime::schema::compat) whatever a registry says.
//!
//! ```no_run
//! # async fn example(packs: event_runtime::Packs) -> Result<(), Box<dyn std::error::Error>> {
//! use event_registry::Registry;
//! use event_runtime::config::{Config, ProcessEnvironment, ProducerPoolBundle};
//! use event_runtime::ProducersPool;
//!
//! let config = Config::from_path("config.json", &ProcessEnvironment)?;
//! let mut pool = ProducersPool::builder("").packs(packs.clone());
//! if let Some(registry) = Registry::from_config(&config)? {
//!     // Every event of these packs carries `schema-id: <id>` from now on; the registry is not asked again.
//!     pool = pool.schema_ids(registry.schema_ids(packs).await?);
//! }
//! # let transport = event_runtime::embedded::EmbeddedTransport::from_config(&config, event_runtime::Clock::system())?;
//! let bundle = ProducerPoolBundle::from_config_with(&config, pool, &[&transport]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Configuration
//! ```json
//! { "schema_registry": {
//!     "url": "https://registry.example.com",
//!     "username": "${env.REGISTRY_KEY}", "password": "${env.REGISTRY_SECRET}",
//!     "subject": "{type}.v{version}",
//!     "header": "schema-id",
//!     "register": false,
//!     "call_timeout_seconds": 10, "max_attempts": 4 } }
//! ```
//! `token` stands for `username` and `password` where the registry wants a bearer token. With `register: true` a service
//! registers what is missing when it starts; otherwise a missing schema is an error that names them all, and
//! `events registry register` is a step of the deployment.

mod client;
mod config;
mod error;
mod ids;
#[cfg(feature = "local")]
pub mod local;
mod subject;

pub use client::{Checked, Fetched, Registered, Registry, Version};
pub use config::RegistryConfig;
pub use error::{RegistryError, RegistryErrorKind};
pub use ids::{MissingSchemas, SchemaIdsError};
pub use subject::Subjects;
