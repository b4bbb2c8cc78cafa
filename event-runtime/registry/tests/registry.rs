//! The client against a registry in this process.

// The configuration of clippy excuses test functions only, not what they call.
#![allow(clippy::unwrap_used)]

use event_registry::local::LocalRegistry;
use event_registry::{Registry, RegistryConfig, RegistryErrorKind as Kind, SchemaIdsError, Version};
use event_runtime::config::{Config, ProcessEnvironment, ProducerPoolBundle};
use event_runtime::embedded::EmbeddedTransport;
use event_runtime::{Clock, Event, IntoEnvelope, MessagePack, ProducersPool, message_pack};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn client(server: &LocalRegistry) -> Registry {
    let mut config = RegistryConfig::new(server.url());
    config.backoff_milliseconds = 0;
    Registry::new(config).unwrap()
}

fn order(properties: &[&str]) -> Value {
    let properties: serde_json::Map<_, _> =
        properties.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
    let required: Vec<_> = properties.keys().cloned().collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

#[tokio::test]
async fn what_is_registered_is_found_by_id_subject_and_version() {
    let server = LocalRegistry::start().await.unwrap();
    let registry = client(&server);
    let first = registry.register("orders/paid", &order(&["id", "sum"])).await.unwrap();
    let second = registry.register("orders/paid", &order(&["id"])).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(registry.register("orders/paid", &order(&["id", "sum"])).await.unwrap(), first);
    assert_eq!(registry.schema(first.id).await.unwrap(), order(&["id", "sum"]));
    assert_eq!(registry.versions("orders/paid").await.unwrap(), [1, 2]);
    let latest = registry.version("orders/paid", Version::Latest).await.unwrap();
    assert_eq!((latest.version, latest.id, latest.subject.as_str()), (2, second.id, "orders/paid"));
    let found = registry.look_up("orders/paid", &order(&["id", "sum"])).await.unwrap();
    assert_eq!((found.version, found.id), (1, first.id));
    assert!(server.requests().contains(&"GET /subjects/orders%2Fpaid/versions/latest".to_owned()));
}

#[tokio::test]
async fn a_candidate_is_checked_before_it_is_registered() {
    let server = LocalRegistry::start().await.unwrap();
    let registry = client(&server);
    assert!(registry.check("orders", &order(&["id"])).await.unwrap().is_compatible);
    registry.register("orders", &order(&["id"])).await.unwrap();
    let checked = registry.check("orders", &order(&["id", "sum"])).await.unwrap();
    assert!(!checked.is_compatible && checked.messages.len() == 1, "{checked:?}");
    let version = registry.check_version("orders", Version::Number(1), &order(&[])).await.unwrap();
    assert!(version.is_compatible);
    let refused = registry.register("orders", &order(&["id", "sum"])).await.unwrap_err();
    assert_eq!((refused.kind(), refused.code()), (Kind::Incompatible, Some(409)));
    assert!(!refused.is_retryable());
}

#[tokio::test]
async fn every_error_code_has_its_kind() {
    let server = LocalRegistry::start().await.unwrap();
    let registry = client(&server);
    registry.register("orders", &order(&["id"])).await.unwrap();
    let kind = |error: event_registry::RegistryError| (error.kind(), error.code());
    let version = |version| registry.version("orders", Version::Number(version));
    assert_eq!(kind(registry.versions("nothing").await.unwrap_err()), (Kind::SubjectNotFound, Some(40401)));
    assert_eq!(kind(version(9).await.unwrap_err()), (Kind::VersionNotFound, Some(40402)));
    assert_eq!(kind(version(0).await.unwrap_err()), (Kind::InvalidVersion, Some(42202)));
    assert_eq!(kind(registry.schema(99).await.unwrap_err()), (Kind::SchemaNotFound, Some(40403)));
    let unknown = registry.look_up("orders", &order(&[])).await.unwrap_err();
    assert_eq!(kind(unknown), (Kind::SchemaNotFound, Some(40403)));
    let invalid = registry.register("orders", &json!(3)).await.unwrap_err();
    assert_eq!(kind(invalid), (Kind::InvalidSchema, Some(42201)));
    server.fail_next([418]);
    assert_eq!(registry.versions("orders").await.unwrap_err().kind(), Kind::Refused);
    server.fail_next([302]);
    assert_eq!(registry.versions("orders").await.unwrap_err().kind(), Kind::Unintelligible);
    server.fail_next([200]);
    assert_eq!(registry.versions("orders").await.unwrap_err().kind(), Kind::Unintelligible);
}

#[tokio::test]
async fn schemas_of_other_kinds_are_told_apart() {
    let server = LocalRegistry::start().await.unwrap();
    server.put_foreign("avro", "AVRO", "\"string\"");
    let registry = client(&server);
    assert_eq!(registry.version("avro", Version::Latest).await.unwrap_err().kind(), Kind::Unintelligible);
    assert_eq!(registry.schema(1).await.unwrap_err().kind(), Kind::Unintelligible);
}

#[tokio::test]
async fn faults_of_the_registry_are_tried_again_and_refusals_are_not() {
    let server = LocalRegistry::start().await.unwrap();
    let registry = client(&server);
    server.fail_next([500, 503, 429]);
    registry.register("orders", &order(&["id"])).await.unwrap();
    assert_eq!(server.requests().len(), 4);
    server.fail_next([500, 502, 503, 504]);
    let error = registry.versions("orders").await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Kind::Unavailable, true));
    assert_eq!(server.requests().len(), 8);
    registry.schema(99).await.unwrap_err();
    assert_eq!(server.requests().len(), 9);
}

