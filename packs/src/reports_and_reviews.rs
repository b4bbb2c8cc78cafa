//! What people say of each other's work: complaints and reviews.

use event_runtime::{Event, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

message_pack! {
    /// Reports about applications, and reviews of finished orders.
    pub ReportsAndReviewsMessagePack<ApplicationReportCreatedEvent, ReviewSubmittedEvent>
}

/// Somebody reported an application to the moderators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = application_id)]
pub struct ApplicationReportCreatedEvent {
    /// The new report
    pub report_id: Uuid,
    /// Application that the report is about
    pub application_id: Uuid,
    /// User who reported it
    pub reporter_id: Uuid,
    /// What is wrong with it
    pub category: ReportCategory,
    /// What happened, in the reporter's words
    #[validate(length(min = 10, max = 4000))]
    #[pii]
    pub description: String,
    /// Screenshots and other proof
    #[serde(default)]
    #[validate(length(max = 10), inner(url))]
    pub evidence_urls: Vec<String>,
    /// When it was reported
    pub created_at: Timestamp,
}

/// What is wrong with an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportCategory {
    /// Unwanted advertising
    Spam,
    /// False claims
    Fraud,
    /// Insults or threats
    Abuse,
    /// Somebody else's work
    Plagiarism,
    /// Anything else
    Other,
}

/// A party of a finished order reviewed the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = order_id)]
pub struct ReviewSubmittedEvent {
    /// The new review
    pub review_id: Uuid,
    /// Order that the review is about
    pub order_id: Uuid,
    /// User who wrote it
    pub reviewer_id: Uuid,
    /// Who is reviewed
    pub subject: ReviewSubject,
    /// Stars, from 1 to 5
    #[validate(range(min = 1, max = 5))]
    pub rating: u8,
    /// Headline
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 120))]
    pub title: Option<String>,
    /// The review itself
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 4000))]
    #[pii]
    pub body: Option<String>,
    /// When it was written
    pub submitted_at: Timestamp,
}

/// Who is reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReviewSubject {
    /// The creator who did the work
    Creator {
        /// The reviewed creator
        creator_id: Uuid,
    },
    /// The vendor who ordered it
    Vendor {
        /// The reviewed vendor
        vendor_id: Uuid,
    },
}
