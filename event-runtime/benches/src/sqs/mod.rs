//! SQS over canned answers: source, engine and producer against loops over the bare SDK, both over the same client.

mod canned;
mod cases;

use crate::callgrind;
use crate::goals::SQS_GOALS;
use crate::report;

pub use canned::Canned;
pub use cases::{SENT, URL, calls_of_one_more, consume_calls, entry, produce_calls, run as run_cases};

/// How this program calls itself under callgrind.
pub(crate) const CASES: &str = "--sqs-cases";

/// Messages in a call: the service's own most.
pub const BATCH: usize = 10;

/// Prints instructions under callgrind, and the calls to the service without it.
pub(crate) fn publish() -> Result<(), Box<dyn std::error::Error>> {
    report::print_goals(SQS_GOALS, &callgrind::run(CASES)?);
    println!();
    println!("| calls to SQS a message | floor | framework |\n|---|--:|--:|");
    for (case, [floor, framework]) in [("consume", consume_calls()), ("produce", produce_calls())] {
        println!("| {case} | {floor:.3} | {framework:.3} |");
    }
    Ok(())
}
