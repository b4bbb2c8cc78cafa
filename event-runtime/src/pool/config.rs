//! The `producer_pool` section of a configuration.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::envelope::WireFormat;

/// A pool's routing as configuration; [`ProducersPoolBuilder::config`](crate::pool::ProducersPoolBuilder::config)
/// takes it.
///
/// ```
/// # use event_runtime::pool::ProducerPoolConfig;
/// let config: ProducerPoolConfig = serde_json::from_str(r#"{
///     "producer_pool_id": "main",
///     "supported_payload_types": { "audit": ["*"], "rest": ["?"] },
///     "supported_packs": { "payments": ["PaymentsMessagePack"] }
/// }"#)?;
/// assert_eq!(config.supported_payload_types["audit"], ["*"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerPoolConfig {
    /// The pool's name in logs, metrics and reports.
    pub producer_pool_id: String,
    /// Producer id → payload types, `*` (everything) or `?` (what no type or pack rule matches).
    #[serde(default)]
    pub supported_payload_types: BTreeMap<String, Vec<String>>,
    /// Producer id → packs by name.
    #[serde(default)]
    pub supported_packs: BTreeMap<String, Vec<String>>,
    /// Payload types that no pack lists and rules may name all the same, because they are forwarded only.
    #[serde(default)]
    pub external_payload_types: Vec<String>,
    /// The format of what the pool emits: `native` unless set, `cloudevents` or `eventbridge`.
    #[serde(default)]
    pub codec: Option<WireFormat>,
    /// The service's name, which formats with an obligatory source put there; the pool's id unless set.
    #[serde(default)]
    pub service: Option<String>,
}
