//! Queue attributes as the names and texts of the service's protocol.

use std::time::Duration;

use super::attributes::{
    DeduplicationScope, QueueAttributes, QueueSettings, ThroughputLimit, invalid_value, unknown_attribute,
};
use super::error::QueueError;
use super::redrive::{RedriveAllowPolicy, RedrivePolicy};

/// Attributes of the service that are kept and returned here and change nothing.
const INERT: [&str; 4] = ["Policy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];

impl QueueSettings {
    /// Settings from the service's names and texts, such as `("VisibilityTimeout", "30")`.
    ///
    /// ```
    /// use event_runtime::embedded::QueueSettings;
    ///
    /// let settings = QueueSettings::from_pairs([("DelaySeconds", "5"), ("FifoQueue", "true")])?;
    /// assert!(QueueSettings::from_pairs([("DelaySecond", "5")]).is_err());
    /// # let _ = settings;
    /// # Ok::<(), event_runtime::embedded::QueueError>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidAttributeName` for an unknown name, `InvalidAttributeValue` for a text that is no value of the
    /// attribute, `InvalidParameterValue` for a broken policy.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueueError> {
        let mut settings = Self::new();
        for (name, value) in pairs {
            settings.set_pair(name, value)?;
        }
        Ok(settings)
    }

    fn set_pair(&mut self, name: &str, value: &str) -> Result<(), QueueError> {
        match name {
            "VisibilityTimeout" => self.visibility_timeout = Some(seconds(name, value)?),
            "DelaySeconds" => self.delay = Some(seconds(name, value)?),
            "MessageRetentionPeriod" => self.retention = Some(seconds(name, value)?),
            "ReceiveMessageWaitTimeSeconds" => self.receive_wait = Some(seconds(name, value)?),
            "MaximumMessageSize" => {
                self.maximum_message_size = Some(value.parse().map_err(|_| invalid_value(name))?);
            }
            "FifoQueue" => self.fifo = Some(boolean(name, value)?),
            "ContentBasedDeduplication" => self.content_based_deduplication = Some(boolean(name, value)?),
            "DeduplicationScope" => {
                self.deduplication_scope = Some(match value {
                    "queue" => DeduplicationScope::Queue,
                    "messageGroup" => DeduplicationScope::MessageGroup,
                    _ => return Err(invalid_value(name)),
                });
            }
            "FifoThroughputLimit" => {
                self.throughput_limit = Some(match value {
                    "perQueue" => ThroughputLimit::PerQueue,
                    "perMessageGroupId" => ThroughputLimit::PerMessageGroupId,
                    _ => return Err(invalid_value(name)),
                });
            }
            // An empty text takes the policy away.
            "RedrivePolicy" if value.is_empty() => self.redrive = Some(None),
            "RedrivePolicy" => self.redrive = Some(Some(RedrivePolicy::from_json(value)?)),
            "RedriveAllowPolicy" if value.is_empty() => {
                self.redrive_allow = Some(RedriveAllowPolicy::AllowAll);
            }
            "RedriveAllowPolicy" => self.redrive_allow = Some(RedriveAllowPolicy::from_json(value)?),
            name if INERT.contains(&name) => {
                self.inert.insert(name.to_owned(), value.to_owned());
            }
            _ => return Err(unknown_attribute(name)),
        }
        Ok(())
    }
}

impl QueueAttributes {
    /// The attributes that can be set, as the service's names and texts; `arn_prefix` is everything of an ARN
    /// before the queue's name.
    pub(super) fn to_pairs(&self, arn_prefix: &str) -> Vec<(String, String)> {
        let seconds = |duration: Duration| duration.as_secs().to_string();
        let mut pairs = vec![
            ("VisibilityTimeout", seconds(self.visibility_timeout)),
            ("DelaySeconds", seconds(self.delay)),
            ("MaximumMessageSize", self.maximum_message_size.to_string()),
            ("MessageRetentionPeriod", seconds(self.retention)),
            ("ReceiveMessageWaitTimeSeconds", seconds(self.receive_wait)),
        ];
        if let Some(policy) = &self.redrive {
            pairs.push(("RedrivePolicy", policy.to_json(arn_prefix)));
        }
        if self.redrive_allow != RedriveAllowPolicy::AllowAll {
            pairs.push(("RedriveAllowPolicy", self.redrive_allow.to_json(arn_prefix)));
        }
        if self.fifo {
            let scope = match self.deduplication_scope {
                DeduplicationScope::Queue => "queue",
                DeduplicationScope::MessageGroup => "messageGroup",
            };
            let limit = match self.throughput_limit {
                ThroughputLimit::PerQueue => "perQueue",
                ThroughputLimit::PerMessageGroupId => "perMessageGroupId",
            };
            pairs.push(("FifoQueue", "true".to_owned()));
            pairs.push(("ContentBasedDeduplication", self.content_based_deduplication.to_string()));
            pairs.push(("DeduplicationScope", scope.to_owned()));
            pairs.push(("FifoThroughputLimit", limit.to_owned()));
        }
        let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value));
        pairs.chain(self.inert.clone()).collect()
    }
}

fn seconds(name: &str, value: &str) -> Result<Duration, QueueError> {
    value.parse().map(Duration::from_secs).map_err(|_| invalid_value(name))
}

fn boolean(name: &str, value: &str) -> Result<bool, QueueError> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid_value(name)),
    }
}