#[tokio::test]
async fn nobody_at_the_address_is_unavailable() {
    let url = LocalRegistry::start().await.unwrap().url();
    let mut config = RegistryConfig::new(url);
    (config.backoff_milliseconds, config.max_attempts) = (0, 2);
    // The server has gone with its handle; a connection that is still taken gets no answer.
    let error = Registry::new(config).unwrap().versions("orders").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}

#[tokio::test]
async fn credentials_are_sent_and_never_shown() {
    let server = LocalRegistry::start().await.unwrap();
    server.require("Basic a2V5OnBsYW50ZWQ=");
    let mut config = RegistryConfig::new(server.url());
    assert_eq!(
        Registry::new(config.clone()).unwrap().versions("a").await.unwrap_err().kind(),
        Kind::Unauthorized
    );
    (config.username, config.password) = (Some("key".to_owned()), Some("planted".into()));
    let registry = Registry::new(config.clone()).unwrap();
    assert_eq!(registry.versions("a").await.unwrap_err().kind(), Kind::SubjectNotFound);
    assert!(!format!("{registry:?} {config:?}").contains("planted"));
    server.require("Bearer planted");
    let mut config = RegistryConfig::new(server.url());
    config.token = Some("planted".into());
    let registry = Registry::new(config).unwrap();
    assert_eq!(registry.versions("a").await.unwrap_err().kind(), Kind::SubjectNotFound);
    assert!(!format!("{registry:?}").contains("planted"));
}

#[test]
fn a_wrong_section_is_refused_by_its_path() {
    let read = |section: Value| {
        let config = Config::from_value(json!({ "schema_registry": section }), &ProcessEnvironment);
        Registry::from_config(&config).map(|registry| registry.is_some()).map_err(|error| {
            error.problems().iter().map(|problem| problem.path().to_owned()).collect::<Vec<_>>()
        })
    };
    let at = |key: &str| Err(vec![format!("schema_registry.{key}")]);
    assert_eq!(read(json!({ "url": "https://registry.example.com/path" })), Ok(true));
    assert_eq!(read(json!({ "url": "registry.example.com" })), at("url"));
    assert_eq!(read(json!({ "url": "http://key:secret@registry" })), at("url"));
    assert_eq!(read(json!({ "url": "http://r", "username": "key" })), at("password"));
    assert_eq!(read(json!({ "url": "http://r", "subject": "orders" })), at("subject"));
    assert_eq!(read(json!({ "url": "http://r", "max_attempts": 0 })), at("max_attempts"));
    assert_eq!(read(json!({ "url": "http://r", "tokn": "x" })), at("tokn"));
    let both = json!({ "url": "r", "token": "t", "username": "u", "password": "p" });
    assert_eq!(read(both).unwrap_err().len(), 2);
    let none = Registry::from_config(&Config::from_value(json!({}), &ProcessEnvironment));
    assert!(none.unwrap().is_none());
}

