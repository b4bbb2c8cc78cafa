//! What becomes of the payloads of older versions.

use event_packs::money::Money;
use event_packs::order::OrderCreatedEvent;
use event_packs::user::UserRegisteredEvent;
use event_runtime::event::DecodeErrorKind;
use event_runtime::{Event, Validate};
use serde_json::json;

fn registered_in_version_1(full_name: &str) -> UserRegisteredEvent {
    let payload = json!({
        "user_id": "01930003-5c1e-7a40-8b6d-3f2a9c000003",
        "email": "somebody@example.com",
        "full_name": full_name,
        "registered_at": "2024-01-30T06:45:59Z",
    });
    UserRegisteredEvent::from_json(1, &payload.to_string()).unwrap()
}

#[test]
fn a_full_name_is_split_at_its_first_space() {
    for (full_name, given, family) in [
        ("Ada Brunner", "Ada", Some("Brunner")),
        ("Grace Anne Okafor", "Grace", Some("Anne Okafor")),
        ("  Ada   Brunner ", "Ada", Some("Brunner")),
        ("Suparman", "Suparman", None),
        (" ", " ", None),
    ] {
        let event = registered_in_version_1(full_name);
        assert_eq!(
            (event.given_name.as_str(), event.family_name.as_deref()),
            (given, family),
            "{full_name:?}"
        );
        event.validate().unwrap();
    }
}

#[test]
fn users_of_older_versions_gave_no_consent() {
    let event = registered_in_version_1("Ada Brunner");
    assert_eq!((event.locale.as_str(), event.marketing_consent), ("en", false));
}

#[test]
fn amounts_in_cents_get_the_currency_of_their_order() {
    let fixture = include_str!("../../fixtures/OrderCreatedEvent.v1/two_lines.json");
    let event = OrderCreatedEvent::from_json(1, fixture).unwrap();
    assert_eq!(event.total, Money::new(4770, "EUR"));
    let prices: Vec<_> = event.lines.iter().map(|line| line.unit_price.clone()).collect();
    assert_eq!(prices, [Money::new(1990, "EUR"), Money::new(790, "EUR")]);
}

#[test]
fn a_newer_version_than_ours_is_refused() {
    let fixture = include_str!("../../fixtures/OrderCreatedEvent.v2/full.json");
    let error = OrderCreatedEvent::from_json(3, fixture).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::UnknownVersion);
}

#[test]
fn a_payload_under_the_wrong_version_is_malformed() {
    let fixture = include_str!("../../fixtures/OrderCreatedEvent.v2/full.json");
    let error = OrderCreatedEvent::from_json(1, fixture).unwrap_err();
    assert_eq!(error.kind(), DecodeErrorKind::Malformed);
}
