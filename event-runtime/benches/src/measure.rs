//! The measured side: runs each case where callgrind counts, and says which case it was.
//!
//! Callgrind counts inside [`measured`] only, and writes one file before and one after it. This program's lines on
//! the standard output are in the order of those pairs.

use std::hint::black_box;

/// Where the instructions are counted; callgrind knows it by this name.
pub(crate) const MEASURED: &str = "event_benches::measure::measured";

#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Keeps this a call of its own, with a return that callgrind sees.
    black_box(());
}

/// Counts `operations` operations done by `run` on what `prepare` made; once before, uncounted, to warm up.
pub(crate) fn measure<I>(name: &str, operations: usize, prepare: impl Fn() -> I, run: impl Fn(I)) {
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
pub(crate) fn measure_growth<I>(name: &str, prepare: impl Fn(usize) -> I, run: impl Fn(I)) {
    for operations in [200, 1_200] {
        measure(name, operations, || prepare(operations), &run);
    }
}

/// Runs a future to its end on this thread, with a clock and nothing else.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
