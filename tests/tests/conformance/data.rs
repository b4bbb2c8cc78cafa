//! Where the published data stands.

use std::path::Path;

use serde_json::Value;

/// One file of the conformance data, as JSON; `None`, and a line that says so, where the data is not there.
pub(crate) fn load(file: &str) -> Option<Value> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance"));
    match std::fs::read_to_string(folder.join(file)) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(_) => {
            println!("skipped: conformance data not found");
            None
        }
    }
}

/// The cases under `name`; each has an `id`.
pub(crate) fn cases<'a>(data: &'a Value, name: &str) -> Vec<(&'a str, &'a Value)> {
    let cases = data[name].as_array().unwrap();
    assert!(!cases.is_empty(), "no cases under {name}");
    cases.iter().map(|case| (case["id"].as_str().unwrap(), case)).collect()
}
