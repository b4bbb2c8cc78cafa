//! The committed file of one version of an event.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value};

use crate::runtime_path::RuntimePath;

/// The folder of schemas beside a crate's `Cargo.toml`, unless the event names another.
const FOLDER: &str = "schemas";

/// A committed schema.
pub(crate) struct Committed {
    /// Relative to the crate's folder.
    pub(super) path: String,
    /// The folder that holds it, and what the files of its payload type begin with.
    folder: PathBuf,
    prefix: String,
    schema: Value,
}

impl Committed {
    /// The committed schema, where there is one, it is JSON, and schemas are not being regenerated.
    pub(crate) fn read(folder: Option<&str>, payload_type: &str, version: u32) -> Option<Self> {
        if env::var_os("EVENT_SCHEMAS").is_some_and(|mode| mode == "update") {
            return None;
        }
        let path = path(folder, payload_type, version);
        let root = env::var_os("CARGO_MANIFEST_DIR")?;
        let file = Path::new(&root).join(&path);
        let text = fs::read_to_string(&file).ok()?;
        let schema = serde_json::from_str(&text).ok()?;
        let folder = file.parent()?.to_owned();
        Some(Self { path, folder, prefix: format!("{payload_type}.v"), schema })
    }

    /// The newest version that is committed after `version`, where there is one.
    pub(super) fn newest_after(&self, version: u32) -> Option<u32> {
        let files = fs::read_dir(&self.folder).ok()?;
        let versions = files.filter_map(|file| {
            let name = file.ok()?.file_name();
            name.to_str()?.strip_prefix(&self.prefix)?.strip_suffix(".json")?.parse().ok()
        });
        versions.max().filter(|newest| *newest > version)
    }

    /// Its properties; `None` where it describes no object.
    pub(super) fn properties(&self) -> Option<&Map<String, Value>> {
        self.schema.get("properties")?.as_object()
    }

    /// Whether readers refuse a payload without the property.
    pub(super) fn requires(&self, name: &str) -> bool {
        let required = self.schema.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|known| known == name))
    }
}

/// What makes the compiler look at the file, where there is one, and at the switch.
pub(crate) fn tracked(
    runtime: &RuntimePath,
    folder: Option<&str>,
    payload_type: &str,
    version: u32,
) -> Option<TokenStream> {
    let path = path(folder, payload_type, version);
    let root = env::var_os("CARGO_MANIFEST_DIR")?;
    if !Path::new(&root).join(&path).is_file() {
        return None;
    }
    let path = format!("/{path}");
    Some(quote! {
        const _: (&[u8], #runtime::Option<&str>) = (
            #runtime::core::include_bytes!(#runtime::core::concat!(#runtime::core::env!("CARGO_MANIFEST_DIR"), #path)),
            #runtime::core::option_env!("EVENT_SCHEMAS"),
        );
    })
}

fn path(folder: Option<&str>, payload_type: &str, version: u32) -> String {
    format!("{}/{payload_type}.v{version}.json", folder.unwrap_or(FOLDER))
}
