//! An order service whose orders and events commit together: `POST /orders` writes both in one transaction, a relay brings the
//! events to a queue, a consumer ships what was ordered.
//!
//! `cargo run -p example-outbox` needs nothing: a SQLite file, a queue in the process, and four requests to itself.
//! `DATABASE_URL=postgres://…` takes PostgreSQL, `ADDRESS=127.0.0.1:8080` serves until Ctrl-C instead.

mod client;
mod orders;
mod shop;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use event_runtime::embedded::{Broker, EmbeddedProducer, EmbeddedSource, QueueSettings};
use event_runtime::prelude::*;
use event_store_sql::{Outbox, Relay, RelaySettings, SqlDeadLetters, migrate};
use sqlx::postgres::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use orders::Orders;
use shop::{Shipped, Shop, ShopMessagePack, place, ship};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Ok(url) = std::env::var("DATABASE_URL") {
        return run(PgPool::connect(&url).await?).await;
    }
    let file = std::env::temp_dir().join(format!("example-outbox-{}.db", std::process::id()));
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true);
    let database = SqlitePool::connect_with(options.journal_mode(SqliteJournalMode::Wal)).await?;
    let ended = run(database.clone()).await;
    database.close().await;
    std::fs::remove_file(file)?;
    ended
}

async fn run<Db: Orders>(database: sqlx::Pool<Db>) -> Result<(), Box<dyn Error>> {
    migrate(&database).await?;
    Db::create_table(&database).await?;

    // From the outbox to the queue …
    let queue = Broker::new().create_queue("orders.fifo", QueueSettings::fifo())?;
    let pool = ProducersPool::builder("orders")
        .producer(EmbeddedProducer::new("orders", queue.clone()))
        .route_pack::<ShopMessagePack>("orders")
        .build()?;
    let settings = RelaySettings { poll_interval: Duration::from_millis(50), ..RelaySettings::default() };
    let relay = Relay::new(database.clone(), pool).with_settings(settings);

    // … and out of it.
    let shipped = Arc::new(Shipped::default());
    let router = MessageRouter::new().with_state(shipped.clone()).on(ship);
    let dead = SqlDeadLetters::new(database.clone(), "orders-dead");
    let consumer = Consumer::new(EmbeddedSource::new(queue)).with_dead_letters(dead);

    let shop = Shop { database: database.clone(), outbox: Outbox::new() };
    let app = Router::new().route("/orders", post(place::<Db>)).with_state(shop);
    let address = std::env::var("ADDRESS").ok();
    let listener = TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:0")).await?;

    let stop = CancellationToken::new();
    let port = listener.local_addr()?.port();
    let visitors = async {
        match address {
            Some(address) => {
                println!("POST {{\"customer\":\"ada\",\"cents\":4200}} to http://{address}/orders");
                shutdown_signal().await;
            }
            None => {
                client::visit(port).await?;
                shipped.wait_for(2).await;
            }
        }
        stop.cancel();
        Ok::<_, Box<dyn Error>>(())
    };
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    let (_, _, relayed, consumed) = tokio::try_join!(
        visitors,
        async { Ok(server.await?) },
        async { Ok(relay.run(stop.cancelled()).await?) },
        async { Ok(consumer.run(router, stop.cancelled()).await?) },
    )?;

    for line in shipped.lines() {
        println!("{line}");
    }
    println!("orders in the table: {}", Db::count(&database).await?);
    println!("events: {} published, {} consumed", relayed.published, consumed.acknowledged);
    Ok(())
}
