//! The bundles of a configuration: where producers send, where consumers receive.

use event_runtime::config::{Config, ConfigError, ConsumerConfig};
use serde_json::Value;

const PRODUCER_BUNDLE: &str = "_producer_pool_bundle";
const CONSUMER_BUNDLE: &str = "_consumer_bundle";
/// Sections inside sections inside sections: deeper ones hold no bundles.
const MAX_DEPTH: usize = 4;

/// A section that holds a `<transport>_producer_pool_bundle`.
#[derive(Clone, Debug)]
pub(crate) struct PoolSection {
    pub(crate) transport: String,
    /// The section around the bundle: what a bundle is built from.
    pub(crate) holder: Config,
    pub(crate) bundle: Config,
}

/// A section that holds a `<transport>_consumer_bundle`.
#[derive(Clone, Debug)]
pub(crate) struct ConsumerSection {
    pub(crate) transport: String,
    pub(crate) holder: Config,
    pub(crate) bundle: Config,
}

/// Everything in a configuration that the command line looks at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) pools: Vec<PoolSection>,
    pub(crate) consumers: Vec<ConsumerSection>,
}

/// What every transport's producers have in their configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProducerPlace {
    pub(crate) id: String,
    pub(crate) queue: String,
    pub(crate) ordered: bool,
    pub(crate) keyless: bool,
}

impl Settings {
    /// Looks through all sections.
    pub(crate) fn find(config: &Config) -> Self {
        let mut settings = Self::default();
        settings.look_into(config, 0);
        settings
    }

    fn look_into(&mut self, holder: &Config, depth: usize) {
        for key in holder.keys() {
            let Some(section) = holder.section(key) else { continue };
            let (holder, bundle) = (holder.clone(), section);
            if let Some(transport) = key.strip_suffix(PRODUCER_BUNDLE) {
                self.pools.push(PoolSection { transport: transport.to_owned(), holder, bundle });
            } else if let Some(transport) = key.strip_suffix(CONSUMER_BUNDLE) {
                self.consumers.push(ConsumerSection { transport: transport.to_owned(), holder, bundle });
            } else if depth < MAX_DEPTH {
                self.look_into(&bundle, depth + 1);
            }
        }
    }
}

impl PoolSection {
    /// The producers as far as all transports configure them alike.
    ///
    /// # Errors
    /// Where the list or an element of it is missing or of the wrong type.
    pub(crate) fn producers(&self) -> Result<Vec<ProducerPlace>, ConfigError> {
        let list = self.bundle.require(&format!("{}_producer_configurations", self.transport))?;
        let places = list.elements()?.into_iter().map(|section| ProducerPlace::read(&section));
        ConfigError::all(places)
    }

    pub(crate) fn client(&self) -> Config {
        self.bundle.section_or_empty(&format!("{}_producer_client", self.transport))
    }
}

impl ProducerPlace {
    pub(crate) fn read(section: &Config) -> Result<Self, ConfigError> {
        let text = |key: &str| section.require(key).and_then(|value| value.read::<String>());
        let (id, queue) = ConfigError::both(text("producer_id"), text("queue_url"))?;
        let declared = section.section("is_fifo").map(|value| value.read::<Option<bool>>()).transpose()?;
        let ordered = declared.flatten().unwrap_or_else(|| queue.ends_with(".fifo"));
        let keyless = section
            .section("fifo_group")
            .is_some_and(|group| group.read::<Value>().is_ok_and(|group| !group.is_null()));
        Ok(Self { id, queue, ordered, keyless })
    }
}

impl ConsumerSection {
    /// The name that people give it: the section around the bundle, or the transport.
    pub(crate) fn name(&self) -> String {
        let path = self.holder.path();
        if path.is_empty() { self.transport.clone() } else { path.to_owned() }
    }

    pub(crate) fn client(&self) -> Config {
        self.bundle.section_or_empty(&format!("{}_consumer_client", self.transport))
    }

    /// # Errors
    /// Keys that no consumer bundle has, and a bundle that is no object.
    pub(crate) fn check_keys(&self) -> Result<(), ConfigError> {
        let transport = &self.transport;
        let known = [format!("{transport}_consumer_client"), format!("{transport}_consumer_configuration")];
        self.bundle.check_keys(&known.each_ref().map(String::as_str))
    }

    pub(crate) fn configuration(&self) -> Result<ConsumerConfig, ConfigError> {
        self.bundle.require(&format!("{}_consumer_configuration", self.transport))?.read()
    }
}

/// The last part of a queue's address: its name.
pub(crate) fn queue_name(address: &str) -> &str {
    address.rsplit(['/', ':']).next().filter(|name| !name.is_empty()).unwrap_or(address)
}
