//! A transport that is configured like SQS and keeps in memory what its producers take.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use event_runtime::config::{BundleError, Config, ConsumerConfig, Inlet, Secret, Transport};
use event_runtime::transport::{BoxFuture, DynProducer, ProduceError, ProducerCapabilities};
use event_runtime::{Message, Producer};
use serde::Deserialize;

type Log = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

#[derive(Default)]
pub(super) struct InMemory(Log);

impl InMemory {
    /// Payload types and ordering keys of what a producer took.
    pub(super) fn taken(&self, producer: &str) -> Vec<String> {
        self.0.lock().unwrap().get(producer).cloned().unwrap_or_default()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to check that the section has these keys and no others")]
struct Client {
    region: String,
    endpoint_url: String,
    access_key_id: Secret,
    secret_access_key: Secret,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "read to check that the section has these keys and no others")]
struct Queue {
    producer_id: String,
    queue_url: String,
    is_fifo: bool,
}

impl Transport for InMemory {
    fn name(&self) -> &str {
        "sqs"
    }

    fn producers<'a>(
        &'a self,
        client: &'a Config,
        configurations: &'a [Config],
    ) -> BoxFuture<'a, Result<Vec<Arc<dyn DynProducer>>, BundleError>> {
        Box::pin(async move {
            client.read::<Client>()?;
            let mut producers: Vec<Arc<dyn DynProducer>> = Vec::new();
            for configuration in configurations {
                let Queue { producer_id: id, is_fifo: fifo, .. } = configuration.read()?;
                producers.push(Arc::new(Recorder { id, fifo, log: self.0.clone() }));
            }
            Ok(producers)
        })
    }

    fn inlet<'a>(
        &'a self,
        _: &'a Config,
        _: &'a ConsumerConfig,
        section: &'a Config,
    ) -> BoxFuture<'a, Result<Inlet, BundleError>> {
        let error = section.invalid("queue_url", "this transport has no queues to read from");
        Box::pin(async move { Err(error.into()) })
    }
}

struct Recorder {
    id: String,
    fifo: bool,
    log: Log,
}

impl Producer for Recorder {
    fn id(&self) -> &str {
        &self.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        ProducerCapabilities { ordered: self.fifo, ..ProducerCapabilities::default() }
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        let metadata = message.metadata();
        let key = metadata.partition_key.as_deref().unwrap_or("none");
        let entry = format!("{}, key {key}", metadata.payload_type);
        self.log.lock().unwrap().entry(self.id.clone()).or_default().push(entry);
        Ok(())
    }
}
