//! Postal addresses, which orders, vendors and organizations carry alike.

use event_runtime::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a parcel or a letter goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct PostalAddress {
    /// Person or company that the address belongs to
    #[validate(length(min = 1, max = 200))]
    #[pii]
    pub recipient: String,
    /// Street and house number
    #[validate(length(min = 1, max = 200))]
    #[pii]
    pub street: String,
    /// Floor, apartment or post box
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 200))]
    #[pii]
    pub extra: Option<String>,
    /// Postal code; absent where a country has none
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 1, max = 16))]
    #[pii]
    pub postal_code: Option<String>,
    /// City or town
    #[validate(length(min = 1, max = 120))]
    #[pii]
    pub city: String,
    /// ISO 3166-1 alpha-2 country code
    #[validate(pattern("^[A-Z]{2}$"))]
    pub country: String,
}
