//! Sellers: their registration and the proof that they own their contact details.

use event_runtime::{Event, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::address::PostalAddress;

message_pack! {
    /// Registration and verification of vendors.
    pub VendorsMessagePack<VendorRegisteredEvent, VendorOTPVerifiedEvent>
}

/// A vendor registered and waits for verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = vendor_id)]
pub struct VendorRegisteredEvent {
    /// The new vendor
    pub vendor_id: Uuid,
    /// Name that the business trades under
    #[validate(length(min = 1, max = 200))]
    pub legal_name: String,
    /// Person to talk to
    #[validate(length(min = 1, max = 120))]
    #[pii]
    pub contact_name: String,
    /// Address for business mail
    #[validate(email)]
    #[pii]
    pub contact_email: String,
    /// Number for calls and text messages, in E.164 form
    #[validate(pattern("^\\+[1-9][0-9]{6,14}$"))]
    #[pii]
    pub contact_phone: String,
    /// Registered seat
    #[validate(nested)]
    pub business_address: PostalAddress,
    /// What the vendor sells, as catalogue categories
    #[validate(length(min = 1, max = 20), inner(length(min = 1, max = 60)))]
    pub categories: Vec<String>,
    /// The vendor's own site
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(url)]
    pub website: Option<String>,
    /// When the vendor registered
    pub registered_at: Timestamp,
}

/// A vendor proved with a one-time password that a contact detail is theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = vendor_id)]
pub struct VendorOTPVerifiedEvent {
    /// The verified vendor
    pub vendor_id: Uuid,
    /// Where the password was sent
    pub channel: VerificationChannel,
    /// How many passwords were tried, the right one included
    #[validate(range(min = 1, max = 10))]
    pub attempts: u8,
    /// When the right password arrived
    pub verified_at: Timestamp,
}

/// Where a one-time password is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerificationChannel {
    /// To the contact's e-mail address
    Email,
    /// To the contact's phone
    Sms,
}
