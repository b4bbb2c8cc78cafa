//! What the derives and `message_pack!` generate.

use std::collections::{BTreeMap, HashMap};

use event_runtime::event::{DecodeErrorKind, Pii};
use event_runtime::factory::PackConflict;
use event_runtime::prelude::*;
use event_runtime::{Codec, MessageFactory, Registered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A wallet subscription was created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "payments.wallet_subscription.created", version = 2, upcast_from = CreatedV1, key = wallet_id)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// The wallet
    pub wallet_id: Uuid,
    #[validate(required)]
    #[field_description = "Its id at the provider"]
    pub provider_subscription_id: String,
    #[validate(length(min = 1, max = 3), inner(length(max = 4)))]
    pub labels: Vec<String>,
    #[validate(nested)]
    pub price: Price,
    #[validate(email)]
    #[pii]
    pub receipt_email: Option<String>,
    #[serde(default)]
    #[validate(nested)]
    pub more: BTreeMap<String, Price>,
    #[serde(skip)]
    pub cache: u32,
    #[serde(default = "seven")]
    #[validate(range(min = 1, max = 10), custom(odd))]
    pub lucky: u32,
}

fn seven() -> u32 {
    7
}

fn odd(number: &u32) -> Result<(), &'static str> {
    if number % 2 == 1 { Ok(()) } else { Err("odd") }
}

/// What something costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Price {
    #[validate(range(min = 0))]
    pub amount: i64,
    #[validate(pattern("^[A-Z]{3}$"))]
    pub currency: String,
}

/// A wallet subscription was created, without a price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "payments.wallet_subscription.created", key = wallet_id)]
pub struct CreatedV1 {
    /// The wallet
    pub wallet_id: Uuid,
}

impl From<CreatedV1> for Created {
    fn from(old: CreatedV1) -> Self {
        Self {
            labels: vec!["old".to_owned()],
            ..Self::new(old.wallet_id, "unknown".to_owned(), vec![], euro(0))
        }
    }
}

/// Nothing happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
pub struct Nothing;

message_pack! {
    /// Events of these tests.
    pub TestPack<Created, Nothing as Void>
}

fn euro(amount: i64) -> Price {
    Price { amount, currency: "EUR".to_owned() }
}

fn created() -> Created {
    Created::new(Uuid::nil(), "sub-1".to_owned(), vec!["new".to_owned()], euro(5))
}

#[test]
fn constants_and_constructor() {
    assert_eq!((Created::PAYLOAD_TYPE, Created::VERSION), ("payments.wallet_subscription.created", 2));
    assert_eq!((Nothing::PAYLOAD_TYPE, Nothing::VERSION), ("Nothing", 1));
    assert_eq!(created().lucky, 7);
    assert_eq!(created().ordering_key().as_deref(), Some("00000000-0000-0000-0000-000000000000"));
    assert_eq!((Created::PACK, Nothing::PACK), ("TestPack", "TestPack"));
    assert_eq!(Nothing::new().ordering_key(), None);
}

#[test]
fn descriptor() {
    let descriptor = Created::DESCRIPTOR;
    assert_eq!(descriptor.description, "A wallet subscription was created.");
    assert_eq!((descriptor.domain, descriptor.key), (Some("payments"), Some("walletId")));
    let fields: HashMap<_, _> = descriptor.fields.iter().map(|field| (field.name, field)).collect();
    assert_eq!(descriptor.fields.len(), 7);
    assert_eq!(fields["providerSubscriptionId"].description, "Its id at the provider");
    assert_eq!(fields["receiptEmail"].pii, Some(Pii::Personal));
    assert!(fields["labels"].required && !fields["receiptEmail"].required && !fields["lucky"].required);
    let rules: Vec<_> = fields["lucky"].rules.iter().map(ToString::to_string).collect();
    assert_eq!(rules, ["range 1..=10", "odd"]);
    assert!(descriptor.reads(1) && descriptor.reads(2) && !descriptor.reads(3));
}