/// An order was paid.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 2, upcast_from = OldOrderPaid)]
struct OrderPaid {
    order_id: String,
}

/// An order was paid.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "OrderPaid")]
struct OldOrderPaid {
    id: String,
}

impl From<OldOrderPaid> for OrderPaid {
    fn from(old: OldOrderPaid) -> Self {
        Self { order_id: old.id }
    }
}

message_pack! {
    /// What the shop tells.
    pub ShopMessagePack<OrderPaid>
}

async fn configured(server: &LocalRegistry, register: bool) -> (Config, Registry) {
    let config = Config::from_value(
        json!({
            "schema_registry": { "url": server.url(), "register": register, "header": "x-schema" },
            "embedded": { "queues": [{ "name": "orders" }] },
            "embedded_producer_pool_bundle": {
                "embedded_producer_configurations": [{ "producer_id": "all", "queue_url": "orders" }],
                "producer_pool": { "producer_pool_id": "main", "supported_payload_types": { "all": ["*"] } },
            },
        }),
        &ProcessEnvironment,
    );
    let registry = Registry::from_config(&config).unwrap().unwrap();
    (config, registry)
}

#[tokio::test]
async fn events_carry_the_id_of_their_schema() {
    let server = LocalRegistry::start().await.unwrap();
    let (config, registry) = configured(&server, true).await;
    let ids = registry.schema_ids([ShopMessagePack::DESCRIPTOR]).await.unwrap();
    assert_eq!(ids.len(), 2);
    let id = ids.get("OrderPaid", 2).unwrap().to_owned();
    let transport =
        EmbeddedTransport::from_config(&config.require("embedded").unwrap(), Clock::system()).unwrap();
    let pool = ProducersPool::builder("").packs([ShopMessagePack::DESCRIPTOR]).schema_ids(ids);
    let bundle = ProducerPoolBundle::from_config_with(&config, pool, &[&transport]).await.unwrap();
    let asked = server.requests().len();
    OrderPaid { order_id: "o-1".to_owned() }.envelope().emit_to(&bundle.pool).await.unwrap();
    assert_eq!(server.requests().len(), asked, "emitting asks no registry");
    let queue = transport.broker().queue("orders").unwrap();
    let received = queue.try_receive(&event_runtime::embedded::ReceiveRequest::new()).unwrap();
    let message = event_runtime::Codec::decode(received[0].body().clone()).unwrap();
    assert_eq!(message.metadata().headers["x-schema"], id);
    let schema = registry.schema(id.parse().unwrap()).await.unwrap();
    assert_eq!(schema["x-event"]["version"], 2);
}

#[tokio::test]
async fn schemas_that_nobody_registered_are_named_at_start_up() {
    let server = LocalRegistry::start().await.unwrap();
    let (_, registry) = configured(&server, false).await;
    match registry.schema_ids([ShopMessagePack::DESCRIPTOR]).await {
        Err(SchemaIdsError::Missing(missing)) => assert_eq!(missing.subjects(), ["OrderPaid.v2"]),
        other => panic!("{other:?}"),
    }
    let document = event_runtime::schema::document(OrderPaid::DESCRIPTOR);
    registry.register("OrderPaid.v2", &document).await.unwrap();
    let ids = registry.schema_ids([ShopMessagePack::DESCRIPTOR]).await.unwrap();
    assert_eq!((ids.get("OrderPaid", 2), ids.get("OrderPaid", 1)), (Some("1"), None));
}
