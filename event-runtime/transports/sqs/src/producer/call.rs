//! One call that sends: a single message, or a batch.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::batch::{entry_id, reconcile};
use crate::error::{Fault, FaultKind};
use crate::producer::entry::Entry;

/// Sends one to ten entries; one result an entry, in their order.
pub(crate) async fn send(client: &Client, queue_url: &str, entries: &[&Entry]) -> Vec<Result<(), Fault>> {
    match entries {
        [] => Vec::new(),
        [entry] => vec![send_one(client, queue_url, entry).await],
        entries => match send_batch(client, queue_url, entries).await {
            Ok(answers) => answers,
            Err(fault) if matches!(fault.kind(), FaultKind::Refused | FaultKind::TooLarge) => {
                send_each(client, queue_url, entries).await
            }
            Err(fault) => entries.iter().map(|_| Err(fault.clone())).collect(),
        },
    }
}

/// Sends entries alone, in their order: SQS refuses a whole batch for what is wrong with one of them, or with all of
/// them together, and the others are not to share its fate.
async fn send_each(client: &Client, queue_url: &str, entries: &[&Entry]) -> Vec<Result<(), Fault>> {
    let mut answers = Vec::with_capacity(entries.len());
    for entry in entries {
        answers.push(send_one(client, queue_url, entry).await);
    }
    answers
}

async fn send_one(client: &Client, queue_url: &str, entry: &Entry) -> Result<(), Fault> {
    let call = client
        .send_message()
        .queue_url(queue_url)
        .message_body(entry.body.to_string())
        .set_message_attributes(entry.sdk_attributes())
        .set_message_group_id(entry.group.clone())
        .set_message_deduplication_id(entry.deduplication_id.clone())
        .set_delay_seconds(entry.delay_seconds);
    call.send().await.map(|_| ()).map_err(|error| Fault::from_sdk(&error))
}

async fn send_batch(
    client: &Client,
    queue_url: &str,
    entries: &[&Entry],
) -> Result<Vec<Result<(), Fault>>, Fault> {
    let requests = entries.iter().enumerate().map(|(index, entry)| request(index, entry));
    let requests: Vec<_> = requests.collect::<Result<_, Fault>>()?;
    let call = client.send_message_batch().queue_url(queue_url).set_entries(Some(requests));
    let reply = call.send().await.map_err(|error| Fault::from_sdk(&error))?;
    Ok(reconcile(entries.len(), reply.successful().iter().map(|entry| entry.id()), reply.failed()))
}

fn request(index: usize, entry: &Entry) -> Result<SendMessageBatchRequestEntry, Fault> {
    SendMessageBatchRequestEntry::builder()
        .id(entry_id(index))
        .message_body(entry.body.to_string())
        .set_message_attributes(entry.sdk_attributes())
        .set_message_group_id(entry.group.clone())
        .set_message_deduplication_id(entry.deduplication_id.clone())
        .set_delay_seconds(entry.delay_seconds)
        .build()
        .map_err(|error| Fault::unavailable(error.to_string()))
}