#[test]
fn every_broken_rule_is_reported_where_it_is() {
    let mut event = created();
    assert_eq!(event.validate(), Ok(()));
    event.provider_subscription_id.clear();
    event.labels = vec!["long label".to_owned(), "ok".to_owned(), "x".to_owned(), "y".to_owned()];
    event.price.currency = "euro".to_owned();
    event.receipt_email = Some("ann".to_owned());
    event.more.insert("a/b".to_owned(), euro(-1));
    event.lucky = 20;
    let errors = event.validate().unwrap_err();
    let found: Vec<_> = errors.errors().iter().map(|error| (error.code(), error.pointer())).collect();
    let expected = [
        ("required", "/providerSubscriptionId"),
        ("length", "/labels"),
        ("length", "/labels/0"),
        ("pattern", "/price/currency"),
        ("email", "/receiptEmail"),
        ("range", "/more/a~1b/amount"),
        ("range", "/lucky"),
        ("odd", "/lucky"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_pack_decodes_its_events() {
    let message = Codec::Native.encode(&created().envelope()).unwrap();
    let Ok(TestPack::Created(envelope)) = TestPack::decode(&message) else { panic!("not decoded") };
    assert_eq!(envelope.payload, created());
    let message = Codec::Native.encode(&CreatedV1::new(Uuid::nil()).envelope()).unwrap();
    let Ok(TestPack::Created(envelope)) = TestPack::decode(&message) else { panic!("not upcast") };
    assert_eq!((envelope.payload.labels, envelope.metadata.version), (vec!["old".to_owned()], 2));
}

#[test]
fn the_factory_knows_every_version_by_name() {
    let mut factory = MessageFactory::new();
    Packs::compose([TestPack::DESCRIPTOR]).register(&mut factory).unwrap();
    assert_eq!(
        factory.version("payments.wallet_subscription.created", 1).map(|event| event.rust_name),
        Some("CreatedV1")
    );
    assert_eq!(factory.nearest_type("Nothin"), Some("Nothing"));
    let message = factory.build("Nothing", "null", &Codec::Native, |_| {}, None).unwrap();
    assert_eq!(factory.decode(&message).unwrap().downcast_ref::<Nothing>(), Some(&Nothing));
    let unknown = factory.read("Nothign", 1, "null").unwrap_err();
    assert_eq!(unknown.kind(), DecodeErrorKind::UnknownPayloadType);
    let newer = factory.read("Nothing", 9, "null").unwrap_err();
    assert_eq!(newer.kind(), DecodeErrorKind::UnknownVersion);
}

/// Two packs that claim each other's names.
mod clashing {
    use super::*;

    /// It happened.
    #[derive(Serialize, Deserialize, JsonSchema, Event)]
    #[event(type = "Nothing")]
    pub(super) struct Something {}

    message_pack! {
        /// Another pack of a name that is taken.
        pub(super) TestPack<Something>
    }
}

#[test]
fn packs_that_clash_are_reported_at_once_and_change_nothing() {
    let mut factory = MessageFactory::new();
    let both = Packs::compose([TestPack::DESCRIPTOR, clashing::TestPack::DESCRIPTOR, TestPack::DESCRIPTOR]);
    let conflicts = both.register(&mut factory).unwrap_err();
    let expected = [
        PackConflict::Pack { name: "TestPack" },
        PackConflict::PayloadType {
            payload_type: "Nothing",
            holders: vec![("TestPack", "Nothing"), ("TestPack", "Something")],
        },
    ];
    assert_eq!(conflicts.conflicts(), expected);
    assert_eq!(factory.packs().count(), 0);
    Packs::compose([TestPack::DESCRIPTOR, TestPack::DESCRIPTOR]).register(&mut factory).unwrap();
    assert_eq!(factory.register([clashing::TestPack::DESCRIPTOR]).unwrap_err().conflicts(), expected);
}

#[test]
fn a_message_is_built_from_a_name_and_json() {
    let mut factory = MessageFactory::new();
    factory.register([TestPack::DESCRIPTOR]).unwrap();
    let json = serde_json::to_string(&created()).unwrap();
    let prepare = |metadata: &mut Metadata| metadata.tenant_id = Some("t1".into());
    let message = factory.build(Created::PAYLOAD_TYPE, &json, &Codec::Native, prepare, None).unwrap();
    assert_eq!(message.decode::<Created>().unwrap(), created());
    assert_eq!(message.metadata().tenant_id.as_deref(), Some("t1"));
    assert_eq!(message.metadata().partition_key.as_deref(), created().ordering_key().as_deref());
    let refused = factory.build(Created::PAYLOAD_TYPE, "{}", &Codec::Native, |_| {}, None).unwrap_err();
    assert_eq!(refused.decode_error().map(|error| error.kind()), Some(DecodeErrorKind::Malformed));
}

#[test]
fn a_message_of_another_pack_is_unknown_to_a_pack() {
    let message = Codec::Native.encode(&Nothing.envelope()).unwrap();
    let Ok(TestPack::Void(_)) = TestPack::decode(&message) else { panic!("not decoded") };
    let foreign = Codec::Native.encode_raw(Metadata::new("nohting", 1), "null", None).unwrap();
    let error = TestPack::decode(&foreign).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::UnknownPayloadType);
    assert!(error.to_string().contains("did you mean `Nothing`?"), "{error}");
}
