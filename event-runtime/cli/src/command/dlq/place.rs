//! Which queue is meant: a consumer's section, its dead letters, or a queue by its address.

use event_runtime::config::{Config, Inlet, ProcessEnvironment};
use serde_json::json;

use crate::context::Context;
use crate::failure::{Failure, Result, chain};
use crate::settings::{ConsumerSection, Settings, queue_name};

/// A queue that the command line reads.
pub(crate) struct Place {
    transport: String,
    client: Config,
    /// The whole configuration, for the sections that transports keep beside the bundles.
    config: Config,
    pub(crate) queue: String,
    /// Where its letters go back to, where the configuration says it.
    pub(crate) origin: Option<String>,
}

/// The queue of a consumer, or any other by name or URL.
pub(crate) fn queue(context: &Context, config: &Config, name: &str) -> Result<Place> {
    let settings = Settings::find(config);
    if let Some(section) = settings.consumers.iter().find(|section| section.name() == name) {
        let queue = section.configuration()?.queue_url;
        return Ok(place(config, section, queue, None));
    }
    by_address(context, config, &settings, name)
}

/// The dead letters of a consumer (of the only one unless named), or any queue by name or URL.
pub(crate) async fn dead_letters(context: &Context, config: &Config, name: Option<&str>) -> Result<Place> {
    let settings = Settings::find(config);
    let mut named =
        settings.consumers.iter().filter(|section| name.is_none_or(|name| section.name() == name));
    match (named.next(), named.next(), name) {
        (Some(section), None, _) => of_consumer(context, config, section).await,
        (None, _, Some(name)) => by_address(context, config, &settings, name),
        (None, _, None) => {
            Err(Failure::usage("the configuration has no consumer; name the queue of dead letters"))
        }
        (Some(_), Some(_), _) => {
            let known: Vec<_> = settings.consumers.iter().map(ConsumerSection::name).collect();
            Err(Failure::usage(format!("several consumers; name one, or a queue: {}", known.join(", "))))
        }
    }
}

async fn of_consumer(context: &Context, config: &Config, section: &ConsumerSection) -> Result<Place> {
    let configuration = section.configuration()?;
    let origin = configuration.queue_url.clone();
    if let Some(queue) = configuration.dead_letter_queue_url {
        return Ok(place(config, section, queue, Some(origin)));
    }
    // The queue's own redrive policy says it.
    let own = place(config, section, origin.clone(), None);
    let inlet = own.inlet(context, None).await?;
    let info = inlet.source.describe().await.map_err(|error| Failure::failed(&error))?;
    match info.redrive {
        Some(redrive) => Ok(place(config, section, redrive.destination.name().to_owned(), Some(origin))),
        None => Err(Failure::Failed(format!(
            "consumer `{}` has no dead-letter queue: neither `dead_letter_queue_url` nor a redrive policy of queue `{}` \
             names one",
            section.name(),
            queue_name(&origin)
        ))),
    }
}

/// A queue that the configuration names somewhere, or one of the only transport.
fn by_address(context: &Context, config: &Config, settings: &Settings, name: &str) -> Result<Place> {
    let is_meant = |address: &str| address == name || queue_name(address) == name;
    for section in &settings.consumers {
        let configuration = section.configuration()?;
        let dead_letters = configuration.dead_letter_queue_url;
        if let Some(queue) = dead_letters.filter(|address| is_meant(address)) {
            return Ok(place(config, section, queue, Some(configuration.queue_url)));
        }
        if is_meant(&configuration.queue_url) {
            return Ok(place(config, section, configuration.queue_url, None));
        }
    }
    let own = settings.consumers.iter().map(|section| (section.transport.clone(), section.client()));
    let pools = settings.pools.iter().map(|section| (section.transport.clone(), section.client()));
    let mut known: Vec<_> = own.chain(pools).collect();
    known.dedup_by(|left, right| left.0 == right.0);
    let only = match known.len() {
        1 => known.pop(),
        _ => None,
    };
    let (transport, client) = only.ok_or_else(|| {
        let names: Vec<_> = settings.consumers.iter().map(ConsumerSection::name).collect();
        Failure::usage(format!(
            "the configuration names no queue `{name}` (its consumers: {}), and it does not say of which transport it is",
            names.join(", ")
        ))
    })?;
    context.backend(config, &transport)?;
    Ok(Place { transport, client, config: config.clone(), queue: name.to_owned(), origin: None })
}

fn place(config: &Config, section: &ConsumerSection, queue: String, origin: Option<String>) -> Place {
    let (transport, client) = (section.transport.clone(), section.client());
    Place { transport, client, config: config.clone(), queue, origin }
}

impl Place {
    /// A source over the queue, and a sink into `destination`, where there is one.
    pub(crate) async fn inlet(&self, context: &Context, destination: Option<&str>) -> Result<Inlet> {
        let backend = context.backend(&self.config, &self.transport)?;
        let section = json!({
            "queue_url": self.queue,
            "dead_letter_queue_url": destination,
            // Nothing is handled here, so nothing is exhausted.
            "on_exhausted": "discard",
            "requeue_max_retries": 0,
        });
        let section = Config::from_value(section, &ProcessEnvironment);
        let inlet = backend.transport().inlet(&self.client, &section.read()?, &section).await;
        inlet.map_err(|error| {
            let settings = Settings::find(&self.config);
            let known: Vec<_> = settings.consumers.iter().map(ConsumerSection::name).collect();
            let known = match known.len() {
                0 => String::new(),
                _ => format!("; consumers that may be named instead: {}", known.join(", ")),
            };
            Failure::Failed(format!(
                "queue `{}` can't be used: {}{known}",
                queue_name(&self.queue),
                chain(&error)
            ))
        })
    }

    /// How many letters there are, where the transport tells.
    pub(crate) async fn visible(&self, context: &Context) -> Option<u64> {
        let backend = context.backend(&self.config, &self.transport).ok()?;
        backend.stats(&self.client, &self.queue).await.ok()?.visible
    }
}
