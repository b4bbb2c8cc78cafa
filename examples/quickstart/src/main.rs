//! The main job on one page: events of several packs through a producer pool into queues, and out of them into typed
//! handlers. Everything but the handlers comes from `config.json`.

mod journal;

use std::time::Duration;

use event_packs::chat::ChatMessageEvent;
use event_packs::money::Money;
use event_packs::notification::{GenericPushNotificationEvent, PushContent};
use event_packs::order::{OrderPaidEvent, OrderShippedEvent, PaymentMethod};
use event_runtime::config::{Config, ConsumerBundle, ProcessEnvironment, ProducerPoolBundle};
use event_runtime::embedded::{EmbeddedTransport, ReceiveRequest};
use event_runtime::prelude::*;
use event_runtime::{Clock, consumer};
use jiff::Timestamp;
use journal::Journal;
use uuid::Uuid;

/// What the handlers share.
#[derive(Clone)]
struct Shop {
    pool: ProducersPool,
    journal: Journal,
}

/// Fails once, then tells the customer. The notification inherits the order's correlation id.
async fn paid(
    Payload(order): Payload<OrderPaidEvent>,
    State(shop): State<Shop>,
    Attempt(attempt): Attempt,
) -> Result<(), HandlerError> {
    if attempt == 1 {
        shop.journal.write("orders", "paid: the warehouse does not answer, tried again");
        return Err(HandlerError::retry_after(Duration::from_millis(50), "the warehouse does not answer"));
    }
    shop.journal.write("orders", format!("paid: {} cents, packed in attempt {attempt}", order.amount.amount_minor));
    let content = PushContent::new("Thank you", "We are packing your order.");
    GenericPushNotificationEvent::new(Uuid::new_v4(), order.payment_id, content, Timestamp::now())
        .envelope()
        .emit_to(&shop.pool)
        .await?;
    Ok(())
}

/// Gives up at once: no attempt brings a lost parcel back.
async fn shipped(Payload(order): Payload<OrderShippedEvent>) -> Result<(), HandlerError> {
    Err(HandlerError::dead_letter(format!("{} lost the parcel", order.carrier)))
}

async fn notify(Payload(push): Payload<GenericPushNotificationEvent>, metadata: Metadata, State(shop): State<Shop>) {
    let inherited = metadata.correlation_id.as_deref() == Some("checkout-1");
    shop.journal.write("notifications", format!("push {:?}, correlation inherited: {inherited}", push.content.title));
}

async fn chat(Payload(message): Payload<ChatMessageEvent>, State(shop): State<Shop>) {
    shop.journal.write("rest", format!("chat message of {} characters", message.body.chars().count()));
}

async fn audit(message: Message, State(shop): State<Shop>) {
    shop.journal.write("audit", &*message.metadata().payload_type);
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = include_str!("../config.json");
    let config = Config::from_str(config, &ProcessEnvironment)?;
    let embedded = EmbeddedTransport::from_config(&config.require("embedded")?, Clock::system())?;
    let packs = event_packs::all();
    let pool = ProducerPoolBundle::from_config(&config, packs, &[&embedded]).await?.pool;
    let shop = Shop { pool: pool.clone(), journal: Journal::default() };

    let order = Uuid::new_v4();
    OrderPaidEvent::new(order, Uuid::new_v4(), Money::new(4_200, "EUR"), PaymentMethod::Card, Timestamp::now())
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
    ChatMessageEvent::new(Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4(), "Is it there yet?".into(), Timestamp::now())
        .envelope()
        .emit_to(&pool)
        .await?;
    let refused = ChatMessageEvent::new(order, order, order, String::new(), Timestamp::now());
    if let Err(error) = refused.envelope().emit_to(&pool).await {
        println!("refused before it was sent: {error}");
    }

    let router = || MessageRouter::new().with_state(shop.clone());
    let run = async |section: &str, router: MessageRouter<Shop>| {
        let bundle = ConsumerBundle::from_config(&config.require(section)?, &[&embedded]).await?;
        let report = bundle.consumer.run(router, shop.journal.complete()).await?;
        Ok::<_, Box<dyn std::error::Error>>(report)
    };
    let (orders, ..) = tokio::try_join!(
        run("orders", router().on(paid).on(shipped)),
        run("notifications", router().on(notify)),
        run("rest", router().on(chat)),
        run("audit", router().fallback(audit)),
    )?;
    pool.close(Duration::from_secs(5)).await;

    shop.journal.print();
    println!(
        "orders: {} acknowledged, {} retried, {} dead-lettered, {} lost",
        orders.acknowledged, orders.retried, orders.dead_lettered, orders.unsettled
    );
    for letter in embedded.broker().queue("orders-dead.fifo")?.try_receive(&ReceiveRequest::new().max(10))? {
        let record = letter.attributes().iter().find_map(|attribute| attribute.text());
        println!("dead letter: {}", record.unwrap_or_default());
    }
    let _ = consumer::unwrap;
    Ok(())
}
