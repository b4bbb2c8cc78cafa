//! The real binary over the packs of this crate: what it prints, and its exit codes.

// The configuration of clippy excuses test functions only, not what they call.
#![allow(clippy::unwrap_used, clippy::panic)]

mod browser;
mod catalogue;
mod emit;
mod program;
mod routes;
mod schemas;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// What a run of the binary came to.
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    /// The lines of the standard output as JSON.
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-packs"));
    command.args(arguments).env_remove("EVENTS_CONFIG").env_remove("CARGO_MANIFEST_DIR").current_dir(root());
    command
}

fn run(arguments: &[&str]) -> Run {
    run_with(arguments, "")
}

fn run_with(arguments: &[&str], input: &str) -> Run {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that needs no input may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of this test run, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The quickstart's configuration.
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/quickstart/config.json");
