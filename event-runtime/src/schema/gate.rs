//! The gate of `cargo test`: committed schemas are fresh, changes are compatible, fixtures decode.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::compat::{Change, Effect, Options, Verdict, Writers, compare};
use super::difference::differences;
use super::document::{document, file_name, print};
use crate::event::{Compatibility, EventDescriptor};
use crate::factory::PackDescriptor;

/// The folder of schemas beside a crate's `Cargo.toml`, unless `#[event(schemas = "…")]` names another.
const SCHEMAS: &str = "schemas";
/// The folder of sample payloads: `fixtures/<payload_type>.v<version>/*.json`.
const FIXTURES: &str = "fixtures";
/// What writes the files anew instead of comparing them.
const UPDATE: &str = "EVENT_SCHEMAS=update";

/// What is wrong with the committed schemas and fixtures of a pack; never empty.
#[derive(Debug)]
pub struct GateError(Vec<GateProblem>);

/// One thing that is wrong, with its remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct GateProblem {
    kind: GateProblemKind,
    /// The file that it is about.
    file: PathBuf,
    text: String,
}

/// What kind of problem a [`GateProblem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GateProblemKind {
    /// There is no file for an event's version.
    Missing,
    /// The file is not what the code generates; the change is compatible.
    Stale,
    /// The change breaks readers of the other side.
    Incompatible,
    /// An optional field has another name: no reader refuses it, and none finds what the other side wrote.
    Renamed,
    /// The file is committed, and no event of the pack reads its version any more.
    Orphaned,
    /// A fixture is not a payload of its event.
    Fixture,
    /// A file cannot be read, written or parsed.
    Unreadable,
}

impl GateError {
    /// The problems, event by event.
    pub fn problems(&self) -> &[GateProblem] {
        &self.0
    }
}

impl GateProblem {
    /// What kind of problem it is.
    pub fn kind(&self) -> GateProblemKind {
        self.kind
    }

    /// The file that it is about.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Display for GateProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.file.display(), self.text)
    }
}

impl fmt::Display for GateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for GateError {}

/// Checks the files of a pack whose crate lies at `root` (the folder of its `Cargo.toml`): every version of every
/// event has a schema file, the file is what the code generates, a change of it is compatible by the event's rule, and
/// every fixture decodes. A crate without a folder of schemas is not checked for them.
///
/// `message_pack!` generates a test that calls it.
///
/// # Errors
/// Every problem of every event; see [`GateProblemKind`].
pub fn gate(pack: &PackDescriptor, root: impl AsRef<Path>) -> Result<(), GateError> {
    run(pack, root.as_ref(), false)
}

/// [`gate`], but missing and compatibly changed files are written; a change that breaks is still refused, and its
/// file left as it is.
///
/// # Errors
/// What writing files cannot settle.
pub fn update(pack: &PackDescriptor, root: impl AsRef<Path>) -> Result<(), GateError> {
    run(pack, root.as_ref(), true)
}

fn run(pack: &PackDescriptor, root: &Path, update: bool) -> Result<(), GateError> {
    let mut gate = Gate { root, update, problems: Vec::new() };
    for event in pack.events {
        gate.event(event);
    }
    if gate.problems.is_empty() { Ok(()) } else { Err(GateError(gate.problems)) }
}

struct Gate<'a> {
    root: &'a Path,
    update: bool,
    problems: Vec<GateProblem>,
}

