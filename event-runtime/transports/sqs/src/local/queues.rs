//! Queues: creating, finding, describing, changing and removing them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use event_runtime::embedded::{QueueError, QueueSettings};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::local::error::ServiceError;
use crate::local::request::{QueueRequest, parse, required};
use crate::local::service::Service;

/// The most that a list without `MaxResults` returns. API Reference, `ListQueues`.
const MAX_LISTED: usize = 1_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    queue_name: Option<String>,
    queue_url: Option<String>,
    attributes: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetAttributes {
    queue_url: Option<String>,
    attribute_names: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    queue_url: Option<String>,
    queue_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Named {
    fn settings(&self) -> Result<QueueSettings, QueueError> {
        let pairs = self.attributes.iter().flatten();
        QueueSettings::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

impl Service {
    pub(super) async fn create_queue(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Named = parse(body)?;
        let name = required(&request.queue_name, "QueueName")?;
        let queue = self.queues.create_queue(name, request.settings()?).await?;
        Ok(json!({ "QueueUrl": self.url(&queue) }))
    }

    pub(super) async fn delete_queue(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: QueueRequest = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        self.queues.delete_queue(queue.name()).await?;
        Ok(json!({}))
    }

    pub(super) async fn get_queue_url(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Named = parse(body)?;
        let queue = self.queues.queue(required(&request.queue_name, "QueueName")?).await?;
        Ok(json!({ "QueueUrl": self.url(&queue) }))
    }

    pub(super) async fn list_queues(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: List = parse(body)?;
        let names = self.queues.queue_names(request.queue_name_prefix.as_deref().unwrap_or_default()).await?;
        self.page(names, &request, "QueueUrls").await
    }

    pub(super) async fn list_dead_letter_source_queues(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: List = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let names = self.queues.dead_letter_source_queues(queue.name()).await?;
        let mut answer = self.page(names, &request, "queueUrls").await?;
        // This list is there even when it is empty.
        if answer.get("queueUrls").is_none() {
            answer["queueUrls"] = json!([]);
        }
        Ok(answer)
    }

    /// One page of a list of queues; the token is the last name of the page before.
    async fn page(&self, names: Vec<String>, request: &List, field: &str) -> Result<Value, ServiceError> {
        let max = match request.max_results {
            None => MAX_LISTED,
            Some(max) => {
                let reason = "MaxResults must be an integer between 1 and 1000.";
                let allowed = usize::try_from(max).ok().filter(|max| (1..=MAX_LISTED).contains(max));
                allowed.ok_or_else(|| QueueError::invalid_parameter(max, "MaxResults", reason))?
            }
        };
        let after = match request.next_token.as_deref().filter(|token| !token.is_empty()) {
            None => String::new(),
            Some(token) => {
                let name = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                name.ok_or_else(|| {
                    QueueError::invalid_parameter(token, "NextToken", "Not a token of this list.")
                })?
            }
        };
        let rest: Vec<String> = names.into_iter().filter(|name| *name > after).collect();
        let mut answer = Map::new();
        if let Some(last) = rest.get(max - 1).filter(|_| rest.len() > max) {
            answer.insert("NextToken".to_owned(), BASE64.encode(last).into());
        }
        let mut urls: Vec<Value> = Vec::new();
        for name in rest.iter().take(max) {
            match self.queues.queue(name).await {
                Ok(queue) => urls.push(self.url(&queue).into()),
                // A queue that was deleted meanwhile is left out.
                Err(error) if error.status < 500 => {}
                Err(error) => return Err(error),
            }
        }
        if !urls.is_empty() {
            answer.insert(field.to_owned(), urls.into());
        }
        Ok(Value::Object(answer))
    }

    pub(super) async fn get_queue_attributes(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: GetAttributes = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        let names = request.attribute_names.unwrap_or_default();
        if let Some(unknown) = names.iter().find(|name| !is_attribute(name)) {
            return Err(ServiceError::invalid_attribute_name(unknown));
        }
        let pairs = queue.attribute_pairs().await?.into_iter();
        let wanted = |name: &str| names.iter().any(|wanted| wanted == "All" || wanted == name);
        let attributes: Map<String, Value> =
            pairs.filter(|(name, _)| wanted(name)).map(|(name, value)| (name, value.into())).collect();
        if attributes.is_empty() {
            return Ok(json!({}));
        }
        Ok(json!({ "Attributes": attributes }))
    }

    pub(super) async fn set_queue_attributes(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Named = parse(body)?;
        let queue = self.queue(&request.queue_url).await?;
        if request.attributes.as_ref().is_none_or(BTreeMap::is_empty) {
            return Err(QueueError::missing_parameter("Attribute.Name").into());
        }
        queue.set_attributes(request.settings()?).await?;
        Ok(json!({}))
    }

    pub(super) async fn purge_queue(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: QueueRequest = parse(body)?;
        self.queue(&request.queue_url).await?.purge().await?;
        Ok(json!({}))
    }

    /// Tags are taken and not kept: they change nothing about a queue.
    pub(super) async fn tag(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: QueueRequest = parse(body)?;
        self.queue(&request.queue_url).await?;
        Ok(json!({}))
    }
}

fn is_attribute(name: &str) -> bool {
    const KNOWN: [&str; 22] = [
        "All",
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "ContentBasedDeduplication",
        "CreatedTimestamp",
        "DeduplicationScope",
        "DelaySeconds",
        "FifoQueue",
        "FifoThroughputLimit",
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "LastModifiedTimestamp",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "Policy",
        "QueueArn",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    ];
    KNOWN.contains(&name)
}
