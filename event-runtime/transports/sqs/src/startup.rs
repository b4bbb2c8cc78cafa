//! Queues at start-up: found by URL or name, checked, and for development created.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use event_runtime::Clock;

use crate::error::{Fault, FaultKind};
use crate::limits::MAX_BYTES;
use crate::queue;
use crate::retry::persist;
use crate::source::{START_UP_ATTEMPTS, number, read_attributes};

/// A queue that is there.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) url: String,
    /// `None` where the credentials do not allow to read them.
    pub(crate) attributes: Option<HashMap<QueueAttributeName, String>>,
    /// It was not there before.
    pub(crate) created: bool,
}

impl Found {
    /// The most bytes of a message.
    pub(crate) fn max_bytes(&self) -> usize {
        let attributes = self.attributes.as_ref();
        let bytes = attributes.and_then(|all| number(all, QueueAttributeName::MaximumMessageSize));
        bytes.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(MAX_BYTES)
    }

    pub(crate) fn arn(&self) -> Option<&str> {
        self.attributes.as_ref()?.get(&QueueAttributeName::QueueArn).map(String::as_str)
    }
}

/// Finds the queue of this URL or name, and creates it where that is wanted.
pub(crate) async fn find(client: &Client, address: &str, create: bool) -> Result<Found, Fault> {
    match look(client, address).await {
        Err(fault) if fault.kind() == FaultKind::NotFound && create => {
            let url = self::create(client, queue::name(address)).await?;
            let attributes = read_attributes(client, &url, &Clock::system()).await?;
            Ok(Found { url, attributes: Some(attributes), created: true })
        }
        found => found,
    }
}

async fn look(client: &Client, address: &str) -> Result<Found, Fault> {
    let url = if address.contains("://") { address.to_owned() } else { url_of(client, address).await? };
    match read_attributes(client, &url, &Clock::system()).await {
        Ok(attributes) => Ok(Found { url, attributes: Some(attributes), created: false }),
        // Whoever only sends or receives is often not allowed to look: the first call will tell.
        Err(fault) if fault.kind() == FaultKind::Unauthorized && fault.is_denied() => {
            Ok(Found { url, attributes: None, created: false })
        }
        Err(fault) => Err(fault),
    }
}

async fn url_of(client: &Client, name: &str) -> Result<String, Fault> {
    let call = client.get_queue_url().queue_name(name);
    let ask = || async { call.clone().send().await.map_err(|error| Fault::from_sdk(&error)) };
    persist(&Clock::system(), START_UP_ATTEMPTS, ask).await?.queue_url.ok_or_else(Fault::unanswered)
}

async fn create(client: &Client, name: &str) -> Result<String, Fault> {
    let mut call = client.create_queue().queue_name(name);
    if queue::is_fifo(name) {
        call = call.attributes(QueueAttributeName::FifoQueue, "true");
    }
    let ask = || async { call.clone().send().await.map_err(|error| Fault::from_sdk(&error)) };
    let reply = persist(&Clock::system(), START_UP_ATTEMPTS, ask).await?;
    tracing::info!(queue = name, "queue created, as `create_missing_queues` says");
    reply.queue_url.ok_or_else(Fault::unanswered)
}

/// Creates `<name>-dead-letters` for a queue and names it in the queue's redrive policy.
pub(crate) async fn add_dead_letter_queue(
    client: &Client,
    queue: &Found,
    max_receive_count: u32,
) -> Result<(), Fault> {
    let name = queue::name(&queue.url);
    let dead_letters = match name.strip_suffix(".fifo") {
        Some(stem) => format!("{stem}-dead-letters.fifo"),
        None => format!("{name}-dead-letters"),
    };
    let dead_letters = find(client, &dead_letters, true).await?;
    let Some(arn) = dead_letters.arn() else {
        return Err(Fault::unavailable("the new dead-letter queue has no ARN"));
    };
    let policy = serde_json::json!({ "deadLetterTargetArn": arn, "maxReceiveCount": max_receive_count });
    let call = client
        .set_queue_attributes()
        .queue_url(&queue.url)
        .attributes(QueueAttributeName::RedrivePolicy, policy.to_string());
    let ask = || async { call.clone().send().await.map_err(|error| Fault::from_sdk(&error)) };
    persist(&Clock::system(), START_UP_ATTEMPTS, ask).await.map(|_| ())
}
