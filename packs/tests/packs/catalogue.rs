//! What the catalogue says of every event: descriptions, keys, personal data.

use std::collections::BTreeSet;

use event_runtime::Event;
use event_runtime::event::{EventDescriptor, FieldDescriptor, Pii, Rule};

/// Every event of every pack, and every older version.
fn descriptors() -> Vec<&'static EventDescriptor> {
    let mut all = Vec::new();
    for pack in event_packs::all().descriptors() {
        for event in pack.events {
            all.extend(event.versions());
        }
    }
    all
}

#[test]
fn the_packs_are_the_eleven() {
    let names: BTreeSet<_> = event_packs::all().descriptors().map(|pack| pack.name).collect();
    let expected = [
        "AIMessagePack",
        "ChatMessagePack",
        "CreatorsMessagePack",
        "NotificationMessagePack",
        "OrderApplicationMessagePack",
        "OrderMessagePack",
        "OrganizationsMessagePack",
        "PaymentsMessagePack",
        "ReportsAndReviewsMessagePack",
        "UserMessagePack",
        "VendorsMessagePack",
    ];
    assert_eq!(names, expected.into());
    for pack in event_packs::all().descriptors() {
        assert!(!pack.description.is_empty(), "{} has no description", pack.name);
    }
}

#[test]
fn the_list_of_types_and_the_packs_agree() {
    let mut listed = BTreeSet::new();
    for_every_event!(list, &mut listed);
    assert_eq!(listed, descriptors().into_iter().map(named).collect());
}

fn list<E: Event>(listed: &mut BTreeSet<String>) {
    listed.insert(named(E::DESCRIPTOR));
}

fn named(descriptor: &EventDescriptor) -> String {
    format!("{}.v{}", descriptor.payload_type, descriptor.version)
}

#[test]
fn every_event_and_field_has_a_description() {
    for event in descriptors() {
        assert!(event.description.len() > 10, "{} has no description", named(event));
        for field in event.fields {
            assert!(!field.description.is_empty(), "{}.{} has no description", named(event), field.name);
        }
    }
}

#[test]
fn every_event_has_an_ordering_key() {
    for event in descriptors() {
        let key = event.key.unwrap_or_else(|| panic!("{} has no key", named(event)));
        assert!(
            event.fields.iter().any(|field| field.name == key && field.required),
            "{}.{key}",
            named(event)
        );
    }
}

#[test]
fn one_time_passwords_are_secret() {
    let secrets: Vec<_> = descriptors()
        .into_iter()
        .flat_map(|event| event.fields.iter().map(move |field| (event, field)))
        .filter(|(_, field)| field.pii == Some(Pii::Secret))
        .map(|(event, field)| (event.payload_type, field.name))
        .collect();
    assert_eq!(secrets, [("PasswordRecoveryOTPEmail", "otp"), ("PasswordRecoveryOTPSMS", "otp")]);
}

/// Ends of field names that say that a person's data, or a person's own words, are in the field.
const PERSONAL: [&str; 21] = [
    "body",
    "city",
    "comment",
    "display_name",
    "email",
    "extra",
    "family_name",
    "feedback",
    "file_name",
    "full_name",
    "given_name",
    "handle",
    "message",
    "note",
    "otp",
    "output",
    "phone",
    "postal_code",
    "prompt",
    "recipient",
    "street",
];

#[test]
fn personal_data_is_marked_wherever_it_is() {
    for event in descriptors() {
        let unmarked = unmarked(event.fields);
        assert!(unmarked.is_empty(), "{}: mark {unmarked:?} with #[pii]", named(event));
    }
}

/// The fields, those of nested types included, that sound personal and are not marked.
fn unmarked(fields: &'static [FieldDescriptor]) -> Vec<&'static str> {
    let mut found = Vec::new();
    for field in fields {
        let name = field.name.trim_end_matches("_number");
        let personal = PERSONAL.iter().any(|word| name == *word || name.ends_with(&format!("_{word}")));
        if personal && field.pii.is_none() {
            found.push(field.name);
        }
        for rule in field.rules {
            if let Rule::Nested(fields) = rule {
                found.extend(unmarked(fields()));
            }
        }
    }
    found
}
