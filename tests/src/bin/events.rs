//! The command line over the marketplace's packs, with every transport: what tests of the command line run.

use std::process::ExitCode;

fn main() -> ExitCode {
    event_cli::run(event_packs::all())
}
