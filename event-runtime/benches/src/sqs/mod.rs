//! SQS over canned answers: source, engine and producer against loops over the bare SDK, both over the same client.

mod canned;
mod cases;

use crate::callgrind;
use crate::goals::SQS_GOALS;
use crate::report;

pub(crate) use cases::run as run_cases;

/// How this program calls itself under callgrind.
pub(crate) const CASES: &str = "--sqs-cases";

/// Messages in a call: the service's own most.
const BATCH: usize = 10;

/// Prints instructions under callgrind, and the calls to the service without it.
pub(crate) fn publish() -> Result<(), Box<dyn std::error::Error>> {
    report::print_goals(SQS_GOALS, &callgrind::run(CASES)?);
    println!();
    println!("| calls to SQS a message | floor | framework |\n|---|--:|--:|");
    println!("| consume | {:.3} | {:.3} |", cases::floor_calls(), cases::framework_calls());
    Ok(())
}
