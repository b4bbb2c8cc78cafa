//! Real webhook payloads as typed events: read from files, sent through a pool, validated, routed, counted.
//!
//! `cargo run -p example-webhooks -- FILE…`; without arguments it reads the payloads beside this example. A file holds
//! one delivery or several: `{"event": "push", "payload": {…}}`, or `{"events": [ … ]}` around such.

mod github;
mod input;
mod tally;

use std::process::ExitCode;
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerSettings, unwrap};
use event_runtime::embedded::{
    Broker, EmbeddedDeadLetters, EmbeddedProducer, EmbeddedSource, Queue, QueueSettings, ReceiveRequest,
};
use event_runtime::pool::{Emitter, ProducersPool};
use event_runtime::prelude::*;
use event_runtime::{Attributes, Codec};
use github::GitHubMessagePack;
use tally::Tally;

/// Every event of the pack, in one exhaustive `match`: a new one does not compile until it is handled.
async fn handle(
    event: GitHubMessagePack,
    State(tally): State<Tally>,
    metadata: Metadata,
) -> Result<(), HandlerError> {
    let payload = match event {
        GitHubMessagePack::Ping(ping) => serde_json::to_value(ping.payload)?,
        GitHubMessagePack::Push(push) => serde_json::to_value(push.payload)?,
        GitHubMessagePack::Issues(issues) => serde_json::to_value(issues.payload)?,
        GitHubMessagePack::IssueComment(comment) => serde_json::to_value(comment.payload)?,
        GitHubMessagePack::Star(star) => serde_json::to_value(star.payload)?,
        GitHubMessagePack::LabelChanged(label) => serde_json::to_value(label.payload)?,
        GitHubMessagePack::Created(created) => serde_json::to_value(created.payload)?,
        GitHubMessagePack::Deleted(deleted) => serde_json::to_value(deleted.payload)?,
        GitHubMessagePack::Forked(forked) => serde_json::to_value(forked.payload)?,
        GitHubMessagePack::Watched(watched) => serde_json::to_value(watched.payload)?,
        GitHubMessagePack::Released(released) => serde_json::to_value(released.payload)?,
    };
    tally.handled(&metadata, &payload);
    Ok(())
}

#[tokio::main]
async fn main() -> ExitCode {
    let files = match input::arguments() {
        Ok(files) => files,
        Err(code) => return code,
    };
    let (deliveries, mut problems) = input::read(&files);
    let result = run(deliveries, &mut problems).await;
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    match result {
        Ok(tally) => {
            tally.print();
            if problems.is_empty() && tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

/// Sends and handles everything; what the queue does not take is a problem of its own.
async fn run(
    deliveries: Vec<input::WebhookDelivery>,
    problems: &mut Vec<String>,
) -> Result<Tally, Box<dyn std::error::Error>> {
    let broker = Broker::new();
    let queue = broker.create_queue("webhooks", QueueSettings::new())?;
    let dead = broker.create_queue("webhooks-dead", QueueSettings::new())?;
    let pool = ProducersPool::builder("webhooks")
        .producer(EmbeddedProducer::new("webhooks", queue.clone()))
        .route_pack::<GitHubMessagePack>("webhooks")
        .route_types("webhooks", ["?"])
        .build()?;

    let tally = Tally::default();
    let mut expected = 0;
    for delivery in deliveries {
        let mut metadata = Metadata::new(format!("github.{}.received", delivery.event), 1);
        metadata.id = delivery.origin.clone().into();
        tally.received(&metadata, &delivery.payload);
        match pool.emit(Codec::Native.encode_raw(metadata, delivery.payload.get(), None)?).await {
            Ok(()) => expected += 1,
            Err(error) => problems.push(format!("{}: not sent: {error:?}", delivery.origin)),
        }
    }

    let router = MessageRouter::new().with_state(tally.clone()).on_pack(handle);
    let settings = ConsumerSettings { wait: Duration::from_millis(100), ..ConsumerSettings::default() };
    let consumer = Consumer::new(EmbeddedSource::new(queue.clone()))
        .with_settings(settings)
        .with_dead_letters(EmbeddedDeadLetters::new(dead.clone()));
    consumer.run(router, tally.settled(expected, &dead)).await?;
    for letter in dead_letters(&dead)? {
        tally.dead_lettered(&letter);
    }
    Ok(tally)
}

/// Every dead letter as its original and its record.
fn dead_letters(dead: &Queue) -> Result<Vec<event_runtime::consumer::Original>, Box<dyn std::error::Error>> {
    let mut originals = Vec::new();
    loop {
        let letters = dead.try_receive(&ReceiveRequest::new().max(10))?;
        if letters.is_empty() {
            return Ok(originals);
        }
        for letter in letters {
            let attributes = letter.attributes().iter();
            let pairs =
                attributes.filter_map(|attribute| Some((attribute.name().to_owned(), attribute.text()?)));
            originals.push(unwrap(letter.body().clone(), pairs.collect::<Attributes>()));
        }
    }
}
