//! Receiving: one long poll, and its messages as deliveries.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName as System};
use event_runtime::delivery::{Attributes, Delivery};
use event_runtime::transport::{SourceError, SourceErrorKind};
use jiff::{SignedDuration, Timestamp};

use crate::attributes;
use crate::error::{Fault, FaultKind};
use crate::limits::{DEDUPLICATION_INTERVAL, MAX_BATCH, MAX_WAIT};
use crate::source::SqsSource;
use crate::source::receipt::Leases;

/// How many receives in a row may find the credentials expired before that is taken to last.
const EXPIRED_RECEIVES: u32 = 5;

impl SqsSource {
    pub(super) async fn receive_messages(
        &self,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Delivery>, SourceError> {
        let asked_at = self.clock.now();
        let attempt = self.fifo.then(|| self.attempts.next(asked_at));
        let call = self
            .client
            .receive_message()
            .queue_url(&*self.queue_url)
            .max_number_of_messages(i32::try_from(max.clamp(1, MAX_BATCH)).unwrap_or(1))
            .wait_time_seconds(i32::try_from(wait.min(MAX_WAIT).as_secs()).unwrap_or(0))
            .set_visibility_timeout(self.visibility_timeout())
            .set_receive_request_attempt_id(attempt.clone())
            .set_message_system_attribute_names(Some(system_attributes(self.fifo)))
            .message_attribute_names("All");
        match call.send().await {
            Ok(reply) => {
                self.expired.store(0, Ordering::Relaxed);
                let messages = reply.messages.unwrap_or_default();
                let mut leases = Leases::new(asked_at);
                Ok(messages.into_iter().map(|message| delivery(message, self.fifo, &mut leases)).collect())
            }
            Err(error) => {
                let fault = Fault::from_sdk(&error);
                if let Some(attempt) = attempt.filter(|_| fault.is_retryable()) {
                    self.attempts.failed(attempt, asked_at);
                }
                let text = format!("`{}` was not received from", self.name());
                // The SDK fetches new credentials before the next call; only where that brings none that are good
                // is there no use in going on.
                if fault.kind() == FaultKind::Expired
                    && self.expired.fetch_add(1, Ordering::Relaxed) < EXPIRED_RECEIVES
                {
                    return Err(SourceError::new(SourceErrorKind::Unavailable, text).with_source(fault));
                }
                Err(fault.to_source_error(text))
            }
        }
    }

    fn visibility_timeout(&self) -> Option<i32> {
        self.settings.visibility_timeout.map(|timeout| i32::try_from(timeout.as_secs()).unwrap_or(i32::MAX))
    }
}

/// What is asked for beside the body: what the engine uses, and on a FIFO queue the group.
fn system_attributes(fifo: bool) -> Vec<System> {
    let mut names = vec![
        System::ApproximateReceiveCount,
        System::SentTimestamp,
        System::ApproximateFirstReceiveTimestamp,
    ];
    if fifo {
        names.push(System::MessageGroupId);
    }
    names
}

fn delivery(message: SqsMessage, fifo: bool, leases: &mut Leases) -> Delivery {
    let SqsMessage { message_id, receipt_handle, body, attributes: system, message_attributes, .. } = message;
    let mut delivery = Delivery {
        body: body.unwrap_or_default().into(),
        attributes: message_attributes.map_or_else(Attributes::new, attributes::from_sdk),
        transport_id: message_id.unwrap_or_default(),
        group: None,
        receive_count: None,
        sent_at: None,
        first_received_at: None,
        lease: leases.lease(receipt_handle.as_deref().unwrap_or_default()),
    };
    let moment = |text: &str| text.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    // One pass: each lookup in the SDK's map would hash.
    for (name, value) in system.unwrap_or_default() {
        match name {
            System::ApproximateReceiveCount => delivery.receive_count = value.parse().ok(),
            System::SentTimestamp => delivery.sent_at = moment(&value),
            System::ApproximateFirstReceiveTimestamp => delivery.first_received_at = moment(&value),
            // On a standard queue the group is for fairness, and orders nothing.
            System::MessageGroupId if fifo => delivery.group = Some(value),
            _ => {}
        }
    }
    delivery
}

/// The ids of receives whose answer was lost, to ask again with: a FIFO queue then hands out the same messages,
/// which would otherwise block their groups until their visibility timeout ends. Developer Guide, "Using the
/// receive request attempt ID".
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<Vec<(String, Timestamp)>>);

impl Attempts {
    /// The id for the next receive: one whose answer was lost, or a new one.
    fn next(&self, now: Timestamp) -> String {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = SignedDuration::try_from(DEDUPLICATION_INTERVAL).ok();
        failed.retain(|(_, asked_at)| oldest.is_none_or(|oldest| now.duration_since(*asked_at) < oldest));
        failed.pop().map_or_else(|| format!("{:032x}", fastrand::u128(..)), |(id, _)| id)
    }

    fn failed(&self, id: String, asked_at: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((id, asked_at));
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;
    use event_runtime::delivery::Lease;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn message() -> SqsMessage {
        let text = MessageAttributeValue::builder().data_type("String").string_value("order.created");
        SqsMessage::builder()
            .message_id("m-1")
            .receipt_handle("handle")
            .body("{}")
            .attributes(System::ApproximateReceiveCount, "3")
            .attributes(System::SentTimestamp, "1700000000123")
            .attributes(System::ApproximateFirstReceiveTimestamp, "later")
            .attributes(System::MessageGroupId, "g")
            .message_attributes("payload_type", text.build().unwrap())
            .build()
    }

    #[test]
    fn a_delivery_says_what_the_message_said() {
        let delivery = delivery(message(), true, &mut Leases::new(at(5)));
        assert_eq!((delivery.receive_count, delivery.group.as_deref()), (Some(3), Some("g")));
        assert_eq!(delivery.sent_at, Some(Timestamp::from_millisecond(1_700_000_000_123).unwrap()));
        assert_eq!(delivery.first_received_at, None);
        assert_eq!(delivery.attributes.get("payload_type"), Some("order.created"));
        assert_eq!(delivery.lease, Lease::Text("5:handle".into()));
    }

    #[test]
    fn the_tenant_of_a_fair_queue_is_no_order() {
        assert_eq!(delivery(message(), false, &mut Leases::new(at(5))).group, None);
    }

    #[test]
    fn a_lost_answer_is_asked_for_again_for_five_minutes() {
        let attempts = Attempts::default();
        let first = attempts.next(at(0));
        assert_ne!(first, attempts.next(at(0)));
        attempts.failed(first.clone(), at(0));
        assert_eq!(attempts.next(at(299)), first);
        attempts.failed(first.clone(), at(0));
        assert_ne!(attempts.next(at(300)), first);
    }
}
