//! omniqueue over SQS, beside the runtime and the loop by hand: one process, one service that answers from memory.
//!
//! `cargo run --release --manifest-path event-runtime/benches/peers/Cargo.toml`

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use event_benches::callgrind;
use event_benches::floor::FlatEnvelope;
use event_benches::measure::{block_on, measure, measure_growth};
use event_benches::sample::{OrderPlaced, placed};
use event_benches::sqs::{self, BATCH, Canned, SENT, URL};
use event_runtime::Event as _;
use omniqueue::QueueProducer as _;
use omniqueue::backends::{SqsBackend, SqsConsumer, SqsProducer};

/// How this program calls itself under callgrind.
const CASES: &str = "--cases";

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some(CASES) {
        run_cases();
        return Ok(());
    }
    let costs = callgrind::run(CASES)?;
    println!("| case | floor | framework | omniqueue |\n|---|--:|--:|--:|");
    for case in ["consume", "produce"] {
        let of = |way: &str| costs.get(&format!("sqs.{case}{way}")).copied().unwrap_or_default();
        let [floor, framework, omniqueue] = [".floor", "", ".omniqueue"].map(of);
        println!(
            "| {case}: instructions | {:.0} | {:.0} | {:.0} |",
            floor.instructions, framework.instructions, omniqueue.instructions
        );
        println!(
            "| {case}: allocations | {:.1} | {:.1} | {:.1} |",
            floor.allocations, framework.allocations, omniqueue.allocations
        );
    }
    let [floor, framework] = sqs::consume_calls();
    println!("| consume: calls | {floor:.3} | {framework:.3} | {:.3} |", sqs::calls_of_one_more(consume));
    let [floor, framework] = sqs::produce_calls();
    println!("| produce: calls | {floor:.3} | {framework:.3} | {:.3} |", produce_calls());
    Ok(())
}

fn run_cases() {
    sqs::run_cases();
    let entry = sqs::entry();
    measure_growth(
        "sqs.consume.omniqueue",
        |messages| Canned::new(&entry, messages),
        |canned| consume(&canned),
    );
    measure(
        "sqs.produce.omniqueue",
        SENT,
        || (producer(&Canned::new(&entry, 0)), vec![placed(); SENT]),
        |(producer, events)| block_on(send(&producer, events)),
    );
}

/// Ten messages a receive; omniqueue asks for no attributes, and acknowledges each message by a call.
fn consume(canned: &Canned) {
    let backend = SqsBackend::builder(URL).sqs_config(canned.config());
    let consumer: SqsConsumer = block_on(backend.build_consumer()).unwrap();
    block_on(async {
        while canned.left() > 0 {
            for delivery in consumer.receive_all(BATCH, Duration::from_secs(20)).await.unwrap() {
                let body = delivery.borrow_payload().unwrap();
                black_box(FlatEnvelope::<OrderPlaced>::decode(body));
                delivery.ack().await.unwrap();
            }
        }
    });
}

fn producer(canned: &Canned) -> SqsProducer {
    block_on(SqsBackend::builder(URL).sqs_config(canned.config()).build_producer()).unwrap()
}

/// Ten messages a call, without attributes, which omniqueue does not send.
async fn send(producer: &SqsProducer, events: Vec<OrderPlaced>) {
    let mut events = events.into_iter();
    for _ in 0..SENT / BATCH {
        let envelopes = events.by_ref().take(BATCH).map(|event| {
            let key = event.order_id.to_string();
            FlatEnvelope::new(OrderPlaced::PAYLOAD_TYPE, key, event)
        });
        producer.send_serde_json_batch(envelopes).await.unwrap();
    }
}

fn produce_calls() -> f64 {
    let canned = Canned::new(&sqs::entry(), 0);
    block_on(send(&producer(&canned), vec![placed(); SENT]));
    canned.calls() as f64 / SENT as f64
}
