//! Instruction counts of the runtime against hand-written floors and peers, and the budgets that CI holds.
//!
//! `cargo run --release -p event-benches` prints the table; `-- --check` also fails where a figure is over its
//! budget, `-- --update` makes the figures the budgets. `-- --growth` prints how costs grow, and draws it. Everything of
//! a table is from one run of one process under callgrind. `-- --wall` prints throughput and latency by the clock,
//! for people: nothing judges it. `--features sqs -- --sqs`, `--features sqlite -- --sqlite` and `--features postgres --
//! --postgres` compare with loops by hand over the bare client of each.

mod budgets;
mod callgrind;
mod cases;
mod floor;
mod goals;
mod graph;
mod growth;
mod measure;
#[cfg(feature = "postgres")]
mod postgres;
mod report;
mod sample;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqs")]
mod sqs;
mod wall;

use std::error::Error;
use std::process::ExitCode;

/// How this program calls itself under callgrind.
const CASES: &str = "--cases";
const GROWTH_CASES: &str = "--growth-cases";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match std::env::args().nth(1).as_deref() {
        None => report::print(&callgrind::run(CASES)?),
        Some(CASES) => cases::run(),
        Some(GROWTH_CASES) => cases::run_growth(),
        Some("--growth") => growth::publish(&callgrind::run(GROWTH_CASES)?)?,
        Some("--wall") => wall::run(),
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
            let known = "--check, --update, --growth, --wall or none; --sqs, --sqlite and --postgres each with the \
                         feature of its name";
            return Err(format!("unknown argument `{other}`: {known}").into());
        }
    }
    Ok(ExitCode::SUCCESS)
}
