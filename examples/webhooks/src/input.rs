//! Webhook deliveries out of files, with a line for everything that is none.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

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
struct Several {
    events: Vec<Box<RawValue>>,
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
    let entries = match serde_json::from_str::<&RawValue>(text) {
        Err(error) => return problems.push(format!("{file}: not JSON: {error}")),
        Ok(whole) => match serde_json::from_str::<Several>(whole.get()) {
            Ok(several) => several.events,
            Err(_) => vec![whole.to_owned()],
        },
    };
    for (index, entry) in entries.iter().enumerate() {
        let origin = format!("{file}#{index}");
        match serde_json::from_str::<WebhookDelivery>(entry.get()) {
            Ok(delivery) => deliveries.push(WebhookDelivery { origin, ..delivery }),
            Err(error) => problems.push(format!("{origin}: no webhook delivery: {error}")),
        }
    }
}
