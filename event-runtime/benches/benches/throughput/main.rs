//! Events a second: `cargo bench -p event-benches`, about three minutes; `-- <part of a name>` runs a part.
//!
//! Everything runs on one thread and is measured by the CPU time that it takes, but for sleeping handlers, which take
//! none. Shared machines are noisy all the same: compare the ways of one run with one another. Nothing is judged by these
//! figures. How long one event takes is another question, which `--latency` of the program answers.

mod codec;
mod cpu_time;
mod dispatch;
mod ways;

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use event_benches::cases::growth::size_of;
use event_benches::measure::wall_time;
use event_benches::sample::{imported_lines, placed};

use crate::cpu_time::CpuTime;
use crate::ways::{Load, Sample, Sleepers, by_framework, ways};

/// Lines of an order, for messages of 0.5, 4, 30 and 230 KB.
const LINES: [u32; 4] = [0, 20, 176, 1_390];

fn in_flight(criterion: &mut Criterion<CpuTime>) {
    for at_once in [1, 8, 64] {
        compare(criterion, "in_flight", at_once, &placed(), at_once);
    }
}

fn message_size(criterion: &mut Criterion<CpuTime>) {
    for lines in LINES {
        compare(criterion, "message_bytes", size_of(lines), &imported_lines(lines), 8);
    }
}

/// Every way for one event, with so many of it in flight.
fn compare<E: Sample>(
    criterion: &mut Criterion<CpuTime>,
    group: &str,
    parameter: usize,
    event: &E,
    at_once: usize,
) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(1));
    for (name, way) in ways::<E>() {
        group.bench_function(BenchmarkId::new(name, parameter), |bencher| {
            bencher.iter_custom(|events| way(event, Load { events, at_once }));
        });
    }
}

/// What handlers that sleep cost those that don't, by the clock: only these count.
fn asleep(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("asleep");
    group.throughput(Throughput::Elements(1));
    for (name, sleepers) in [("none", Sleepers::None), ("one_of_ten", Sleepers::OneOfTen)] {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|events| {
                by_framework(&placed(), Load { events, at_once: 256 }, sleepers, wall_time)
            });
        });
    }
}

fn configuration() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .without_plots()
}

criterion_group! {
    name = busy;
    config = configuration().with_measurement(CpuTime);
    targets = in_flight, message_size, codec::run, dispatch::run
}
criterion_group! {
    name = sleeping;
    config = configuration();
    targets = asleep
}
criterion_main!(busy, sleeping);
