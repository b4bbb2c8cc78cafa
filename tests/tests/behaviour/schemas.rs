//! Schemas as files, the gate that guards them, and what is printed of personal data.

use std::fs;
use std::path::{Path, PathBuf};

use event_runtime::event::Pii;
use event_runtime::prelude::*;
use event_runtime::schema::{self, GateProblemKind};
use event_runtime::{Codec, PackDescriptor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A person was registered.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "tests.person.registered", version = 2, upcast_from = RegisteredV1, key = person_id)]
struct Registered {
    /// Who it is
    person_id: String,
    /// Where mail goes
    #[validate(email)]
    #[pii]
    mail: Option<String>,
    #[pii(secret)]
    #[serde(default)]
    secrets: std::collections::BTreeMap<String, u32>,
    #[validate(nested)]
    home: Home,
}

/// Where someone lives.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
struct Home {
    #[pii]
    #[validate(length(min = 1))]
    street: String,
    country: String,
}

/// A person was registered, homeless.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "tests.person.registered", key = person_id)]
struct RegisteredV1 {
    person_id: String,
}

impl From<RegisteredV1> for Registered {
    fn from(old: RegisteredV1) -> Self {
        Self::new(old.person_id, Home { street: "unknown".to_owned(), country: "XX".to_owned() })
    }
}

/// Something was renamed.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
struct Renamed {
    #[field_description = "Its name"]
    #[serde(rename(serialize = "Name", deserialize = "name"))]
    own_name: String,
}

mod pack {
    use super::*;

    message_pack! {
        /// People.
        pub(super) People<Registered>
    }
}

