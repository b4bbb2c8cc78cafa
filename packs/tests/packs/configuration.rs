//! The source design's configuration starts with the eleven packs as it stands, and routes as it says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use event_packs::notification::GenericPushNotificationEvent;
use event_packs::payments::WalletSubscriptionCreatedEvent;
use event_packs::user::PasswordRecoveryOTPSMS;
use event_runtime::pool::{PoolProblemKind, ProducerPoolConfig, ProducersPool};
use event_runtime::transport::{ProduceError, ProducerCapabilities};
use event_runtime::{Event, IntoEnvelope, Message, Producer, Registered};
use serde_json::json;

/// Payload types and ordering keys by the producer that took them.
type Taken = Arc<Mutex<BTreeMap<&'static str, Vec<(String, Option<String>)>>>>;

struct InMemory {
    id: &'static str,
    fifo: bool,
    taken: Taken,
}

impl Producer for InMemory {
    fn id(&self) -> &str {
        self.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        ProducerCapabilities { ordered: self.fifo, ..ProducerCapabilities::default() }
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        let metadata = message.metadata();
        let entry = (metadata.payload_type.clone().into_owned(), metadata.partition_key.clone());
        self.taken.lock().unwrap().entry(self.id).or_default().push(entry);
        Ok(())
    }
}

fn producer_pool(
    config: serde_json::Value,
) -> (Result<ProducersPool, event_runtime::pool::PoolError>, Taken) {
    let taken = Taken::default();
    let producer = |id, fifo| InMemory { id, fifo, taken: taken.clone() };
    let config: ProducerPoolConfig = serde_json::from_value(config).unwrap();
    let pool = ProducersPool::builder("pool")
        .packs(event_packs::all().descriptors())
        .producer(producer("notifications_producer", false))
        .producer(producer("payments_producer", true))
        .config(config)
        .build();
    (pool, taken)
}

fn source_design() -> serde_json::Value {
    json!({
        "producer_pool_id": "main-producer-pool",
        "supported_payload_types": {
            "notifications_producer": ["GenericPushNotificationEvent", "CampaignPushNotificationEvent"],
            "payments_producer": ["*"]
        },
        "supported_packs": { "payments_producer": ["PaymentsMessagePack"] }
    })
}

fn fixture<E: Event>(json: &str) -> E {
    E::from_json(E::VERSION, json).unwrap()
}

#[tokio::test]
async fn the_source_design_s_pool_starts_and_routes() {
    let (pool, taken) = producer_pool(source_design());
    let pool = pool.unwrap();
    assert_eq!(pool.id(), "main-producer-pool");

    let push = include_str!("../../fixtures/GenericPushNotificationEvent.v1/full.json");
    emit(&pool, fixture::<GenericPushNotificationEvent>(push)).await;
    let created = include_str!("../../fixtures/WalletSubscriptionCreatedEvent.v1/full.json");
    emit(&pool, fixture::<WalletSubscriptionCreatedEvent>(created)).await;
    let otp = include_str!("../../fixtures/PasswordRecoveryOTPSMS.v1/full.json");
    emit(&pool, fixture::<PasswordRecoveryOTPSMS>(otp)).await;

    let recipient = Some("01930001-5c1e-7a40-8b6d-3f2a9c000001".to_owned());
    let subscription = Some("019300d0-5c1e-7a40-8b6d-3f2a9c0000d0".to_owned());
    let user = Some("01930003-5c1e-7a40-8b6d-3f2a9c000003".to_owned());
    let taken = taken.lock().unwrap();
    assert_eq!(
        taken["notifications_producer"],
        [("GenericPushNotificationEvent".to_owned(), recipient.clone())]
    );
    assert_eq!(
        taken["payments_producer"],
        [
            ("GenericPushNotificationEvent".to_owned(), recipient),
            ("WalletSubscriptionCreatedEvent".to_owned(), subscription),
            ("PasswordRecoveryOTPSMS".to_owned(), user),
        ]
    );
}

async fn emit<E: Registered>(pool: &ProducersPool, event: E) {
    event.envelope().emit_to(pool).await.unwrap();
}

#[test]
fn a_name_that_no_pack_has_stops_the_start() {
    let mut config = source_design();
    config["supported_payload_types"]["notifications_producer"][0] = json!("GenericPushNotificationEvnt");
    config["supported_packs"]["payments_producer"][0] = json!("PaymentMessagePack");
    let (pool, _) = producer_pool(config);
    let error = pool.err().unwrap();
    let kinds: Vec<_> = error.problems().iter().map(|problem| problem.kind()).collect();
    assert_eq!(kinds.len(), 2, "{error}");
    assert!(
        kinds.contains(&PoolProblemKind::UnknownPayloadType) && kinds.contains(&PoolProblemKind::UnknownPack)
    );
}
