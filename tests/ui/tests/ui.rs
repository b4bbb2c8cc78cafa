//! One case a message, named by the mistake; `TRYBUILD=overwrite` writes the expected texts anew.

use std::fs;
use std::path::Path;

const AREAS: [&str; 6] =
    ["derive_event", "derive_validate", "message_pack", "registered", "committed", "router"];

#[test]
fn ui_pass() {
    commit_schemas();
    let cases = trybuild::TestCases::new();
    for area in AREAS {
        cases.pass(format!("{area}/pass/*.rs"));
    }
}

/// Apart from those that pass: without a case to run, trybuild checks all of them in one call of cargo.
#[test]
fn ui_fail() {
    commit_schemas();
    let cases = trybuild::TestCases::new();
    for area in AREAS {
        cases.compile_fail(format!("{area}/fail/*.rs"));
    }
}

/// Lays the committed schemas of the cases beside the `Cargo.toml` that trybuild writes for them.
fn commit_schemas() {
    let crates = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tests").join("trybuild");
    let folder = crates.join(env!("CARGO_PKG_NAME")).join("committed");
    fs::create_dir_all(&folder).unwrap();
    for file in fs::read_dir("committed/schemas").unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
}
