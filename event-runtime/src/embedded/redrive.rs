//! Redrive policies: when a message moves to the dead-letter queue, and which queues may use one.

use serde_json::{Value, json};

use super::error::QueueError;
use super::limits;

/// Moves a message to a dead-letter queue instead of handing it out once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedrivePolicy {
    pub(super) dead_letter_queue: String,
    pub(super) max_receive_count: u32,
}

impl RedrivePolicy {
    /// A message that was received `max_receive_count` times (1 to 1,000) goes to the queue of this name, which
    /// must exist and be FIFO where the source is.
    pub fn new(dead_letter_queue: impl Into<String>, max_receive_count: u32) -> Self {
        Self { dead_letter_queue: dead_letter_queue.into(), max_receive_count }
    }

    /// The dead-letter queue's name.
    pub fn dead_letter_queue(&self) -> &str {
        &self.dead_letter_queue
    }

    /// How often a message is handed out.
    pub fn max_receive_count(&self) -> u32 {
        self.max_receive_count
    }

    /// Reads the service's JSON: `deadLetterTargetArn` and `maxReceiveCount` (a number, or one in quotes).
    pub(super) fn from_json(text: &str) -> Result<Self, QueueError> {
        let policy = object(text, "RedrivePolicy")?;
        let missing = |name: &str| {
            let reason = format!("Redrive policy does not contain mandatory attribute: {name}.");
            QueueError::invalid_parameter(text, "RedrivePolicy", &reason)
        };
        let target = policy.get("deadLetterTargetArn").ok_or_else(|| missing("deadLetterTargetArn"))?;
        let count = policy.get("maxReceiveCount").ok_or_else(|| missing("maxReceiveCount"))?;
        let Some(dead_letter_queue) = target.as_str().and_then(queue_of_arn) else {
            return Err(QueueError::invalid_parameter(
                text,
                "RedrivePolicy",
                "Invalid value for deadLetterTargetArn.",
            ));
        };
        let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
        let Some(max_receive_count) = count.and_then(|count| u32::try_from(count).ok()) else {
            return Err(invalid_count(text));
        };
        let policy = Self::new(dead_letter_queue, max_receive_count);
        policy.check().map(|()| policy)
    }

    pub(super) fn to_json(&self, arn_prefix: &str) -> String {
        json!({
            "deadLetterTargetArn": format!("{arn_prefix}{}", self.dead_letter_queue),
            "maxReceiveCount": self.max_receive_count,
        })
        .to_string()
    }

    pub(super) fn check(&self) -> Result<(), QueueError> {
        if (1..=limits::MAX_RECEIVE_COUNT).contains(&self.max_receive_count) {
            return Ok(());
        }
        Err(invalid_count(self.max_receive_count))
    }
}

fn invalid_count(value: impl std::fmt::Display) -> QueueError {
    let reason = format!("Invalid value for maxReceiveCount: must be an integer from 1 to {}.", 1_000);
    QueueError::invalid_parameter(value, "RedrivePolicy", &reason)
}

/// Which queues may use this one as their dead-letter queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedriveAllowPolicy {
    /// Every queue.
    #[default]
    AllowAll,
    /// None.
    DenyAll,
    /// The queues of these names, at most 10.
    ByQueue(Vec<String>),
}

impl RedriveAllowPolicy {
    /// Whether the queue of this name may use the dead-letter queue.
    pub fn allows(&self, source: &str) -> bool {
        match self {
            Self::AllowAll => true,
            Self::DenyAll => false,
            Self::ByQueue(names) => names.iter().any(|name| name == source),
        }
    }

    /// Reads the service's JSON: `redrivePermission`, and `sourceQueueArns` where that is `byQueue`.
    pub(super) fn from_json(text: &str) -> Result<Self, QueueError> {
        let invalid = |reason: &str| QueueError::invalid_parameter(text, "RedriveAllowPolicy", reason);
        let policy = object(text, "RedriveAllowPolicy")?;
        let arns = policy.get("sourceQueueArns");
        let parsed = match policy.get("redrivePermission").and_then(Value::as_str) {
            Some("allowAll") if arns.is_none() => Self::AllowAll,
            Some("denyAll") if arns.is_none() => Self::DenyAll,
            Some("allowAll" | "denyAll") => {
                return Err(invalid("sourceQueueArns is allowed with redrivePermission byQueue only."));
            }
            Some("byQueue") => {
                let names = arns.and_then(Value::as_array).map(|arns| {
                    arns.iter().map(|arn| queue_of_arn(arn.as_str()?).map(str::to_owned)).collect()
                });
                match names {
                    Some(Some(names)) => Self::ByQueue(names),
                    _ => return Err(invalid("sourceQueueArns must be a list of queue ARNs.")),
                }
            }
            _ => return Err(invalid("redrivePermission must be allowAll, denyAll or byQueue.")),
        };
        parsed.check().map(|()| parsed)
    }

