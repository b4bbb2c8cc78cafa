//! What an application builds from its configuration: a pool with its producers, a consumer with its source.

use std::fmt;

use crate::config::error::{ConfigProblem, ConfigProblemKind as Kind};
use crate::config::interpolate::join_key;
use crate::config::{BundleError, Config, ConfigError, ConsumerConfig, Inlet, Transport, paper};
use crate::consumer::Consumer;
use crate::factory::PackDescriptor;
use crate::handler::Endpoint;
use crate::nearest::nearest;
use crate::pool::{ProducerPoolConfig, ProducersPool, ProducersPoolBuilder};

const PRODUCER_BUNDLE: &str = "_producer_pool_bundle";
const CONSUMER_BUNDLE: &str = "_consumer_bundle";

/// A producer pool and the transport that its configuration chose.
#[derive(Debug)]
pub struct ProducerPoolBundle {
    /// The transport's name.
    pub transport: String,
    /// The pool.
    pub pool: ProducersPool,
}

impl ProducerPoolBundle {
    /// Builds what `<transport>_producer_pool_bundle` says, by whichever of `transports` it names: the section's
    /// `<transport>_producer_client`, `<transport>_producer_configurations` and `producer_pool`.
    ///
    /// # Errors
    /// [`BundleErrorKind::Config`](crate::config::BundleErrorKind::Config) with every mistake of the configuration,
    /// [`BundleErrorKind::Pool`](crate::config::BundleErrorKind::Pool) with every mistake of the routing,
    /// [`BundleErrorKind::Transport`](crate::config::BundleErrorKind::Transport).
    ///
    /// # Cancel safety
    /// A dropped call builds nothing.
    pub async fn from_config(
        config: &Config,
        packs: impl IntoIterator<Item = &'static PackDescriptor>,
        transports: &[&dyn Transport],
    ) -> Result<Self, BundleError> {
        Self::from_config_with(config, ProducersPool::builder("").packs(packs), transports).await
    }

    /// [`ProducerPoolBundle::from_config`] with a builder that has its packs, and whatever configuration can't say: a
    /// clock, a codec, a hook.
    ///
    /// # Errors
    /// Those of [`ProducerPoolBundle::from_config`].
    ///
    /// # Cancel safety
    /// A dropped call builds nothing.
    pub async fn from_config_with(
        config: &Config,
        builder: ProducersPoolBuilder,
        transports: &[&dyn Transport],
    ) -> Result<Self, BundleError> {
        let (transport, bundle) = choose(config, PRODUCER_BUNDLE, transports)?;
        let name = transport.name();
        let (client, list) = (format!("{name}_producer_client"), format!("{name}_producer_configurations"));
        let rules =
            bundle.section("producer_pool").and_then(|section| section.read_apart::<ProducerPoolConfig>());
        let keys = bundle.check_keys(&[&client, &list, "producer_pool"]);
        let pool = bundle.require("producer_pool").and_then(|section| section.read::<ProducerPoolConfig>());
        let list = bundle.require(&list).and_then(|section| section.elements());
        let settings = ConfigError::both(keys, pool).map(|((), pool)| pool);
        let producers = match &list {
            Ok(list) => transport.producers(&bundle.section_or_empty(&client), list).await,
            Err(error) => Err(error.clone().into()),
        };
        match BundleError::both(settings, producers) {
            Ok((pool, producers)) => {
                let pool = builder.config(pool).shared_producers(producers).build()?;
                Ok(Self { transport: name.into(), pool })
            }
            Err(error) => Err(match (rules, list) {
                (Some(rules), Ok(list)) => match paper::check(builder, rules, &list) {
                    Some(problems) => error.and(problems),
                    None => error,
                },
                _ => error,
            }),
        }
    }
}

/// A consumer and the transport that its configuration chose.
pub struct ConsumerBundle {
    /// The transport's name.
    pub transport: String,
    /// The configuration as it was read.
    pub configuration: ConsumerConfig,
    /// The source and the dead-letter destination.
    pub inlet: Inlet,
    /// A consumer of that source, ready to run; add a scope validator or a clock where needed.
    pub consumer: Consumer,
}

