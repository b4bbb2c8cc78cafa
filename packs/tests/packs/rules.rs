//! The rules of the events refuse what they are there for, and name the place.

use event_runtime::Event;
use serde_json::{Value, json};

/// The broken rules of the fixture `folder/file` of `E` after `change`, as `code pointer`.
fn broken<E: Event>(file: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let folder = format!("{}.v{}", E::PAYLOAD_TYPE, E::VERSION);
    let path = format!("{}/fixtures/{folder}/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let mut payload = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    change(&mut payload);
    let event = E::from_json(E::VERSION, &payload.to_string()).unwrap();
    let errors = event.validate().map_or_else(|errors| errors.errors().to_vec(), |()| Vec::new());
    errors.iter().map(|error| format!("{} {}", error.code(), error.pointer())).collect()
}

#[test]
fn a_one_time_password_has_six_digits() {
    use event_packs::user::PasswordRecoveryOTPEmail;
    for otp in ["12345", "1234567", "12345a", "", "١٢٣٤٥٦"] {
        let broken = broken::<PasswordRecoveryOTPEmail>("full", |payload| payload["otp"] = json!(otp));
        assert_eq!(broken, ["pattern /otp"], "{otp}");
    }
}

#[test]
fn contact_details_have_their_form() {
    use event_packs::user::{PasswordRecoveryOTPEmail, PasswordRecoveryOTPSMS};
    let email = broken::<PasswordRecoveryOTPEmail>("full", |payload| {
        payload["email"] = json!("nobody");
        payload["requested_from"] = json!("300.1.2.3");
    });
    assert_eq!(email, ["email /email", "ip /requested_from"]);
    let phone =
        broken::<PasswordRecoveryOTPSMS>("full", |payload| payload["phone_number"] = json!("0664 123"));
    assert_eq!(phone, ["pattern /phone_number"]);
}

#[test]
fn rules_reach_into_lists_and_nested_values() {
    use event_packs::order::OrderCreatedEvent;
    let broken = broken::<OrderCreatedEvent>("full", |payload| {
        payload["lines"][1]["quantity"] = json!(0);
        payload["lines"][1]["unit_price"]["currency"] = json!("euro");
        payload["total"]["amount_minor"] = json!(-1);
        payload["shipping_address"]["country"] = json!("at");
    });
    assert_eq!(
        broken,
        [
            "range /lines/1/quantity",
            "pattern /lines/1/unit_price/currency",
            "range /total/amount_minor",
            "pattern /shipping_address/country",
        ]
    );
}

#[test]
fn an_order_without_lines_is_refused() {
    use event_packs::order::OrderCreatedEvent;
    let broken = broken::<OrderCreatedEvent>("full", |payload| payload["lines"] = json!([]));
    assert_eq!(broken, ["length /lines"]);
}

#[test]
fn elements_of_lists_have_rules_of_their_own() {
    use event_packs::notification::CampaignPushNotificationEvent;
    let broken = broken::<CampaignPushNotificationEvent>("full", |payload| {
        payload["audience"]["segments"][1] = json!("");
        payload["audience"]["locales"][0] = json!("german");
    });
    assert_eq!(broken, ["length /audience/segments/1", "pattern /audience/locales/0"]);
}

#[test]
fn a_carrier_is_one_of_those_known() {
    use event_packs::order::OrderShippedEvent;
    let broken = broken::<OrderShippedEvent>("full", |payload| payload["carrier"] = json!("pigeon"));
    assert_eq!(broken, ["one_of /carrier"]);
}

#[test]
fn a_subscription_names_itself_at_the_provider() {
    use event_packs::payments::WalletSubscriptionCreatedEvent;
    let broken = broken::<WalletSubscriptionCreatedEvent>("full", |payload| {
        payload["provider_subscription_id"] = json!("");
        payload["wallet_subscription"]["receipt_email"] = json!("not an address");
    });
    assert_eq!(broken, ["required /provider_subscription_id", "email /wallet_subscription/receipt_email"]);
}

#[test]
fn ratings_go_from_one_to_five() {
    use event_packs::reports_and_reviews::ReviewSubmittedEvent;
    for rating in [0, 6] {
        let broken =
            broken::<ReviewSubmittedEvent>("of_creator", |payload| payload["rating"] = json!(rating));
        assert_eq!(broken, ["range /rating"], "{rating}");
    }
}

#[test]
fn a_room_is_opened_with_somebody_in_it() {
    use event_packs::chat::ChatRoomEvent;
    let broken = broken::<ChatRoomEvent>("created", |payload| payload["change"]["member_ids"] = json!([]));
    assert_eq!(broken, ["length /change/member_ids"]);
}
