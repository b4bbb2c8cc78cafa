//! Every fixture of every version decodes to the current version, keeps its rules, and loses no known field.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use event_runtime::Event;
use serde::Serialize;
use serde_json::Value;

#[test]
fn every_fixture_of_every_version_is_read_and_written_without_loss() {
    let mut checked = BTreeSet::new();
    for_every_event!(fixtures_of, &mut checked);
    let folders: BTreeSet<String> = entries(&root()).iter().map(|path| name_of(path)).collect();
    assert_eq!(checked, folders, "one folder of fixtures for each event and version");
}

/// A fixture of an older version is read as what it was, too.
fn fixtures_of<E: Event + Serialize>(checked: &mut BTreeSet<String>) {
    let folder = format!("{}.v{}", E::PAYLOAD_TYPE, E::VERSION);
    let fixtures = entries(&root().join(&folder));
    assert!(!fixtures.is_empty(), "{folder} has no fixture");
    for fixture in fixtures {
        let place = format!("{folder}/{}", name_of(&fixture));
        let json = std::fs::read_to_string(&fixture).unwrap();
        let event = E::from_json(E::VERSION, &json).unwrap_or_else(|error| panic!("{place}: {error}"));
        event.validate().unwrap_or_else(|errors| panic!("{place}: {errors}"));
        let before: Value = serde_json::from_str(&json).unwrap();
        let after = serde_json::to_value(&event).unwrap();
        let lost = lost("", &before, &after);
        assert!(lost.is_empty(), "{place} loses {lost:?}");
        assert!(event.ordering_key().is_some_and(|key| !key.is_empty()), "{place} has no ordering key");
    }
    checked.insert(folder);
}

#[test]
fn every_fixture_of_every_version_reaches_the_current_version() {
    reaches::<event_packs::user::UserRegisteredEvent>(&[1, 2, 3]);
    reaches::<event_packs::order::OrderCreatedEvent>(&[1, 2]);
}

fn reaches<E: Event>(versions: &[u32]) {
    for version in versions {
        for fixture in entries(&root().join(format!("{}.v{version}", E::PAYLOAD_TYPE))) {
            let json = std::fs::read_to_string(&fixture).unwrap();
            let event = E::from_json(*version, &json).unwrap_or_else(|error| panic!("{fixture:?}: {error}"));
            event.validate().unwrap_or_else(|errors| panic!("{fixture:?}: {errors}"));
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    read.map(|entry| entry.unwrap().path()).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The pointers of what `before` holds and `after` does not; defaults may have been added.
fn lost(pointer: &str, before: &Value, after: &Value) -> Vec<String> {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => before
            .iter()
            .flat_map(|(name, value)| {
                lost(&format!("{pointer}/{name}"), value, after.get(name).unwrap_or(&Value::Null))
            })
            .collect(),
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => before
            .iter()
            .zip(after)
            .enumerate()
            .flat_map(|(index, (before, after))| lost(&format!("{pointer}/{index}"), before, after))
            .collect(),
        _ if before == after => Vec::new(),
        _ => vec![pointer.to_owned()],
    }
}

#[test]
fn a_lost_field_is_noticed() {
    let before = serde_json::json!({ "a": 1, "b": [{ "c": 2 }] });
    let after = serde_json::json!({ "a": 1, "b": [{ "d": 2 }], "e": 0 });
    assert_eq!(lost("", &before, &after), ["/b/0/c"]);
}
