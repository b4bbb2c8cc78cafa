//! Events over Amazon SQS. `cargo run -p example-sqs` needs nothing: a local endpoint serves the queues of `local.json`.
//! `cargo run -p example-sqs -- examples/sqs/aws.json` does the same against AWS, with the credentials of the AWS SDK's
//! default chain; it creates the queues it misses.

mod handlers;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use event_packs::money::Money;
use event_packs::order::{OrderPaidEvent, OrderShippedEvent, PaymentMethod};
use event_runtime::consumer::unwrap;
use event_runtime::embedded::EmbeddedTransport;
use event_runtime::prelude::*;
use event_runtime::transport::Source;
use event_transport_sqs::local::LocalEndpoint;
use event_transport_sqs::{SourceSettings, SqsConsumerBundle, SqsProducerPoolBundle, SqsSource};
use handlers::{Shop, notify, paid, shipped};
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut variables: BTreeMap<String, String> = std::env::vars().collect();
    let path = std::env::args().nth(1);
    let text = match &path {
        Some(path) => std::fs::read_to_string(path)?,
        None => include_str!("../local.json").to_owned(),
    };
    // Serves what the configuration's own queues are, where it has some.
    let endpoint = match Config::from_str(&text, &variables)?.section("embedded") {
        None => None,
        Some(_) => {
            variables.insert("LOCAL_ENDPOINT_URL".into(), String::new());
            let queues = Config::from_str(&text, &variables)?.require("embedded")?;
            let broker = EmbeddedTransport::from_config(&queues, Clock::system())?.broker().clone();
            let endpoint = LocalEndpoint::start_with(broker, ([127, 0, 0, 1], 0).into()).await?;
            variables.insert("LOCAL_ENDPOINT_URL".into(), endpoint.url().into());
            Some(endpoint)
        }
    };
    let config = Config::from_str(&text, &variables)?;

    let pool = SqsProducerPoolBundle::from_config(&config, event_packs::all()).await?.pool;
    let shop = Shop { pool: pool.clone(), lines: Arc::default(), done: watch::channel(0).0 };
    let (order, amount) = (Uuid::new_v4(), Money::new(4_200, "EUR"));
    let payment = OrderPaidEvent::new(order, Uuid::new_v4(), amount, PaymentMethod::Card, Timestamp::now());
    payment.envelope().with_correlation_id("checkout-1").emit_to(&pool).await?;
    let (carrier, number) = ("dhl".into(), "JJD0099".into());
    OrderShippedEvent::new(order, Uuid::new_v4(), carrier, number, vec!["mug".into()], Timestamp::now())
        .envelope()
        .emit_to(&pool)
        .await?;

    let orders = SqsConsumerBundle::from_config(&config.require("orders")?).await?;
    let notifications = SqsConsumerBundle::from_config(&config.require("notifications")?).await?;
    let router = MessageRouter::new().with_state(shop.clone()).on(paid).on(shipped).on(notify);
    let mut done = [shop.done.subscribe(), shop.done.subscribe()];
    let [first, second] = done.each_mut().map(|done| async { drop(done.wait_for(|done| *done == 2).await) });
    let (report, _) = tokio::try_join!(
        orders.consumer.run(router.clone(), first),
        notifications.consumer.run(router, second)
    )?;

    let mut lines = std::mem::take(&mut *shop.lines.lock().unwrap_or_else(PoisonError::into_inner));
    // By queue: the order between queues is nobody's.
    lines.sort_by_key(|line| line.split(':').next().map(str::to_owned));
    lines.iter().for_each(|line| println!("{line}"));
    println!(
        "{} acknowledged, {} retried, {} dead-lettered, {} lost",
        report.acknowledged, report.retried, report.dead_lettered, report.unsettled
    );

    let name = orders.configuration.dead_letter_queue_url.as_deref().unwrap_or_default();
    let url = orders.client.get_queue_url().queue_name(name).send().await?.queue_url.unwrap_or_default();
    let letters = SqsSource::new(orders.client.clone(), url, SourceSettings::default());
    for letter in letters.receive(10, Duration::from_secs(5)).await? {
        let record = unwrap(letter.body, letter.attributes).record.unwrap_or_default();
        println!(
            "dead letter: {} from {}: {}",
            record["handler"], record["source"], record["error"]["message"]
        );
    }
    if let Some(endpoint) = endpoint {
        endpoint.shutdown().await;
    }
    Ok(())
}
