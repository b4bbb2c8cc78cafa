//! Companies that several users act for.

use event_runtime::{Event, Validate, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::PostalAddress;

message_pack! {
    /// The life of organizations.
    pub OrganizationsMessagePack<OrganizationCreatedEvent, OrganizationUpdatedEvent>
}

/// A user founded an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = organization_id)]
pub struct OrganizationCreatedEvent {
    /// The new organization
    pub organization_id: Uuid,
    /// Name shown to others
    #[validate(length(min = 1, max = 120))]
    pub name: String,
    /// Name in addresses, unique among organizations
    #[validate(pattern("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub slug: String,
    /// User who owns the organization
    pub owner_user_id: Uuid,
    /// Where invoices go
    #[validate(email)]
    #[pii]
    pub billing_email: String,
    /// Address on invoices
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(nested)]
    pub billing_address: Option<PostalAddress>,
    /// What the organization pays for
    pub plan: OrganizationPlan,
    /// When it was founded
    pub created_at: Timestamp,
}

/// What an organization pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationPlan {
    /// No fee, few seats
    Free,
    /// A fee a seat
    Team,
    /// By contract
    Enterprise,
}

/// An organization's details changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = organization_id)]
pub struct OrganizationUpdatedEvent {
    /// The changed organization
    pub organization_id: Uuid,
    /// Number of the change, from 1 on; readers drop what is not newer than what they have
    #[validate(range(min = 1))]
    pub revision: u32,
    /// The new values; what did not change is absent
    #[validate(nested)]
    pub changes: OrganizationChanges,
    /// User who made the change
    pub updated_by: Uuid,
    /// When it was made
    pub updated_at: Timestamp,
}

/// New values of an organization's details.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct OrganizationChanges {
    /// New name
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 120))]
    pub name: Option<String>,
    /// New owner
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_user_id: Option<Uuid>,
    /// New address for invoices
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(email)]
    #[pii]
    pub billing_email: Option<String>,
    /// New address on invoices
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(nested)]
    pub billing_address: Option<PostalAddress>,
    /// New plan
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<OrganizationPlan>,
}
