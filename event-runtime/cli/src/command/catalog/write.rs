//! Generated files into a folder.

use std::path::{Component, Path};

use crate::catalogue::Files;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};

/// What was generated last time, so that pages of events that are gone can go too.
const MANIFEST: &str = ".events-catalog.json";

/// Writes the files below `folder`. Those that are there already are replaced, those that were generated last time and
/// are not any more are removed, and what others put there stays.
pub(super) fn write(context: &mut Context, folder: &Path, files: &Files) -> Result {
    let stale: Vec<_> =
        generated_before(folder).into_iter().filter(|name| !files.contains_key(name)).collect();
    for (name, text) in files {
        let path = folder.join(name);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        written.and_then(|()| std::fs::write(&path, text)).map_err(|error| Failure::file(&path, &error))?;
    }
    let mut removed = 0;
    for name in stale {
        let path = folder.join(&name);
        match std::fs::remove_file(&path) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Failure::file(&path, &error)),
        }
        remove_empty_folders(folder, &path);
    }
    let manifest = folder.join(MANIFEST);
    let names: serde_json::Value = files.keys().map(String::as_str).collect();
    std::fs::write(&manifest, format!("{names:#}\n")).map_err(|error| Failure::file(&manifest, &error))?;
    let gone = match removed {
        0 => String::new(),
        count => format!(", {count} of events and packs that are gone were removed"),
    };
    context.out.note(format!("{} files in {}{gone}", files.len(), folder.display()))?;
    Ok(Answer::Good)
}

/// The files of the last run; none where nobody knows. A path that leads out of the folder is not one of ours.
fn generated_before(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(MANIFEST)).unwrap_or_default();
    let mut names: Vec<String> = serde_json::from_str(&text).unwrap_or_default();
    names.retain(|name| Path::new(name).components().all(|part| matches!(part, Component::Normal(_))));
    names
}

/// The folders that a removed file leaves empty, up to the output folder.
fn remove_empty_folders(folder: &Path, file: &Path) {
    for parent in file.ancestors().skip(1).take_while(|parent| *parent != folder) {
        // A folder that holds something stays.
        if std::fs::remove_dir(parent).is_err() {
            return;
        }
    }
}
