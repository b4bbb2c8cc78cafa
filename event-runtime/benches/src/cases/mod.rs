//! What is measured, each framework case beside its floor.

mod codec;
pub mod dispatch;
pub mod end_to_end;
mod engine;
pub mod growth;
mod layers;
mod queue;

/// Runs every case under the eye of callgrind.
pub(crate) fn run() {
    codec::run();
    dispatch::run();
    layers::run();
    queue::run();
    engine::run();
    end_to_end::run();
}

/// Runs the cases of the graphs.
pub(crate) fn run_growth() {
    growth::run();
}
