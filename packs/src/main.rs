//! The command line over the packs of this crate: `cargo run -p event-packs -- help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    event_cli::run(event_packs::all())
}
