//! Instruction counts of the runtime against hand-written floors and peers, and the budgets that CI holds.
//!
//! `cargo run --release -p event-benches` prints the table; `-- --check` also fails where a figure is over its
//! budget, `-- --update` makes the figures the budgets. `-- --growth` prints how costs grow, and draws it. Everything of
//! a table is from one run of one process under callgrind. `--features sqs -- --sqs`, `--features sqlite -- --sqlite` and
//! `--features postgres -- --postgres` compare with loops by hand over the bare client of each.
//!
//! For people, and judged by nothing: `-- --latency` prints percentiles by the clock, `cargo bench -p event-benches`
//! throughput.
//!
//! It is a library for the sake of that second program, and of `peers` beside it.

mod budgets;
pub mod callgrind;
pub mod cases;
pub mod command;
pub mod floor;
mod goals;
mod graph;
mod growth;
mod latency;
pub mod measure;
#[cfg(feature = "postgres")]
mod postgres;
mod report;
pub mod sample;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqs")]
pub mod sqs;
