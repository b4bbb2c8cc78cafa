//! Schema files as they were committed: in a folder, or under a git ref.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::git;
use crate::context::Context;
use crate::failure::{Failure, Result};

/// The folder of schemas, unless an event names another.
pub(crate) const SCHEMAS: &str = "schemas";

/// Schema files by their names.
#[derive(Debug, Default)]
pub(crate) struct Committed {
    files: BTreeMap<String, Value>,
}

impl Committed {
    /// The files of `against`: a folder of schemas, a folder with schemas/ in it, or a git ref.
    pub(crate) fn against(context: &Context, against: &str) -> Result<Self> {
        let folder = PathBuf::from(against);
        if folder.is_dir() {
            let inner = folder.join(SCHEMAS);
            return Self::folder(if inner.is_dir() { &inner } else { &folder });
        }
        let mut committed = Self::default();
        for folder in folders(context) {
            for (name, text) in git::files(&context.root, against, &folder)? {
                committed.add(&format!("{against}:{name}"), &name, &text)?;
            }
        }
        Ok(committed)
    }

    /// The files of the folders that the events name under --root.
    pub(crate) fn own(context: &Context) -> Result<Self> {
        let mut committed = Self::default();
        for folder in folders(context) {
            let folder = context.root.join(folder);
            if folder.is_dir() {
                committed.files.extend(Self::folder(&folder)?.files);
            }
        }
        Ok(committed)
    }

    fn folder(folder: &Path) -> Result<Self> {
        let mut committed = Self::default();
        let failed = |error| Failure::file(folder, &error);
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            if name.ends_with(".json") {
                let text = std::fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
                committed.add(&path.display().to_string(), name, &text)?;
            }
        }
        Ok(committed)
    }

    fn add(&mut self, place: &str, name: &str, text: &str) -> Result<()> {
        let value = serde_json::from_str(text)
            .map_err(|error| Failure::Failed(format!("{place} is not JSON: {error}")))?;
        self.files.insert(name.to_owned(), value);
        Ok(())
    }

    /// The schema file of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.files.get(name)
    }

    /// The names of the files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }
}

/// The folders that the events name, relative to --root.
pub(super) fn folders(context: &Context) -> Vec<String> {
    let mut folders: Vec<_> = context
        .packs
        .events()
        .flat_map(|event| event.versions())
        .map(|event| event.schemas.unwrap_or(SCHEMAS).to_owned())
        .collect();
    folders.sort();
    folders.dedup();
    folders
}
