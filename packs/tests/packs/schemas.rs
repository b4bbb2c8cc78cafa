//! The committed schemas, judged by a JSON Schema validator that knows nothing of this project.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Value, json};

#[test]
fn there_is_one_schema_for_each_event_and_version() {
    let schemas: BTreeSet<_> = list("schemas").iter().map(|path| stem(path)).collect();
    let mut versions = BTreeSet::new();
    for event in event_packs::all().events() {
        versions.extend(event.versions().map(|event| format!("{}.v{}", event.payload_type, event.version)));
    }
    assert_eq!(schemas, versions);
}

#[test]
fn every_fixture_is_valid_by_its_schema() {
    for schema in list("schemas") {
        let validator = validator(&schema);
        for fixture in list(&format!("fixtures/{}", stem(&schema))) {
            let errors: Vec<_> = validator
                .iter_errors(&read(&fixture))
                .map(|error| error.instance_path().to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", fixture.display());
        }
    }
}

/// What every event's own rules refuse in `rules.rs`, the schema refuses for readers in other languages.
#[test]
fn the_schemas_carry_the_rules() {
    for (event, file, pointer, value) in [
        ("PasswordRecoveryOTPEmail.v1", "full", "/otp", json!("12345a")),
        ("PasswordRecoveryOTPEmail.v1", "full", "/email", json!("nobody")),
        ("PasswordRecoveryOTPEmail.v1", "full", "/requested_from", json!("300.1.2.3")),
        ("OrderCreatedEvent.v2", "full", "/lines", json!([])),
        ("OrderCreatedEvent.v2", "full", "/lines/1/unit_price/currency", json!("euro")),
        ("OrderCreatedEvent.v2", "full", "/total/amount_minor", json!(-1)),
        ("OrderShippedEvent.v1", "full", "/carrier", json!("pigeon")),
        ("CampaignPushNotificationEvent.v1", "full", "/audience/segments/1", json!("")),
        ("WalletSubscriptionCreatedEvent.v1", "full", "/provider_subscription_id", json!("")),
        ("ReviewSubmittedEvent.v1", "of_creator", "/rating", json!(6)),
        ("ChatRoomEvent.v1", "created", "/change/member_ids", json!([])),
    ] {
        let validator = validator(&root().join(format!("schemas/{event}.json")));
        let mut payload = read(&root().join(format!("fixtures/{event}/{file}.json")));
        assert!(validator.is_valid(&payload), "{event} {file}");
        *payload.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&payload), "{event} takes a wrong {pointer}");
    }
}

fn validator(schema: &Path) -> Validator {
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&read(schema)).unwrap_or_else(|error| panic!("{}: {error}", schema.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn list(folder: &str) -> Vec<PathBuf> {
    let entries: Vec<_> =
        std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!entries.is_empty(), "{folder} is empty");
    entries
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
