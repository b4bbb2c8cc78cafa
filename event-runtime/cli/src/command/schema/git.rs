//! Files under a git ref, asked of git itself.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Result};

/// The JSON files of `folder` (relative to `root`) as they were at `reference`: names and texts.
pub(super) fn files(root: &Path, reference: &str, folder: &str) -> Result<Vec<(String, String)>> {
    // A name that begins with a dash would be an option.
    if reference.starts_with('-') || reference.is_empty() {
        return Err(Failure::usage(format!("`{reference}` is neither a folder nor a git ref")));
    }
    let commit = format!("{reference}^{{commit}}");
    if git(root, ["rev-parse", "--verify", "--quiet", commit.as_str()]).is_err() {
        let text = format!(
            "`{reference}` is neither a folder nor a git ref of the repository around {}",
            root.display()
        );
        return Err(Failure::usage(text));
    }
    let folder = format!("{}/", folder.trim_end_matches('/'));
    let listed = git(root, ["ls-tree", "-r", "-z", "--name-only", reference, "--", folder.as_str()])?;
    let mut files = Vec::new();
    for path in listed.split('\0').filter(|path| path.ends_with(".json")) {
        let name = path.rsplit('/').next().unwrap_or(path);
        // ls-tree names files from here on, and so does `./`.
        let text = git(root, ["show", format!("{reference}:./{path}").as_str()])?;
        files.push((name.to_owned(), text));
    }
    Ok(files)
}

fn git<S: AsRef<OsStr>>(root: &Path, arguments: impl IntoIterator<Item = S>) -> Result<String> {
    let output = Command::new("git").arg("-C").arg(root).args(arguments).output();
    let output = output.map_err(|error| Failure::Failed(format!("git can't be run: {error}")))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::Failed(format!("git failed: {}", reason.trim())));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::Failed("git printed what is not UTF-8".to_owned()))
}
