//! One request to its answer: the action, the fault that was ordered, the queue.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::local::backend::{Backend, Queue};
use crate::local::error::ServiceError;
use crate::local::request::required;
use crate::local::results::fail_entry;
use crate::local::{Action, Fault, Faults};

/// The actions over the queues that are served.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) queues: Backend,
    pub(crate) base_url: String,
    pub(crate) faults: Faults,
    calls: Mutex<BTreeMap<Action, u64>>,
}

/// What the connection does with a request.
pub(crate) enum Answer {
    Reply(Result<Value, ServiceError>),
    /// Nothing, for as long as the client waits.
    Never,
    /// The connection ends without a word.
    Reset,
}

impl Service {
    pub(crate) fn new(queues: Backend, base_url: String) -> Self {
        Self { queues, base_url, faults: Faults::new(), calls: Mutex::default() }
    }

    /// Answers a request; `target` is the header `X-Amz-Target`.
    pub(crate) async fn answer(&self, target: &str, body: Bytes) -> Answer {
        let name = target.strip_prefix("AmazonSQS.").unwrap_or_default();
        let Ok(action) = name.parse::<Action>() else {
            return Answer::Reply(Err(ServiceError::unknown_operation(target)));
        };
        *self.lock_calls().entry(action).or_default() += 1;
        match self.faults.draw(action) {
            None => Answer::Reply(self.perform(action, &body).await),
            Some(Fault::Throttle) => Answer::Reply(Err(ServiceError::throttled())),
            Some(Fault::InternalError) => Answer::Reply(Err(ServiceError::internal())),
            Some(Fault::ExpiredToken) => Answer::Reply(Err(ServiceError::expired_token())),
            Some(Fault::RefusedBatch) => Answer::Reply(Err(ServiceError::refused())),
            Some(Fault::NoAnswer) => Answer::Never,
            Some(Fault::Reset) => Answer::Reset,
            Some(Fault::LostAnswer) => {
                let _ = self.perform(action, &body).await;
                Answer::Reset
            }
            Some(Fault::PartialFailure) => Answer::Reply(self.perform_in_part(action, &body).await),
            Some(Fault::MissingEntries) => Answer::Reply(self.answer_in_part(action, &body).await),
            Some(Fault::Slow(delay)) => {
                let answer = self.perform(action, &body).await;
                self.queues.clock().sleep(delay).await;
                Answer::Reply(answer)
            }
        }
    }

    /// How often each action was asked for, faults included.
    pub(crate) fn calls(&self) -> BTreeMap<Action, u64> {
        self.lock_calls().clone()
    }

    pub(crate) fn forget_calls(&self) {
        self.lock_calls().clear();
    }

    fn lock_calls(&self) -> std::sync::MutexGuard<'_, BTreeMap<Action, u64>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn perform(&self, action: Action, body: &[u8]) -> Result<Value, ServiceError> {
        match action {
            Action::CreateQueue => self.create_queue(body).await,
            Action::DeleteQueue => self.delete_queue(body).await,
            Action::GetQueueUrl => self.get_queue_url(body).await,
            Action::ListQueues => self.list_queues(body).await,
            Action::GetQueueAttributes => self.get_queue_attributes(body).await,
            Action::SetQueueAttributes => self.set_queue_attributes(body).await,
            Action::PurgeQueue => self.purge_queue(body).await,
            Action::SendMessage => self.send_message(body).await,
            Action::SendMessageBatch => self.send_message_batch(body).await,
            Action::ReceiveMessage => self.receive_message(body).await,
            Action::DeleteMessage => self.delete_message(body).await,
            Action::DeleteMessageBatch => self.delete_message_batch(body).await,
            Action::ChangeMessageVisibility => self.change_message_visibility(body).await,
            Action::ChangeMessageVisibilityBatch => self.change_message_visibility_batch(body).await,
            Action::ListDeadLetterSourceQueues => self.list_dead_letter_source_queues(body).await,
            Action::StartMessageMoveTask => self.start_message_move_task(body).await,
            Action::CancelMessageMoveTask => self.cancel_message_move_task(body).await,
            Action::ListMessageMoveTasks => self.list_message_move_tasks(body).await,
            Action::TagQueue | Action::UntagQueue | Action::ListQueueTags => self.tag(body).await,
        }
    }

    /// Carries out a batch without some of its entries, which fail.
    async fn perform_in_part(&self, action: Action, body: &[u8]) -> Result<Value, ServiceError> {
        let mut request: Value = crate::local::request::parse(body)?;
        let Some(entries) = request.get_mut("Entries").and_then(Value::as_array_mut) else {
            return self.perform(action, body).await;
        };
        let chosen = self.faults.choose(entries.len());
        let mut failed = Vec::new();
        let mut kept = Vec::new();
        for (entry, chosen) in std::mem::take(entries).into_iter().zip(chosen) {
            if chosen {
                let id = entry.get("Id").and_then(Value::as_str).unwrap_or_default();
                failed.push(fail_entry(id, &ServiceError::internal()));
            } else {
                kept.push(entry);
            }
        }
        let mut answer = json!({ "Successful": [] });
        if !kept.is_empty() {
            *entries = kept;
            answer = self.perform(action, request.to_string().as_bytes()).await?;
        }
        if let Some(refused) = answer.get_mut("Failed").and_then(Value::as_array_mut) {
            failed.append(refused);
        }
        answer["Failed"] = failed.into();
        Ok(answer)
    }

    /// Carries out a batch and answers for some of its entries only.
    async fn answer_in_part(&self, action: Action, body: &[u8]) -> Result<Value, ServiceError> {
        let mut answer = self.perform(action, body).await?;
        if let Some(successful) = answer.get_mut("Successful").and_then(Value::as_array_mut) {
            let mut missing = self.faults.choose(successful.len()).into_iter();
            successful.retain(|_| !missing.next().unwrap_or(false));
        }
        Ok(answer)
    }

    /// The queue of a URL, whatever its host: the last segment is the name.
    pub(crate) async fn queue(&self, url: &Option<String>) -> Result<Queue, ServiceError> {
        self.queues.queue(crate::queue::name(required(url, "QueueUrl")?)).await
    }

    pub(crate) fn url(&self, queue: &Queue) -> String {
        format!("{}/{}/{}", self.base_url, self.account(queue), queue.name())
    }
}
