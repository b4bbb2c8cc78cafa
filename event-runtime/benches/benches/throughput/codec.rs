//! Envelopes to bytes and back, by their size.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use event_benches::floor::FlatEnvelope;
use event_benches::sample::{OrderImported, envelope, imported_lines};
use event_runtime::{Codec, Envelope};

use crate::LINES;
use crate::cpu_time::CpuTime;

pub fn run(criterion: &mut Criterion<CpuTime>) {
    for lines in LINES {
        let envelope = envelope(imported_lines(lines));
        let flat = FlatEnvelope::from(envelope.clone());
        let body = Codec::Native.encode(&envelope).unwrap().body().as_bytes().clone();

        let mut group = criterion.benchmark_group("encode");
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("serde_json", body.len()), |bencher| {
            bencher.iter(|| black_box(&flat).encode());
        });
        group.bench_function(BenchmarkId::new("event-runtime", body.len()), |bencher| {
            bencher.iter(|| Codec::Native.encode(black_box(&envelope)).unwrap());
        });
        group.finish();

        let mut group = criterion.benchmark_group("decode");
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("serde_json", body.len()), |bencher| {
            bencher.iter(|| FlatEnvelope::<OrderImported>::decode(black_box(&body)));
        });
        group.bench_function(BenchmarkId::new("event-runtime", body.len()), |bencher| {
            bencher.iter(|| -> Envelope<OrderImported> {
                Codec::decode(black_box(&body).clone()).unwrap().into_envelope().unwrap()
            });
        });
        group.finish();
    }
}
