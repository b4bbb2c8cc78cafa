//! Throughput and latency by the clock. Shared machines are noisy: what is compared runs in turns in one process,
//! and the best round of each counts. Nothing is judged by these figures.

mod latency;
mod throughput;

/// Prints the tables.
pub(crate) fn run() {
    throughput::run();
    latency::run();
}
