//! The command line: which table is printed.

use std::error::Error;
use std::process::ExitCode;

#[cfg(feature = "postgres")]
use crate::postgres;
#[cfg(feature = "sqlite")]
use crate::sqlite;
#[cfg(feature = "sqs")]
use crate::sqs;
use crate::{budgets, callgrind, cases, growth, latency, report};

/// How this program calls itself under callgrind.
const CASES: &str = "--cases";
const GROWTH_CASES: &str = "--growth-cases";

/// Runs what the first argument names.
pub fn run() -> Result<ExitCode, Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        None => report::print(&callgrind::run(CASES)?),
        Some(CASES) => cases::run(),
        Some(GROWTH_CASES) => cases::run_growth(),
        Some("--growth") => growth::publish(&callgrind::run(GROWTH_CASES)?)?,
        Some("--latency") => latency::run(),
        #[cfg(feature = "sqs")]
        Some("--sqs") => sqs::publish()?,
        #[cfg(feature = "sqs")]
        Some(sqs::CASES) => sqs::run_cases(),
        #[cfg(feature = "sqlite")]
        Some("--sqlite") => sqlite::run(),
        #[cfg(feature = "postgres")]
        Some("--postgres") => postgres::run()?,
        Some("--check") => {
            let costs = callgrind::run(CASES)?;
            report::print(&costs);
            let violations = budgets::violations(&budgets::figures(&costs), &budgets::read()?);
            violations.iter().for_each(|violation| eprintln!("{violation}"));
            if !violations.is_empty() {
                return Ok(ExitCode::FAILURE);
            }
        }
        Some("--update") => {
            let costs = callgrind::run(CASES)?;
            report::print(&costs);
            budgets::write(&budgets::figures(&costs))?;
        }
        Some(other) => {
            let known = "--check, --update, --growth, --latency or none; --sqs, --sqlite and --postgres each with the \
                         feature of its name";
            return Err(format!("unknown argument `{other}`: {known}").into());
        }
    }
    Ok(ExitCode::SUCCESS)
}