impl Gate<'_> {
    fn problem(&mut self, kind: GateProblemKind, file: &Path, text: impl Into<String>) {
        let file = file.strip_prefix(self.root).unwrap_or(file).to_owned();
        self.problems.push(GateProblem { kind, file, text: text.into() });
    }

    fn event(&mut self, newest: &'static EventDescriptor) {
        for event in newest.versions() {
            let folder = self.root.join(event.schemas.unwrap_or(SCHEMAS));
            if self.update || folder.is_dir() {
                self.schema(event, &folder);
            }
            self.fixtures(newest, event);
        }
        self.orphans(newest);
    }

    fn schema(&mut self, event: &'static EventDescriptor, folder: &Path) {
        let file = folder.join(file_name(event));
        let fresh = document(event);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return self.write(GateProblemKind::Missing, &file, &fresh, "there is no schema");
            }
            Err(error) => return self.problem(GateProblemKind::Unreadable, &file, error.to_string()),
        };
        if text == print(&fresh) {
            return;
        }
        let committed = match serde_json::from_str::<Value>(&text) {
            Ok(committed) => committed,
            Err(error) => {
                let text =
                    format!("it is not JSON ({error}): restore it, or delete it and run {UPDATE} cargo test");
                return self.problem(GateProblemKind::Unreadable, &file, text);
            }
        };
        match broken(&committed, &fresh, event.compatibility) {
            Some(reason) => {
                let next = event.version + 1;
                let remedy = format!(
                    "keep the payload as it was (new fields optional or with a default), or leave version {} alone and \
                     add version {next} with `upcast_from`",
                    event.version
                );
                self.problem(GateProblemKind::Incompatible, &file, format!("{reason}: {remedy}"));
            }
            None => match lost(&committed, &fresh, event.compatibility) {
                Some((renames, old_name)) => {
                    let next = event.version + 1;
                    let remedy = format!(
                        "keep the name on the wire with `#[serde(rename = \"{old_name}\")]`, or add version {next} with \
                     `upcast_from`; where one field went and another came, take the old one out first, run \
                     {UPDATE} cargo test, then add the new one"
                    );
                    self.problem(GateProblemKind::Renamed, &file, format!("{renames}: {remedy}"));
                }
                None => {
                    let what =
                        format!("it is not what the code generates ({})", differences(&committed, &fresh));
                    self.write(GateProblemKind::Stale, &file, &fresh, &what);
                }
            },
        }
    }

    /// Writes a file, or says that it has to be written.
    fn write(&mut self, kind: GateProblemKind, file: &Path, fresh: &Value, what: &str) {
        if !self.update {
            return self.problem(kind, file, format!("{what}: run {UPDATE} cargo test, and commit the file"));
        }
        let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = folder.and_then(|()| fs::write(file, print(fresh))) {
            self.problem(GateProblemKind::Unreadable, file, error.to_string());
        }
    }

    /// Every fixture of `event` is read as `newest`.
    fn fixtures(&mut self, newest: &'static EventDescriptor, event: &'static EventDescriptor) {
        let folder = self.root.join(FIXTURES).join(format!("{}.v{}", event.payload_type, event.version));
        for file in files(&folder) {
            let json = match fs::read_to_string(&file) {
                Ok(json) => json,
                Err(error) => {
                    self.problem(GateProblemKind::Unreadable, &file, error.to_string());
                    continue;
                }
            };
            if let Err(error) = (newest.read)(event.version, &json) {
                let text = format!("{error}: restore the fixture, or make the event read it again");
                self.problem(GateProblemKind::Fixture, &file, text);
            }
        }
    }

    /// Files of versions that nothing reads.
    fn orphans(&mut self, newest: &'static EventDescriptor) {
        let folder = self.root.join(newest.schemas.unwrap_or(SCHEMAS));
        let known: BTreeSet<_> = newest.versions().map(file_name).collect();
        for file in files(&folder) {
            let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
            let version = name.strip_prefix(newest.payload_type).and_then(|rest| rest.strip_prefix(".v"));
            let Some(version) = version.and_then(|rest| rest.strip_suffix(".json")) else { continue };
            if version.parse::<u32>().is_ok() && !known.contains(name) {
                let text = format!(
                    "version {version} was published and nothing reads it: keep its event and name it in `upcast_from`, or \
                     delete the file where no such message is left"
                );
                self.problem(GateProblemKind::Orphaned, &file, text);
            }
        }
    }
}

/// The JSON files of a folder by name; none where there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}

/// What a change loses by the rule without breaking anything: optional fields that have another name now.
/// With the first one's old name.
fn lost(committed: &Value, fresh: &Value, rule: Compatibility) -> Option<(String, String)> {
    if rule == Compatibility::None {
        return None;
    }
    let report = compare(committed, fresh, &Options::default());
    let is_lost = |change: &&Change| {
        rule.is_backward() && change.backward == Effect::Lossy
            || rule.is_forward() && change.forward == Effect::Lossy
    };
    let sentences: Vec<_> =
        report.changes.iter().filter(is_lost).map(|change| change.sentence.as_str()).collect();
    // A sentence about a rename begins with the place that had the old name.
    let place = sentences.first()?.split('`').nth(1)?;
    let old_name = place.rsplit('.').next().unwrap_or(place).to_owned();
    Some((sentences.join("; "), old_name))
}

/// What a change breaks by the rule, in words; `None` where it breaks nothing.
fn broken(committed: &Value, fresh: &Value, rule: Compatibility) -> Option<String> {
    if rule == Compatibility::None {
        return None;
    }
    let writers = match rule {
        Compatibility::Strict { .. } => Writers::AsWritten,
        _ => Writers::Closed,
    };
    let report = compare(committed, fresh, &Options { writers, ..Options::default() });
    let backward = rule.is_backward().then_some(("new code does not read", "old events", &report.backward));
    let forward = rule.is_forward().then_some(("old code does not read", "new events", &report.forward));
    let reasons: Vec<_> = [backward, forward]
        .into_iter()
        .flatten()
        .filter_map(|(who, whose, verdict)| match verdict {
            Verdict::Compatible => None,
            Verdict::Breaking { counterexample } => Some(format!("{who} {whose} such as {counterexample}")),
            Verdict::Unknown { reason } => Some(format!("{who} {whose}, as far as can be told ({reason})")),
        })
        .collect();
    (!reasons.is_empty()).then(|| reasons.join("; "))
}