    pub(super) fn to_json(&self, arn_prefix: &str) -> String {
        match self {
            Self::AllowAll => json!({ "redrivePermission": "allowAll" }),
            Self::DenyAll => json!({ "redrivePermission": "denyAll" }),
            Self::ByQueue(names) => {
                let arns: Vec<_> = names.iter().map(|name| format!("{arn_prefix}{name}")).collect();
                json!({ "redrivePermission": "byQueue", "sourceQueueArns": arns })
            }
        }
        .to_string()
    }

    pub(super) fn check(&self) -> Result<(), QueueError> {
        match self {
            Self::ByQueue(names) if names.is_empty() || names.len() > limits::MAX_ALLOWED_SOURCES => {
                Err(QueueError::invalid_parameter(
                    names.len(),
                    "RedriveAllowPolicy",
                    "sourceQueueArns must name 1 to 10 queues.",
                ))
            }
            _ => Ok(()),
        }
    }
}

/// The queue's name in `arn:aws:sqs:region:account:name`.
pub(super) fn queue_of_arn(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let known = parts.next() == Some("arn") && parts.next().is_some() && parts.next() == Some("sqs");
    let name = parts.nth(2).filter(|name| !name.is_empty());
    if known && parts.next().is_none() { name } else { None }
}

fn object(text: &str, attribute: &str) -> Result<serde_json::Map<String, Value>, QueueError> {
    serde_json::from_str(text).map_err(|_| {
        let reason = format!("{attribute} is not a valid JSON object.");
        QueueError::invalid_parameter(text, attribute, &reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::QueueErrorKind;

    const ARN: &str = "arn:aws:sqs:eu-central-1:000000000000:dead";

    #[test]
    fn a_policy_survives_its_json() {
        let policy = RedrivePolicy::new("dead", 5);
        let text = policy.to_json("arn:aws:sqs:eu-central-1:000000000000:");
        assert_eq!(RedrivePolicy::from_json(&text), Ok(policy));
        let quoted = format!(r#"{{"deadLetterTargetArn":"{ARN}","maxReceiveCount":"5"}}"#);
        assert_eq!(RedrivePolicy::from_json(&quoted).unwrap().max_receive_count(), 5);
        let allow = RedriveAllowPolicy::ByQueue(vec!["a".into(), "b.fifo".into()]);
        assert_eq!(RedriveAllowPolicy::from_json(&allow.to_json("arn:aws:sqs:r:1:")), Ok(allow));
    }

    #[test]
    fn a_broken_policy_is_an_invalid_parameter() {
        let count = |count: &str| format!(r#"{{"deadLetterTargetArn":"{ARN}","maxReceiveCount":{count}}}"#);
        let texts = [
            "invalid".to_owned(),
            "[]".to_owned(),
            format!(r#"{{"deadLetterTargetArn":"{ARN}"}}"#),
            r#"{"maxReceiveCount":1}"#.to_owned(),
            r#"{"deadLetterTargetArn":"dead","maxReceiveCount":1}"#.to_owned(),
            count("\"invalid\""),
            count("0"),
            count("1001"),
            count("1.5"),
        ];
        for text in texts {
            let error = RedrivePolicy::from_json(&text).unwrap_err();
            assert_eq!(error.kind(), QueueErrorKind::InvalidParameterValue, "{text}");
        }
        for text in [
            "{}",
            r#"{"redrivePermission":"byQueue"}"#,
            r#"{"redrivePermission":"allowAll","sourceQueueArns":[]}"#,
        ] {
            assert!(RedriveAllowPolicy::from_json(text).is_err(), "{text}");
        }
    }
}