use pack::People;

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("event-schemas-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, file: &str, text: &str) {
        let file = self.0.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn change(&self, file: &str, change: impl FnOnce(&mut Value)) {
        let mut document: Value =
            serde_json::from_str(&fs::read_to_string(self.0.join(file)).unwrap()).unwrap();
        change(&mut document);
        self.write(file, &document.to_string());
    }

    fn problems(&self) -> Vec<(GateProblemKind, PathBuf)> {
        let gated = schema::gate(People::DESCRIPTOR, &self.0);
        let problems = gated.err().map(|error| error.problems().to_vec()).unwrap_or_default();
        problems.iter().map(|problem| (problem.kind(), problem.file().to_owned())).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const CURRENT: &str = "schemas/tests.person.registered.v2.json";
const OLD: &str = "schemas/tests.person.registered.v1.json";

fn current() -> (PathBuf, PackRef) {
    (Path::new(CURRENT).to_owned(), People::DESCRIPTOR)
}

type PackRef = &'static PackDescriptor;

#[test]
fn the_document_says_what_the_derive_knows() {
    let document = schema::document(Registered::DESCRIPTOR);
    assert_eq!(schema::file_name(Registered::DESCRIPTOR), "tests.person.registered.v2.json");
    let about = json!({
        "type": "tests.person.registered", "version": 2, "domain": "tests", "key": "person_id", "compat": "full_transitive",
        "pii": "secret",
    });
    assert_eq!(document["x-event"], about);
    assert_eq!(document["properties"]["mail"]["x-pii"], "personal");
    assert_eq!(document["properties"]["secrets"]["x-pii"], "secret");
    assert_eq!(document["$defs"]["Home"]["properties"]["street"]["x-pii"], "personal");
    assert_eq!(document["properties"]["person_id"]["description"], "Who it is");
    assert_eq!(document["required"], json!(["home", "person_id"]));
    // An optional member is always written, so writers and readers differ.
    assert_eq!(document["x-writer"]["required"], json!(["home", "mail", "person_id", "secrets"]));
    let renamed = schema::document(Renamed::DESCRIPTOR);
    assert_eq!(renamed["properties"]["name"]["description"], "Its name");
    assert_eq!(renamed["x-writer"]["properties"]["Name"]["description"], "Its name");
    assert_eq!(schema::text(Registered::DESCRIPTOR), schema::text(Registered::DESCRIPTOR));
    assert!(schema::document(RegisteredV1::DESCRIPTOR).get("x-writer").is_none());
}

#[test]
fn no_folder_no_gate() {
    let folder = Folder::new("none");
    assert_eq!(folder.problems(), []);
}

#[test]
fn an_update_writes_what_the_gate_misses() {
    let folder = Folder::new("update");
    folder.write("schemas/README.md", "");
    let (file, pack) = current();
    let missing = [(GateProblemKind::Missing, file), (GateProblemKind::Missing, OLD.into())];
    assert_eq!(folder.problems(), missing);
    schema::update(pack, &folder.0).unwrap();
    assert_eq!(folder.problems(), []);
}

#[test]
fn a_compatible_change_is_stale_until_it_is_written() {
    let folder = Folder::new("stale");
    let (file, pack) = current();
    schema::update(pack, &folder.0).unwrap();
    folder.change(CURRENT, |document| document["properties"]["mail"]["description"] = "Mail".into());
    assert_eq!(folder.problems(), [(GateProblemKind::Stale, file)]);
    schema::update(pack, &folder.0).unwrap();
    assert_eq!(folder.problems(), []);
}

#[test]
fn a_breaking_change_is_refused_and_its_file_kept() {
    let folder = Folder::new("breaking");
    let (file, pack) = current();
    schema::update(pack, &folder.0).unwrap();
    let broken = |document: &mut Value| {
        for schema in ["", "/x-writer"] {
            let schema = document.pointer_mut(schema).unwrap();
            schema["required"].as_array_mut().unwrap().retain(|name| name != "home");
        }
    };
    folder.change(CURRENT, broken);
    let before = fs::read_to_string(folder.0.join(CURRENT)).unwrap();
    let error = schema::update(pack, &folder.0).unwrap_err();
    assert_eq!(error.problems()[0].kind(), GateProblemKind::Incompatible, "{error}");
    assert_eq!(error.problems()[0].file(), file);
    assert_eq!(fs::read_to_string(folder.0.join(CURRENT)).unwrap(), before);
}

/// The file says `mail` under another name: no reader refuses what the other side writes, and none finds it.
#[test]
fn a_renamed_optional_field_is_refused_unless_it_goes_in_two_steps() {
    let folder = Folder::new("renamed");
    let (file, pack) = current();
    schema::update(pack, &folder.0).unwrap();
    let edit = |name: Option<&'static str>| {
        move |document: &mut Value| {
            for schema in ["", "/x-writer"] {
                let schema = document.pointer_mut(schema).unwrap();
                let mail = schema["properties"].as_object_mut().unwrap().remove("mail").unwrap();
                schema["required"].as_array_mut().unwrap().retain(|required| required != "mail");
                if let Some(name) = name {
                    schema["properties"][name] = mail;
                }
            }
        }
    };
    folder.change(CURRENT, edit(Some("email")));
    let before = fs::read_to_string(folder.0.join(CURRENT)).unwrap();
    assert_eq!(folder.problems(), [(GateProblemKind::Renamed, file.clone())]);
    let refused = schema::update(pack, &folder.0).unwrap_err();
    let text = refused.problems()[0].to_string();
    assert!(
        text.contains("`email` seems to be called `mail`") && text.contains("serde(rename = \"email\")"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(folder.0.join(CURRENT)).unwrap(), before);
    // Gone first, then new.
    folder.change(CURRENT, |document| {
        document["properties"]["mail"] = document["properties"]["email"].clone();
        document["x-writer"]["properties"]["mail"] = document["x-writer"]["properties"]["email"].clone();
        document["x-writer"]["required"].as_array_mut().unwrap().push("mail".into());
        edit(None)(document);
        for schema in ["", "/x-writer"] {
            let schema = document.pointer_mut(schema).unwrap();
            schema["properties"].as_object_mut().unwrap().remove("email");
        }
    });
    assert_eq!(folder.problems(), [(GateProblemKind::Stale, file)]);
}

/// A note.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Event)]
struct Noted {
    #[serde(alias = "remark", alias = "comment", skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[test]
fn aliases_stand_in_the_readers_schema() {
    let document = schema::document(Noted::DESCRIPTOR);
    assert_eq!(document["properties"]["note"]["x-aliases"], json!(["comment", "remark"]));
    assert_eq!(Noted::DESCRIPTOR.fields[0].aliases, ["comment", "remark"]);
    assert!(document["x-writer"]["properties"]["note"].get("x-aliases").is_none());
}

#[test]
fn a_version_that_nothing_reads_is_an_orphan() {
    let folder = Folder::new("orphan");
    let (_, pack) = current();
    schema::update(pack, &folder.0).unwrap();
    folder.write("schemas/tests.person.registered.v3.json", "{}");
    folder.write("schemas/tests.person.registered.later.v1.json", "{}");
    assert_eq!(
        folder.problems(),
        [(GateProblemKind::Orphaned, "schemas/tests.person.registered.v3.json".into())]
    );
}

#[test]
fn broken_files_are_named() {
    let folder = Folder::new("broken");
    let (file, pack) = current();
    schema::update(pack, &folder.0).unwrap();
    folder.write(CURRENT, "{");
    let fixture = "fixtures/tests.person.registered.v1/one.json";
    folder.write(fixture, r#"{"person_id": 1}"#);
    folder.write("fixtures/tests.person.registered.v1/two.json", r#"{"person_id": "p"}"#);
    assert_eq!(
        folder.problems(),
        [(GateProblemKind::Unreadable, file), (GateProblemKind::Fixture, fixture.into())]
    );
}

/// A value that must be printed nowhere.
const PLANTED: &str = "PLANTED-4711";

#[test]
fn personal_data_is_printed_nowhere() {
    let home = Home { street: String::new(), country: "DE".to_owned() };
    let mut event = Registered::new("p".to_owned(), home);
    event.mail = Some(PLANTED.to_owned());
    event.secrets.insert(PLANTED.to_owned(), 1);
    let envelope = event.envelope();
    let message = Codec::Native.encode(&envelope).unwrap();
    let invalid = message.decode::<Registered>().unwrap_err();
    let malformed = format!(r#"{{"person_id":"p","secrets":{{"{PLANTED}":"{PLANTED}"}}}}"#);
    let malformed = Registered::from_json(2, &malformed).unwrap_err();
    assert_eq!(malformed.pointer(), Some("/secrets/*"));
    let truncated = Registered::from_json(2, &format!(r#"{{"mail":"{PLANTED}"#)).unwrap_err();
    let printed = [
        format!("{envelope:?} {message:?}"),
        format!("{invalid:?} {invalid} {:?}", invalid.to_failure()),
        format!("{malformed:?} {malformed} {:?}", malformed.to_failure()),
        format!("{truncated:?} {truncated} {:?}", truncated.to_failure()),
        schema::redact(Registered::DESCRIPTOR, message.payload()),
        schema::redact(
            Registered::DESCRIPTOR,
            &format!(r#"{{"alias":"{PLANTED}","home":{{"street":"{PLANTED}"}}}}"#),
        ),
        schema::redact(Registered::DESCRIPTOR, &format!(r#"["{PLANTED}"]"#)),
        schema::redact(Registered::DESCRIPTOR, PLANTED),
    ];
    for text in printed {
        assert!(!text.contains(PLANTED), "{text}");
    }
    assert_eq!(Registered::DESCRIPTOR.fields[1].pii, Some(Pii::Personal));
}
