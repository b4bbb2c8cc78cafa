//! The source design's configuration starts with the eleven packs as it stands, and routes as it says.
//!
//! The transport named in it is one in memory here; it reads the same keys.

mod in_memory;

use event_packs::notification::GenericPushNotificationEvent;
use event_packs::payments::WalletSubscriptionCreatedEvent;
use event_packs::user::PasswordRecoveryOTPSMS;
use event_runtime::config::{BundleError, Config, ConsumerConfig, ProducerPoolBundle};
use event_runtime::pool::{PoolProblemKind, ProducersPool};
use event_runtime::{Event, IntoEnvelope, Registered};
use serde_json::{Value, json};

use self::in_memory::InMemory;

fn source_design() -> Value {
    serde_json::from_str(include_str!("source_design.json")).unwrap()
}

fn configured(config: Value) -> Config {
    Config::from_value(config, &|name: &str| {
        name.starts_with("AWS_").then(|| "from the environment".to_owned())
    })
}

async fn start(config: Value, transport: &InMemory) -> Result<ProducersPool, BundleError> {
    let config = configured(config);
    let bundle = ProducerPoolBundle::from_config(&config, event_packs::all(), &[transport]).await?;
    Ok(bundle.pool)
}

fn fixture<E: Event>(json: &str) -> E {
    E::from_json(E::VERSION, json).unwrap()
}

async fn emit<E: Registered>(pool: &ProducersPool, event: E) {
    event.envelope().emit_to(pool).await.unwrap();
}

#[tokio::test]
async fn the_source_design_s_pool_starts_and_routes() {
    let transport = InMemory::default();
    let pool = start(source_design(), &transport).await.unwrap();
    assert_eq!(pool.id(), "main-producer-pool");

    let push = include_str!("../../fixtures/GenericPushNotificationEvent.v1/full.json");
    emit(&pool, fixture::<GenericPushNotificationEvent>(push)).await;
    let created = include_str!("../../fixtures/WalletSubscriptionCreatedEvent.v1/full.json");
    emit(&pool, fixture::<WalletSubscriptionCreatedEvent>(created)).await;
    let otp = include_str!("../../fixtures/PasswordRecoveryOTPSMS.v1/full.json");
    emit(&pool, fixture::<PasswordRecoveryOTPSMS>(otp)).await;

    let push = "GenericPushNotificationEvent, key 01930001-5c1e-7a40-8b6d-3f2a9c000001";
    let created = "WalletSubscriptionCreatedEvent, key 019300d0-5c1e-7a40-8b6d-3f2a9c0000d0";
    let otp = "PasswordRecoveryOTPSMS, key 01930003-5c1e-7a40-8b6d-3f2a9c000003";
    assert_eq!(transport.taken("notifications_producer"), [push]);
    assert_eq!(transport.taken("payments_producer"), [push, created, otp]);
}

#[test]
fn the_source_design_s_consumer_is_read_as_it_stands() {
    let bundle = configured(source_design()).require("sqs_consumer_bundle").unwrap();
    let consumer: ConsumerConfig = bundle.require("sqs_consumer_configuration").unwrap().read().unwrap();
    let settings = consumer.settings();
    assert_eq!((settings.batch, settings.max_attempts, consumer.without_scope), (10, 6, false));
}

#[tokio::test]
async fn names_that_no_pack_has_stop_the_start() {
    let mut config = source_design();
    let pool = &mut config["sqs_producer_pool_bundle"]["producer_pool"];
    pool["supported_payload_types"]["notifications_producer"][0] = json!("GenericPushNotificationEvnt");
    pool["supported_packs"]["payments_producer"][0] = json!("PaymentMessagePack");
    let error = start(config, &InMemory::default()).await.unwrap_err();
    let mut problems: Vec<_> = error.pool().unwrap().problems().iter().collect();
    problems.sort_by_key(|problem| problem.nearest());
    let found: Vec<_> = problems.iter().map(|problem| (problem.kind(), problem.nearest())).collect();
    assert_eq!(
        found,
        [
            (PoolProblemKind::UnknownPayloadType, Some("GenericPushNotificationEvent")),
            (PoolProblemKind::UnknownPack, Some("PaymentsMessagePack")),
        ]
    );
}
