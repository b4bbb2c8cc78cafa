//! A Lambda function behind an SQS queue, without Lambda: it is handed events as Lambda hands them over, and prints
//! what it answers. `cargo run -p example-lambda -- FILE…`; without a file it takes `events/orders.json`.
//!
//! In a function of one's own the loop is `lambda_runtime`'s:
//! `run(service_fn(|event: LambdaEvent<SqsEvent>| async { Ok::<_, Error>(function().handle(event.payload).await) }))`.

use std::error::Error;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use event_packs::order::{OrderPaidEvent, OrderShippedEvent};
use event_runtime::prelude::*;
use event_transport_sqs::lambda::SqsLambda;
use serde::Deserialize;
use serde_json::Value;

async fn paid(Payload(order): Payload<OrderPaidEvent>) {
    println!("  {} paid", order.order_id);
}

/// The first parcel is not there yet: it and everything behind it in its order comes back.
async fn shipped(
    Payload(order): Payload<OrderShippedEvent>,
    Attempt(attempt): Attempt,
) -> Result<(), HandlerError> {
    if attempt == 1 {
        println!("  {} not shipped yet", order.order_id);
        return Err(HandlerError::retry("the parcel is not there yet"));
    }
    println!("  {} shipped with {}", order.order_id, order.carrier);
    Ok(())
}

/// One group at a time, so that the output is always the same; a function of one's own leaves that out.
fn function() -> SqsLambda {
    SqsLambda::new(MessageRouter::new().on(paid).on(shipped)).with_concurrency(1)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let function = function();
    if let [problem, ..] = &function.problems()[..] {
        return Err(problem.clone().into());
    }
    let files: Vec<String> = std::env::args().skip(1).collect();
    if files.is_empty() {
        return handle(&function, "orders", include_str!("../events/orders.json")).await;
    }
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
        handle(&function, &file, &text).await.map_err(|error| format!("{file}: {error}"))?;
    }
    Ok(())
}

/// A file's shape: an event as Lambda hands it over, or a collection of events of all kinds.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Collection { events: Vec<Named> },
    One(Value),
}

#[derive(Deserialize)]
struct Named {
    id: String,
    payload: Value,
}

async fn handle(function: &SqsLambda, name: &str, text: &str) -> Result<(), Box<dyn Error>> {
    let events = match serde_json::from_str(text)? {
        File::Collection { events } => events,
        File::One(payload) => vec![Named { id: name.into(), payload }],
    };
    for Named { id, payload } in events {
        if payload["Records"][0]["eventSource"] != "aws:sqs" {
            continue;
        }
        let event: SqsEvent = serde_json::from_value(payload)?;
        println!("{id}, records: {}", event.records.len());
        let response: SqsBatchResponse = function.handle(event).await;
        println!("  answer: {}", serde_json::to_string(&response)?);
    }
    Ok(())
}
