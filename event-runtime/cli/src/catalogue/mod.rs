//! The catalogue: what packs, committed schemas, fixtures and a configuration say together. Formats are rendered from
//! it, each in a file of its own.

pub(crate) mod asyncapi;
pub(crate) mod eventcatalog;
pub(crate) mod fields;
pub(crate) mod flows;
pub(crate) mod html;
pub(crate) mod map;
pub(crate) mod markdown;
pub(crate) mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use event_runtime::event::EventDescriptor;
use event_runtime::schema::compat::{Options, Severity, compare};
use event_runtime::{PackDescriptor, schema};
use serde_json::Value;

use crate::context::Context;
use crate::failure::Result;
use fields::{FieldRow, rows};
use flows::{Flows, Place};

/// Generated files: path below the output folder, text.
pub(crate) type Files = BTreeMap<String, String>;

/// Everything that is known of an application's events.
pub(crate) struct Catalogue {
    pub(crate) title: String,
    pub(crate) packs: Vec<Pack>,
    pub(crate) flows: Flows,
}

pub(crate) struct Pack {
    pub(crate) name: &'static str,
    pub(crate) slug: String,
    pub(crate) description: String,
    pub(crate) events: Vec<Event>,
}

pub(crate) struct Event {
    pub(crate) descriptor: &'static EventDescriptor,
    pub(crate) slug: String,
    pub(crate) pack: &'static str,
    pub(crate) fields: Vec<FieldRow>,
    /// Newest first.
    pub(crate) versions: Vec<Version>,
    pub(crate) places: Vec<Place>,
}

pub(crate) struct Version {
    pub(crate) descriptor: &'static EventDescriptor,
    pub(crate) schema: Value,
    /// What changed since the version before.
    pub(crate) changes: Vec<Change>,
    pub(crate) examples: Vec<Example>,
}

pub(crate) struct Change {
    pub(crate) sentence: String,
    pub(crate) breaking: bool,
}

/// A payload from the fixtures.
pub(crate) struct Example {
    pub(crate) name: String,
    pub(crate) json: String,
}

impl Catalogue {
    /// Looks everything up.
    pub(crate) async fn build(context: &Context, title: Option<&str>) -> Result<Self> {
        let flows = match context.optional_config()? {
            Some(config) => Flows::read(&config, context).await?,
            None => Flows::default(),
        };
        let packs = context.packs.descriptors().map(|pack| Pack::new(pack, &context.root, &flows)).collect();
        Ok(Self { title: title.unwrap_or("Events").to_owned(), packs, flows })
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &Event> {
        self.packs.iter().flat_map(|pack| &pack.events)
    }
}

impl Pack {
    fn new(pack: &'static PackDescriptor, root: &Path, flows: &Flows) -> Self {
        let event = |event: &&'static EventDescriptor| Event::new(event, pack.name, root, flows);
        Self {
            name: pack.name,
            slug: slug(pack.name),
            description: pack.description.trim().to_owned(),
            events: pack.events.iter().map(event).collect(),
        }
    }
}

impl Event {
    fn new(descriptor: &'static EventDescriptor, pack: &'static str, root: &Path, flows: &Flows) -> Self {
        Self {
            descriptor,
            slug: slug(descriptor.payload_type),
            pack,
            fields: rows(descriptor),
            versions: descriptor.versions().map(|version| Version::new(version, root)).collect(),
            places: flows.of(descriptor.payload_type),
        }
    }

    /// The first example of the newest version that has one.
    pub(crate) fn example(&self) -> Option<&Example> {
        self.versions.first().and_then(|version| version.examples.first())
    }
}

impl Version {
    fn new(descriptor: &'static EventDescriptor, root: &Path) -> Self {
        let document = schema::document(descriptor);
        let report = descriptor
            .upcast_from
            .map(|before| compare(&schema::document(before), &document, &Options::default()));
        let changes = report.into_iter().flat_map(|report| report.changes);
        let changes = changes.map(|change| Change {
            breaking: change.severity() > Severity::Lossy,
            // What follows is advice to the author, who took it: this version is published.
            sentence: change.sentence.split(": ").next().unwrap_or_default().to_owned(),
        });
        Self {
            descriptor,
            changes: changes.collect(),
            examples: examples(descriptor, root),
            schema: document,
        }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.descriptor.version
    }
}

/// The fixtures of a version, by their names.
fn examples(event: &EventDescriptor, root: &Path) -> Vec<Example> {
    let folder = root.join("fixtures").join(format!("{}.v{}", event.payload_type, event.version));
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_name()?.to_str()?.strip_suffix(".json")?.replace('_', " ");
        let json = std::fs::read_to_string(path).ok()?.trim().to_owned();
        Some(Example { name, json })
    };
    files.iter().filter_map(read).collect()
}

/// A name fit for files, links and keys.
pub(crate) fn slug(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    name.chars().map(|c| if fits(c) { c } else { '_' }).collect()
}
