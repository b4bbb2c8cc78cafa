//! A typed event through a pool, a queue in memory and the consumer into its handler, and its acknowledgement.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerSettings, OnExhausted};
use event_runtime::embedded::{Broker, EmbeddedProducer, EmbeddedSource, QueueSettings};
use event_runtime::{Event, IntoEnvelope, MessageRouter, Payload, ProducersPool};
use tokio::sync::Notify;

use crate::floor::{Dispatch, FlatEnvelope, HandQueue, async_handler};
use crate::measure::{block_on, measure, measure_growth};
use crate::sample::{OrderPlaced, SamplePack, placed};

const TIMES: usize = 200;

pub(super) fn run() {
    let dispatch = Dispatch::new([(
        OrderPlaced::PAYLOAD_TYPE.to_owned(),
        async_handler(|envelope: FlatEnvelope<OrderPlaced>| {
            black_box(envelope);
        }),
    )]);
    measure(
        "end_to_end.floor",
        TIMES,
        || (HandQueue::default(), vec![placed(); TIMES]),
        |(queue, events)| {
            block_on(async {
                for event in events {
                    let key = event.order_id.to_string();
                    queue.send(FlatEnvelope::new(OrderPlaced::PAYLOAD_TYPE, key, event).encode().into());
                    let (id, body) = queue.receive().await;
                    dispatch.handle(FlatEnvelope::payload_type, FlatEnvelope::decode(&body)).await;
                    queue.acknowledge(id);
                }
            });
        },
    );

    measure(
        "publish",
        TIMES,
        || (broker(), vec![placed(); TIMES]),
        |((_broker, pool), events)| {
            block_on(async {
                for event in events {
                    event.envelope().emit_to(&pool).await.unwrap();
                }
            });
        },
    );

    let prepare = |messages| (broker(), vec![placed(); messages]);
    measure_growth("end_to_end", prepare, |((broker, pool), events)| {
        let left = Arc::new(AtomicUsize::new(events.len()));
        let done = Arc::new(Notify::new());
        let end = done.clone();
        let router = MessageRouter::new().on(move |payload: Payload<OrderPlaced>| {
            let (left, end) = (left.clone(), end.clone());
            async move {
                black_box(payload);
                if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                    end.notify_one();
                }
            }
        });
        let settings = ConsumerSettings {
            settle_linger: Duration::ZERO,
            wait: Duration::ZERO,
            on_exhausted: OnExhausted::Discard,
            ..ConsumerSettings::default()
        };
        let source = EmbeddedSource::new(broker.queue("bench").unwrap());
        let consumer = Consumer::new(source).with_settings(settings);
        block_on(async {
            for event in events {
                event.envelope().emit_to(&pool).await.unwrap();
            }
            let report = consumer.run(router, async move { done.notified().await }).await.unwrap();
            assert_eq!(report.unsettled, 0);
        });
    });
}

/// A broker with a queue, and a pool that produces into it.
pub fn broker() -> (Broker, ProducersPool) {
    let broker = Broker::new();
    let queue = broker.create_queue("bench", QueueSettings::new()).unwrap();
    let pool = ProducersPool::builder("bench")
        .pack::<SamplePack>()
        .producer(EmbeddedProducer::new("bench", queue))
        .route_types("bench", ["*"])
        .build()
        .unwrap();
    (broker, pool)
}
