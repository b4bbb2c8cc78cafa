//! The main job on one page: events of several packs through a producer pool into queues, and out of them into typed
//! handlers. The handlers are in `handlers.rs`, everything else comes from `config.json`, or with `--data DIR` from
//! `durable.json`: the queues are then in a file of that folder, and what they hold is there in the next run.

mod handlers;
mod journal;
mod queues;

use std::error::Error;
use std::time::Duration;

use event_packs::chat::ChatMessageEvent;
use event_packs::money::Money;
use event_packs::order::{OrderPaidEvent, OrderShippedEvent, PaymentMethod};
use event_runtime::config::BundleError;
use event_runtime::prelude::*;
use handlers::{Shop, audit, chat, notify, paid, shipped};
use jiff::Timestamp;
use journal::Journal;
use queues::Queues;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (config, queues) = Queues::open()?;
    let packs = event_packs::all();
    let pool = ProducerPoolBundle::from_config(&config, packs, &[queues.transport()]).await;
    let consumer = async |section: &str| -> Result<Consumer, BundleError> {
        Ok(ConsumerBundle::from_config(&config.require(section)?, &[queues.transport()]).await?.consumer)
    };
    let first = BundleError::both(consumer("orders").await, consumer("notifications").await);
    let second = BundleError::both(consumer("rest").await, consumer("audit").await);
    // Whatever is wrong with any of them is reported together.
    let (ProducerPoolBundle { pool, .. }, ((orders, notifications), (rest, audited))) =
        BundleError::both(pool, BundleError::both(first, second))?;
    let shop = Shop { pool: pool.clone(), journal: Journal::default() };

    let order = Uuid::new_v4();
    OrderPaidEvent::new(
        order,
        Uuid::new_v4(),
        Money::new(4_200, "EUR"),
        PaymentMethod::Card,
        Timestamp::now(),
    )
    .envelope()
    .with_correlation_id("checkout-1")
    .with_header("channel", "web")
    .emit_to(&pool)
    .await?;
    let (carrier, number) = ("dhl".into(), "JJD0099".into());
    OrderShippedEvent::new(order, Uuid::new_v4(), carrier, number, vec!["mug".into()], Timestamp::now())
        .envelope()
        .emit_to(&pool)
        .await?;
    ChatMessageEvent::new(
        Uuid::new_v4(),
        Uuid::new_v4(),
        Uuid::new_v4(),
        "Is it there yet?".into(),
        Timestamp::now(),
    )
    .envelope()
    .emit_to(&pool)
    .await?;
    let refused = ChatMessageEvent::new(order, order, order, String::new(), Timestamp::now());
    if let Err(error) = refused.envelope().emit_to(&pool).await {
        println!(
            "refused before it was sent: {error}: {}",
            error.source().map(ToString::to_string).unwrap_or_default()
        );
    }
    for payload_type in [OrderPaidEvent::PAYLOAD_TYPE, ChatMessageEvent::PAYLOAD_TYPE] {
        let routes =
            pool.route(payload_type).into_iter().map(|route| format!("{} ({})", route.producer, route.rule));
        println!("{payload_type} goes to {}", routes.collect::<Vec<_>>().join(", "));
    }

    let router = || MessageRouter::new().with_state(shop.clone());
    let stop = || shop.journal.complete();
    let (orders, ..) = tokio::try_join!(
        orders.run(router().on(paid).on(shipped), stop()),
        notifications.run(router().on(notify), stop()),
        rest.run(router().on(chat), stop()),
        audited.run(router().fallback(audit), stop()),
    )?;
    pool.close(Duration::from_secs(5)).await;

    shop.journal.print();
    println!(
        "orders: {} acknowledged, {} retried, {} dead-lettered, {} lost",
        orders.acknowledged, orders.retried, orders.dead_lettered, orders.unsettled
    );
    let (letters, _) = queues.dead_letters("orders-dead.fifo").await?.list().await?;
    for letter in letters {
        let record = letter.record().ok_or("a dead letter has a record")?;
        println!("dead letter: {} from {}: {}", record["handler"], record["source"], record["error"]);
    }
    Ok(())
}
