//! Amounts of money as every pack carries them: minor units and a currency, never a floating-point number.

use event_runtime::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Money {
    /// Amount in the currency's minor unit, for instance cents
    #[validate(range(min = 0))]
    pub amount_minor: i64,
    /// ISO 4217 currency code
    #[validate(pattern("^[A-Z]{3}$"))]
    pub currency: String,
}

impl Money {
    /// An amount of `amount_minor` minor units of `currency`, an ISO 4217 code such as `EUR`.
    pub fn new(amount_minor: i64, currency: impl Into<String>) -> Self {
        Self { amount_minor, currency: currency.into() }
    }
}
