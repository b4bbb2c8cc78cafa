//! Pools on paper: the routing of a configuration without its transport, so that no broker is asked.

use std::sync::Arc;

use event_runtime::Message;
use event_runtime::Producer;
use event_runtime::config::{
    BundleError, Config, ConfigError, ConsumerConfig, Inlet, ProducerPoolBundle, Transport,
};
use event_runtime::factory::Packs;
use event_runtime::pool::ProducersPool;
use event_runtime::transport::{
    BoxFuture, DynProducer, KeylessGroup, ProduceError, ProduceErrorKind, ProducerCapabilities,
};

use crate::settings::{PoolSection, ProducerPlace};

/// The pool that a section describes; its producers send nothing.
///
/// # Errors
/// Every mistake of the routing, and of what all transports configure alike.
pub(crate) async fn pool(section: &PoolSection, packs: &Packs) -> Result<ProducersPool, BundleError> {
    let transport = PaperTransport(section.transport.clone());
    let bundle = ProducerPoolBundle::from_config(&section.holder, packs.clone(), &[&transport]).await?;
    Ok(bundle.pool)
}

struct PaperTransport(String);

struct PaperProducer(ProducerPlace);

impl Transport for PaperTransport {
    fn name(&self) -> &str {
        &self.0
    }

    fn producers<'a>(
        &'a self,
        _client: &'a Config,
        configurations: &'a [Config],
    ) -> BoxFuture<'a, Result<Vec<Arc<dyn DynProducer>>, BundleError>> {
        let mut producers: Result<Vec<Arc<dyn DynProducer>>, ConfigError> = Ok(Vec::new());
        for section in configurations {
            let place = ProducerPlace::read(section);
            producers = ConfigError::both(producers, place).map(|(mut producers, place)| {
                producers.push(Arc::new(PaperProducer(place)));
                producers
            });
        }
        Box::pin(async move { Ok(producers?) })
    }

    fn inlet<'a>(
        &'a self,
        _client: &'a Config,
        _configuration: &'a ConsumerConfig,
        section: &'a Config,
    ) -> BoxFuture<'a, Result<Inlet, BundleError>> {
        let error = section.invalid("queue_url", "nothing is received on paper");
        Box::pin(async move { Err(error.into()) })
    }
}

impl Producer for PaperProducer {
    fn id(&self) -> &str {
        &self.0.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        // Which of the groups it is makes no difference to routing.
        let keyless = self.0.keyless.then_some(KeylessGroup::EventId);
        ProducerCapabilities { ordered: self.0.ordered, keyless }
    }

    async fn produce(&self, _message: &Message) -> Result<(), ProduceError> {
        Err(ProduceError::new(ProduceErrorKind::Closed, "this producer is on paper only"))
    }
}
