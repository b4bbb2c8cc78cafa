//! Generated files into a folder.

use std::path::Path;

use crate::catalogue::Files;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};

/// Writes the files below `folder`; those that are there already are replaced, others stay.
pub(super) fn write(context: &mut Context, folder: &Path, files: &Files) -> Result {
    for (name, text) in files {
        let path = folder.join(name);
        let written = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        written.and_then(|()| std::fs::write(&path, text)).map_err(|error| Failure::file(&path, &error))?;
    }
    context.out.note(format!("{} files in {}", files.len(), folder.display()))?;
    Ok(Answer::Good)
}
