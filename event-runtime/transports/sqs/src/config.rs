//! The transport's own sections of a configuration.

use std::time::Duration;

use event_runtime::config::{Config, ConfigError, Secret, between};
use event_runtime::transport::KeylessGroup;
use serde::Deserialize;

use crate::producer::ProducerSettings;

/// The `sqs_producer_client` and `sqs_consumer_client` sections: how to reach SQS.
///
/// Every key may be absent, and an empty text is as good as absent. Without keys here the AWS SDK's default chain
/// finds credentials and region (environment, profile, web identity, container, instance).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SqsClientConfiguration {
    /// The region, such as `eu-central-1`.
    pub region: Option<String>,
    /// Another address than AWS's own: the local endpoint, LocalStack, a VPC endpoint.
    pub endpoint_url: Option<String>,
    /// The access key's id.
    pub access_key_id: Option<String>,
    /// The access key's secret.
    pub secret_access_key: Option<Secret>,
    /// The session token of temporary credentials.
    pub session_token: Option<Secret>,
    /// How long one call may take, in seconds: 21 to 900, 30 unless set. A receive alone waits up to 20.
    #[serde(deserialize_with = "timeout")]
    pub call_timeout_seconds: Option<u64>,
    /// For development: at start-up, create the queues that are missing, with dead-letter queues beside them.
    pub create_missing_queues: bool,
}

/// One element of `sqs_producer_configurations`: a producer and its queue.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqsProducerConfiguration {
    /// The producer's name in routing rules, logs and metrics.
    pub producer_id: String,
    /// The queue's URL, or its name in the client's account and region.
    pub queue_url: String,
    /// Whether the queue is FIFO; where it is set, the queue's name must say the same.
    #[serde(default)]
    pub is_fifo: Option<bool>,
    /// On a FIFO queue, the group of an event without an ordering key: `payload_type` or `event_id`. Without it
    /// such an event is refused.
    #[serde(default)]
    pub fifo_group: Option<KeylessGroup>,
    /// On a standard queue, the tenant as message group, so that no tenant's backlog delays the others.
    #[serde(default)]
    pub tenant_as_group: bool,
    /// On a FIFO queue, several events of one group in one call; see [`ProducerSettings::group_batches`].
    #[serde(default)]
    pub batch_groups: bool,
    /// How long an event waits for others to share a call with, in milliseconds: 0 to 1000, 0 unless set.
    #[serde(default, deserialize_with = "between::<_, _, 0, 1_000>")]
    pub linger_milliseconds: u64,
    /// How often an event is sent at most: 1 to 20, 5 unless set.
    #[serde(default = "five", deserialize_with = "between::<_, _, 1, 20>")]
    pub max_attempts: u32,
}

impl SqsProducerConfiguration {
    /// The producer's settings.
    pub fn settings(&self) -> ProducerSettings {
        ProducerSettings {
            keyless_group: self.fifo_group,
            tenant_groups: self.tenant_as_group,
            group_batches: self.batch_groups,
            linger: Duration::from_millis(self.linger_milliseconds),
            max_attempts: self.max_attempts,
        }
    }
}

fn five() -> u32 {
    5
}

fn timeout<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    between::<D, u64, 21, 900>(deserializer).map(Some)
}

impl SqsClientConfiguration {
    /// Reads a section and checks what its keys say together.
    ///
    /// # Errors
    /// Every mistake of the section by its path.
    pub fn read(section: &Config) -> Result<Self, ConfigError> {
        let configuration: Self = section.read()?;
        match (text(&configuration.access_key_id), secret(&configuration.secret_access_key)) {
            (Some(_), None) => Err(section.invalid(
                "secret_access_key",
                "missing beside `access_key_id`; give both, or neither for the AWS SDK's own chain",
            )),
            (None, Some(_)) => Err(section.invalid(
                "access_key_id",
                "missing beside `secret_access_key`; give both, or neither for the AWS SDK's own chain",
            )),
            _ => Ok(configuration),
        }
    }
}

pub(crate) fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|value| !value.is_empty())
}

pub(crate) fn secret(value: &Option<Secret>) -> Option<&str> {
    value.as_ref().map(Secret::expose).filter(|value| !value.is_empty())
}
