//! What a queue says of itself: read once at start-up, assumed nowhere.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use event_runtime::Clock;
use event_runtime::transport::{Redrive, SourceError, SourceErrorKind, SourceInfo};

use crate::dead_letter::SqsDeadLetterSink;
use crate::error::{Fault, FaultKind};
use crate::limits::{MAX_BATCH, MAX_VISIBILITY};
use crate::queue;
use crate::retry::persist;
use crate::source::SqsSource;

/// How often a question at start-up is asked while the service fails.
pub(crate) const START_UP_ATTEMPTS: u32 = 4;

impl SqsSource {
    pub(super) async fn read_description(&self) -> Result<SourceInfo, SourceError> {
        let attributes = read_attributes(&self.client, &self.queue_url, &self.clock)
            .await
            .map_err(|fault| fault.to_source_error(format!("queue `{}` can't be described", self.name())))?;
        let lease = match self.settings.visibility_timeout {
            Some(timeout) => timeout,
            None => {
                Duration::from_secs(number(&attributes, QueueAttributeName::VisibilityTimeout).unwrap_or(30))
            }
        };
        if lease < Duration::from_secs(1) {
            let text = format!(
                "queue `{}` has a visibility timeout of 0, so that every message is handed out again at once: raise \
                 it, or set one on the consumer",
                self.name()
            );
            return Err(SourceError::new(SourceErrorKind::Refused, text));
        }
        Ok(SourceInfo {
            name: self.name().to_owned(),
            ordered: self.fifo,
            lease: Some(lease),
            max_lease: Some(MAX_VISIBILITY),
            max_release_delay: MAX_VISIBILITY,
            max_batch: MAX_BATCH,
            cancel_safe: false,
            redrive: self.redrive(&attributes).await?,
        })
    }

    async fn redrive(
        &self,
        attributes: &HashMap<QueueAttributeName, String>,
    ) -> Result<Option<Redrive>, SourceError> {
        let Some(policy) = attributes.get(&QueueAttributeName::RedrivePolicy).and_then(|text| redrive(text))
        else {
            return Ok(None);
        };
        let url = self.dead_letter_url(&policy.dead_letter_target_arn).await.map_err(|fault| {
            fault.to_source_error(format!(
                "the redrive policy of queue `{}` names `{}`, which can't be found",
                self.name(),
                policy.dead_letter_target_arn
            ))
        })?;
        let sink = SqsDeadLetterSink::new(self.client.clone(), url).with_clock(self.clock.clone());
        Ok(Some(Redrive { max_receive_count: policy.max_receive_count, destination: Arc::new(sink) }))
    }

    async fn dead_letter_url(&self, arn: &str) -> Result<String, Fault> {
        let call = self
            .client
            .get_queue_url()
            .queue_name(queue::name(arn))
            .set_queue_owner_aws_account_id(queue::account(arn).map(str::to_owned));
        let ask = || async { call.clone().send().await.map_err(|error| Fault::from_sdk(&error)) };
        let fault = match persist(&self.clock, START_UP_ATTEMPTS, ask).await {
            Ok(reply) => match reply.queue_url {
                Some(url) => return Ok(url),
                None => Fault::unanswered(),
            },
            Err(fault) => fault,
        };
        // Consumers are often not allowed to look queues up; the URL follows from the ARN.
        match queue::sibling_url(&self.queue_url, arn) {
            Some(url) if fault.kind() == FaultKind::Unauthorized => Ok(url),
            _ => Err(fault),
        }
    }
}

/// Every attribute of a queue.
pub(crate) async fn read_attributes(
    client: &aws_sdk_sqs::Client,
    queue_url: &str,
    clock: &Clock,
) -> Result<HashMap<QueueAttributeName, String>, Fault> {
    let call = client.get_queue_attributes().queue_url(queue_url).attribute_names(QueueAttributeName::All);
    let ask = || async { call.clone().send().await.map_err(|error| Fault::from_sdk(&error)) };
    let reply = persist(clock, START_UP_ATTEMPTS, ask).await?;
    Ok(reply.attributes.unwrap_or_default())
}

pub(crate) fn number(
    attributes: &HashMap<QueueAttributeName, String>,
    name: QueueAttributeName,
) -> Option<u64> {
    attributes.get(&name)?.parse().ok()
}

/// A queue's redrive policy.
#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RedrivePolicy {
    pub(crate) dead_letter_target_arn: String,
    #[serde(deserialize_with = "count")]
    pub(crate) max_receive_count: u32,
}

pub(crate) fn redrive(text: &str) -> Option<RedrivePolicy> {
    serde_json::from_str(text).ok()
}

/// The service writes the count as a number, and takes a text as well.
fn count<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(u32),
        Text(String),
    }
    match serde::Deserialize::deserialize(deserializer)? {
        Count::Number(count) => Ok(count),
        Count::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_with_its_count_as_number_or_text() {
        for count in ["5", "\"5\""] {
            let text =
                format!(r#"{{"deadLetterTargetArn":"arn:aws:sqs:r:1:dead","maxReceiveCount":{count}}}"#);
            let policy = redrive(&text).unwrap();
            assert_eq!(
                (policy.dead_letter_target_arn.as_str(), policy.max_receive_count),
                ("arn:aws:sqs:r:1:dead", 5)
            );
        }
        assert_eq!(redrive(""), None);
    }
}