impl ConsumerBundle {
    /// Builds what `<transport>_consumer_bundle` says, by whichever of `transports` it names: the section's
    /// `<transport>_consumer_client` and `<transport>_consumer_configuration`.
    ///
    /// An application with several consumers gives each a section of its own, with a bundle in it.
    ///
    /// # Errors
    /// [`BundleErrorKind::Config`](crate::config::BundleErrorKind::Config) with every mistake of the configuration,
    /// [`BundleErrorKind::Transport`](crate::config::BundleErrorKind::Transport).
    ///
    /// # Cancel safety
    /// A dropped call builds nothing.
    pub async fn from_config(config: &Config, transports: &[&dyn Transport]) -> Result<Self, BundleError> {
        let (transport, bundle) = choose(config, CONSUMER_BUNDLE, transports)?;
        let name = transport.name();
        let (client, section) = (format!("{name}_consumer_client"), format!("{name}_consumer_configuration"));
        let keys = bundle.check_keys(&[&client, &section]);
        let section = bundle.require(&section);
        let configuration = section.clone().and_then(|section| section.read::<ConsumerConfig>());
        let ((), configuration) = ConfigError::both(keys, configuration)?;
        let client = bundle.section_or_empty(&client);
        let inlet = transport.inlet(&client, &configuration, &section?).await?;
        let mut consumer =
            Consumer::from_shared(inlet.source.clone()).with_settings(configuration.settings());
        if let Some(sink) = &inlet.dead_letters {
            consumer = consumer.with_shared_dead_letters(sink.clone());
        }
        Ok(Self { transport: name.into(), configuration, inlet, consumer })
    }

    /// Whether the handlers of this endpoint, a router for instance, go together: what [`Consumer::run`] would refuse
    /// to start with, for a check of everything at once ([`BundleError::both`]).
    ///
    /// # Errors
    /// [`BundleErrorKind::Routes`](crate::config::BundleErrorKind::Routes) with every overlap.
    pub fn check_routes(endpoint: &impl Endpoint) -> Result<(), BundleError> {
        BundleError::from_routes(endpoint.problems()).map_or(Ok(()), Err)
    }
}

impl fmt::Debug for ConsumerBundle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ConsumerBundle")
            .field("transport", &self.transport)
            .field("configuration", &self.configuration)
            .finish_non_exhaustive()
    }
}

/// The one transport whose bundle stands in the configuration, and that bundle.
fn choose<'t>(
    config: &Config,
    suffix: &str,
    transports: &[&'t dyn Transport],
) -> Result<(&'t dyn Transport, Config), ConfigError> {
    config.check_object()?;
    let known: Vec<String> =
        transports.iter().map(|transport| format!("{}{suffix}", transport.name())).collect();
    let mut problems = Vec::new();
    for key in config.keys().filter(|key| key.ends_with(suffix)) {
        if !known.iter().any(|name| name == key) {
            let nearest = nearest(key, known.iter().map(String::as_str)).map(str::to_owned);
            let text = absent(key.strip_suffix(suffix).unwrap_or(key), transports);
            let problem = ConfigProblem::new(Kind::UnknownKey, join_key(config.path(), key), text);
            problems.push(problem.with_nearest(nearest));
        }
    }
    let mut found = transports
        .iter()
        .zip(&known)
        .filter_map(|(transport, key)| config.section(key).map(|section| (*transport, section)));
    let first = found.next();
    for (_, section) in found {
        let text = "a second bundle of the same kind; keep one";
        problems.push(ConfigProblem::new(Kind::Invalid, section.path(), text));
    }
    match first {
        Some(first) if problems.is_empty() => Ok(first),
        None if problems.is_empty() => {
            let near = known.iter().find_map(|key| nearest(key, config.keys()));
            let near = near.map(|key| format!("; is `{key}` meant to be it?")).unwrap_or_default();
            let text = format!("one of `{}` is missing{near}", known.join("`, `"));
            Err(config.report(vec![ConfigProblem::new(Kind::MissingKey, config.path(), text)]))
        }
        _ => Err(config.report(problems)),
    }
}

/// The transports of this project: each by its name, what to add to a `Cargo.toml`, and the type to hand over.
const TRANSPORTS: [(&str, &str, &str); 3] = [
    ("embedded", "feature `embedded` of crate `event-runtime`", "event_runtime::embedded::EmbeddedTransport"),
    ("sqlite", "crate `event-transport-sqlite`", "event_transport_sqlite::SqliteTransport"),
    ("sqs", "crate `event-transport-sqs`", "event_transport_sqs::SqsTransport"),
];

/// What to do about a transport that this application does not hand over.
fn absent(name: &str, transports: &[&dyn Transport]) -> String {
    let given: Vec<_> = transports.iter().map(|transport| format!("`{}`", transport.name())).collect();
    let given = if given.is_empty() { "none".into() } else { given.join(", ") };
    match TRANSPORTS.iter().find(|(known, ..)| *known == name) {
        Some((_, package, transport)) => format!(
            "transport `{name}` is not among those that this application hands to its bundles ({given}): add \
             {package}, and `{transport}` to the list"
        ),
        None => format!("no transport of this name is handed to the bundle; those handed over are {given}"),
    }
}
