//! `registry`: the schemas of events in a schema registry. The client is [`event_registry`]'s.

mod check;
mod fetch;
mod register;

use clap::{Args, Subcommand};
use event_registry::{Registry, RegistryConfig, RegistryError, RegistryErrorKind};
use event_runtime::config::Config;
use event_runtime::event::EventDescriptor;
use event_runtime::pool::ProducersPoolBuilder;

use crate::command::schema::Which;
use crate::context::Context;
use crate::failure::{Failure, Result};

/// The commands under `registry`.
#[derive(Subcommand)]
pub(crate) enum RegistryCommand {
    /// Does the registry have every schema, and would it take those that it lacks?
    Check(check::Check),
    /// Register the schemas that the registry lacks
    Register(register::Register),
    /// Print a schema of the registry
    Fetch(fetch::Fetch),
}

impl RegistryCommand {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        match self {
            Self::Check(command) => command.run(context).await,
            Self::Register(command) => command.run(context).await,
            Self::Fetch(command) => command.run(context).await,
        }
    }
}

/// Which registry.
#[derive(Args)]
struct Whose {
    /// The registry's address; that of the configuration's `schema_registry` unless given
    #[arg(long, value_name = "URL", env = "SCHEMA_REGISTRY_URL")]
    url: Option<String>,
    /// How subjects are called
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
}

impl Whose {
    fn registry(&self, context: &Context) -> Result<Registry> {
        let configured = match context.optional_config()? {
            Some(config) => RegistryConfig::from_config(&config)?.map(|(section, _)| section),
            None => None,
        };
        let mut config = match (configured, &self.url) {
            (Some(mut config), Some(url)) => {
                // Credentials are for the address that they stand beside.
                if config.url != *url {
                    config = RegistryConfig { subject: config.subject, ..RegistryConfig::new(url) };
                }
                config
            }
            (Some(config), None) => config,
            (None, Some(url)) => RegistryConfig::new(url),
            (None, None) => {
                let text = "no registry is named: give --url URL, set SCHEMA_REGISTRY_URL, or give --config FILE with a \
                    section `schema_registry`";
                return Err(Failure::usage(text));
            }
        };
        if let Some(subject) = &self.subject {
            config.subject =
                subject.parse().map_err(|error| Failure::usage(format!("--subject: {error}")))?;
        }
        Registry::new(config).map_err(|error| Failure::usage(crate::failure::chain(&error)))
    }
}

/// Every version of the events that are meant, oldest first: older ones come before those that replace them.
fn versions(which: &Which, context: &Context) -> Result<Vec<&'static EventDescriptor>> {
    let packs = which.packs(context)?;
    let mut all = Vec::new();
    for event in packs.iter().flat_map(|pack| pack.events.iter().copied()) {
        let mut versions: Vec<_> = event.versions().collect();
        versions.reverse();
        all.extend(versions);
    }
    Ok(all)
}

/// The builder with the id of an event's schema, where the configuration has a registry.
pub(crate) async fn with_schema_ids(
    builder: ProducersPoolBuilder,
    config: &Config,
    context: &Context,
    payload_type: &str,
) -> Result<ProducersPoolBuilder> {
    let Some(registry) = Registry::from_config(config)? else { return Ok(builder) };
    let ids = registry.schema_ids(context.factory.pack_of(payload_type)).await;
    Ok(builder.schema_ids(ids.map_err(|error| Failure::failed(&error))?))
}

/// What the registry of a configuration lacks or refuses, one sentence a schema; `None` where there is no registry.
pub(crate) async fn complaints(config: &Config, context: &Context) -> Result<Option<Vec<String>>> {
    let Some(registry) = Registry::from_config(config)? else { return Ok(None) };
    let mut complaints = Vec::new();
    for event in context.packs.events() {
        let subject = registry.subjects().of(event);
        match check::look(&registry, event).await? {
            check::State::Registered(_) => {}
            check::State::Allowed => {
                complaints.push(format!("{subject} is not registered; run `registry register`"));
            }
            check::State::Refused(messages) => {
                complaints.push(format!("{subject} is refused: {}", messages.join("; ")));
            }
        }
    }
    Ok(Some(complaints))
}

/// Whether the registry says that it does not have what was asked for.
fn is_missing(error: &RegistryError) -> bool {
    matches!(
        error.kind(),
        RegistryErrorKind::SubjectNotFound
            | RegistryErrorKind::VersionNotFound
            | RegistryErrorKind::SchemaNotFound
    )
}
