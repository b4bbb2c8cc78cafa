//! Message move tasks: dead letters on their way back.

use event_runtime::embedded::{MoveStatus, MoveTask, QueueError};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::local::error::ServiceError;
use crate::local::request::{parse, required};
use crate::local::service::Service;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Move {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
    max_results: Option<i64>,
    task_handle: Option<String>,
}

impl Service {
    pub(super) async fn start_message_move_task(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Move = parse(body)?;
        let source = crate::queue::name(required(&request.source_arn, "SourceArn")?);
        let destination = request.destination_arn.as_deref().map(crate::queue::name);
        let rate = request.max_number_of_messages_per_second.map(|rate| {
            let reason = "Must be between 1 and 500, if provided.";
            let invalid = |_| QueueError::invalid_parameter(rate, "MaxNumberOfMessagesPerSecond", reason);
            u32::try_from(rate).map_err(invalid)
        });
        let handle = self.queues.start_message_move_task(source, destination, rate.transpose()?).await?;
        Ok(json!({ "TaskHandle": handle }))
    }

    pub(super) async fn cancel_message_move_task(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Move = parse(body)?;
        let handle = required(&request.task_handle, "TaskHandle")?;
        let moved = self.queues.cancel_message_move_task(handle).await?;
        Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
    }

    pub(super) async fn list_message_move_tasks(&self, body: &[u8]) -> Result<Value, ServiceError> {
        let request: Move = parse(body)?;
        let source = required(&request.source_arn, "SourceArn")?;
        let max = request.max_results.unwrap_or(1);
        // The queue checks the range; a negative number is none of it.
        let max = usize::try_from(max)
            .map_err(|_| QueueError::invalid_parameter(max, "MaxResults", "Must be between 1 and 10."))?;
        let mut results = Vec::new();
        for task in self.queues.list_message_move_tasks(crate::queue::name(source), max).await? {
            let source = self.arn(&task.source).await;
            let destination = match &task.destination {
                Some(name) => self.arn(name).await,
                None => None,
            };
            results.push(task_json(task, source, destination));
        }
        Ok(json!({ "Results": results }))
    }

    /// The ARN of a queue that may be gone.
    async fn arn(&self, name: &str) -> Option<String> {
        self.queues.queue(name).await.map(|queue| queue.arn()).ok()
    }
}

fn task_json(task: MoveTask, source: Option<String>, destination: Option<String>) -> Value {
    let mut answer = Map::new();
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            answer.insert(name.to_owned(), value);
        }
    };
    // Only a running task can be cancelled, so only a running one has its handle.
    set("TaskHandle", (task.status == MoveStatus::Running).then(|| task.handle.into()));
    set("Status", Some(task.status.as_str().into()));
    set("SourceArn", source.map(Value::from));
    set("DestinationArn", destination.map(Value::from));
    set("MaxNumberOfMessagesPerSecond", task.rate.map(Value::from));
    set("ApproximateNumberOfMessagesMoved", Some(task.moved.into()));
    set("ApproximateNumberOfMessagesToMove", Some(task.to_move.into()));
    set("FailureReason", task.failure_reason.map(Value::from));
    set("StartedTimestamp", Some(task.started_at.as_millisecond().into()));
    Value::Object(answer)
}
