//! From a message to its handler, by the number of payload types.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use event_benches::cases::dispatch::{ignore, payload_type, router};
use event_benches::floor::{Dispatch, async_handler};
use event_benches::measure::{block_on, cpu_time};
use event_runtime::{Codec, Message, Metadata};

use crate::cpu_time::CpuTime;

pub fn run(criterion: &mut Criterion<CpuTime>) {
    let mut group = criterion.benchmark_group("payload_types");
    group.throughput(Throughput::Elements(1));
    for types in [10, 100, 1_000] {
        let messages: Vec<Message> = (0..types)
            .map(|index| Codec::Native.encode_raw(Metadata::new(payload_type(index), 1), "{}", None).unwrap())
            .collect();
        let table = Dispatch::new((0..types).map(|index| (payload_type(index), async_handler(ignore))));
        group.bench_function(BenchmarkId::new("map_of_closures", types), |bencher| {
            bencher.iter_custom(|times| {
                each(&messages, times, async |message| {
                    table.handle(|message: &Message| &message.metadata().payload_type, message).await;
                })
            });
        });
        let router = router(types);
        group.bench_function(BenchmarkId::new("router", types), |bencher| {
            bencher.iter_custom(|times| {
                each(&messages, times, async |message| {
                    black_box(router.handle(message).await);
                })
            });
        });
    }
}

/// How long so many calls take, over all messages in turn.
fn each(messages: &[Message], times: u64, handle: impl AsyncFn(Message)) -> Duration {
    let start = cpu_time();
    block_on(async {
        for (_, message) in (0..times).zip(messages.iter().cycle()) {
            handle(black_box(message.clone())).await;
        }
    });
    cpu_time() - start
}
