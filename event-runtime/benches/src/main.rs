//! The instruction counts, the budgets and the latencies; the library beside it says how.

use std::error::Error;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    event_benches::command::run()
}
