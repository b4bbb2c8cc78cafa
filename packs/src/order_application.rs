//! Applications of creators for orders, as the vendor decides on them.

use event_runtime::{Event, message_pack};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::Money;

message_pack! {
    /// Decisions on creators' applications for orders.
    pub OrderApplicationMessagePack<ApplicationAcceptedEvent, ApplicationRejectedEvent>
}

/// A vendor accepted a creator's application for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = application_id)]
pub struct ApplicationAcceptedEvent {
    /// The accepted application
    pub application_id: Uuid,
    /// Order that the creator applied for
    pub order_id: Uuid,
    /// Creator who applied
    pub creator_id: Uuid,
    /// What the creator is paid
    #[validate(nested)]
    pub agreed_fee: Money,
    /// Day by which the creator delivers
    pub due_on: Date,
    /// Words of the vendor to the creator
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 1000))]
    #[pii]
    pub message: Option<String>,
    /// User who accepted
    pub accepted_by: Uuid,
    /// When it was accepted
    pub accepted_at: Timestamp,
}

/// A vendor rejected a creator's application for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = application_id)]
pub struct ApplicationRejectedEvent {
    /// The rejected application
    pub application_id: Uuid,
    /// Order that the creator applied for
    pub order_id: Uuid,
    /// Creator who applied
    pub creator_id: Uuid,
    /// Why it was rejected
    pub reason: RejectionReason,
    /// Words of the vendor to the creator
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 1000))]
    #[pii]
    pub feedback: Option<String>,
    /// User who rejected
    pub rejected_by: Uuid,
    /// When it was rejected
    pub rejected_at: Timestamp,
}

/// Why an application was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RejectionReason {
    /// Another creator got the order
    PositionFilled,
    /// The creator's work does not fit
    ProfileMismatch,
    /// The fee was too high
    BudgetExceeded,
    /// The order was withdrawn
    OrderWithdrawn,
    /// Something else; the feedback says what
    Other,
}
