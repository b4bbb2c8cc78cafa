//! Webhook deliveries out of files, with a line for everything that is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::value::RawValue;

const USAGE: &str = "usage: cargo run -p example-webhooks -- [FILE…]
Each FILE is JSON: {\"event\": \"push\", \"payload\": {…}}, or {\"events\": [ … ]} around several such.
Without a FILE it reads those of examples/webhooks/payloads.";

/// The files that the command line names; where it names something else, how to use the example was printed.
pub(crate) fn arguments() -> Result<Vec<PathBuf>, ExitCode> {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    match files.iter().find(|file| file.as_os_str().as_encoded_bytes().starts_with(b"-")) {
        None => Ok(files),
        Some(option) => {
            println!("{USAGE}");
            let help = matches!(option.to_str(), Some("-h" | "--help"));
            Err(if help { ExitCode::SUCCESS } else { ExitCode::from(2) })
        }
    }
}

/// One delivery: the value of the `X-GitHub-Event` header, and the body.
#[derive(Debug, Deserialize)]
pub(crate) struct WebhookDelivery {
    /// The file and the place in it.
    #[serde(skip)]
    pub(crate) origin: String,
    pub(crate) event: String,
    pub(crate) payload: Box<RawValue>,
}

/// A file's shape; what else stands in it is nobody's business here.
#[derive(Deserialize)]
struct Several<'a> {
    #[serde(borrow)]
    events: Option<&'a RawValue>,
}

/// Reads all files, or the ones beside this example where none is named. What can't be read is reported, and the rest
/// is kept.
pub(crate) fn read(files: &[PathBuf]) -> (Vec<WebhookDelivery>, Vec<String>) {
    let own;
    let files = if files.is_empty() {
        own = beside();
        &own
    } else {
        files
    };
    let (mut deliveries, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match fs::read_to_string(file) {
            Ok(text) => parse(file, &text, &mut deliveries, &mut problems),
            Err(error) => problems.push(format!("{}: {error}", file.display())),
        }
    }
    (deliveries, problems)
}

fn beside() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("payloads");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files
}

fn parse(file: &Path, text: &str, deliveries: &mut Vec<WebhookDelivery>, problems: &mut Vec<String>) {
    let file = file.display();
    // Editors on Windows put a byte order mark first.
    let entries = match entries(text.strip_prefix('\u{FEFF}').unwrap_or(text)) {
        Ok(entries) => entries,
        Err(problem) => return problems.push(format!("{file}: {problem}")),
    };
    for (index, entry) in entries.iter().enumerate() {
        let origin = format!("{file}#{index}");
        match delivery(entry, origin.clone()) {
            Ok(delivery) => deliveries.push(delivery),
            Err(problem) => problems.push(format!("{origin}: {problem}")),
        }
    }
}

/// The deliveries of a file, unread.
fn entries(text: &str) -> Result<Vec<Box<RawValue>>, String> {
    if text.trim().is_empty() {
        return Err("empty; write {\"event\": \"push\", \"payload\": {…}}".into());
    }
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    match serde_json::from_str::<Several<'_>>(whole.get()) {
        Ok(Several { events: Some(events) }) => serde_json::from_str(events.get()).map_err(|_| {
            "`events` is no list; write {\"events\": [ {\"event\": …, \"payload\": …} ]}".into()
        }),
        _ => Ok(vec![whole.to_owned()]),
    }
}

fn delivery(entry: &RawValue, origin: String) -> Result<WebhookDelivery, String> {
    let delivery: WebhookDelivery =
        serde_json::from_str(entry.get()).map_err(|error| format!("no webhook delivery: {error}"))?;
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
    if !is_name(&delivery.event) {
        return Err(
            "`event` is no name of an event; write what the header X-GitHub-Event says, such as push".into(),
        );
    }
    Ok(WebhookDelivery { origin, ..delivery })
}
