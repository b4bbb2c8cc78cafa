//! The measured side: runs each case where callgrind counts, and says which case it was.
//!
//! Callgrind counts inside `measured` only, and writes one file before and one after it. This program's lines on
//! the standard output are in the order of those pairs.

use std::hint::black_box;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Where the instructions are counted; callgrind knows it by this name.
pub const MEASURED: &str = "event_benches::measure::measured";

#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Keeps this a call of its own, with a return that callgrind sees.
    black_box(());
}

/// Counts `operations` operations done by `run` on what `prepare` made; once before, uncounted, to warm up.
pub fn measure<I>(name: &str, operations: usize, prepare: impl Fn() -> I, run: impl Fn(I)) {
    run(prepare());
    let mut input = Some(prepare());
    measured(&mut || {
        if let Some(input) = input.take() {
            run(input);
        }
    });
    println!("{name} {operations}");
}

/// The cost of one more operation where starting costs something too: 200 against 1,200 operations.
pub fn measure_growth<I>(name: &str, prepare: impl Fn(usize) -> I, run: impl Fn(I)) {
    for operations in [200, 1_200] {
        measure(name, operations, || prepare(operations), &run);
    }
}

/// What all threads of this process have used of the CPU.
pub fn cpu_time() -> Duration {
    time(ClockId::ProcessCPUTime)
}

/// What has passed by the clock, since a moment that says nothing.
pub fn wall_time() -> Duration {
    time(ClockId::Monotonic)
}

fn time(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Runs a future to its end on this thread, with a clock and nothing else.
pub fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
