//! What the events of an order are made of.

use event_runtime::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::money::Money;

/// One article of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct OrderLine {
    /// Article number
    #[validate(length(min = 1, max = 64))]
    pub sku: String,
    /// How many were ordered
    #[validate(range(min = 1, max = 10000))]
    pub quantity: u32,
    /// Price of one
    #[validate(nested)]
    pub unit_price: Money,
}

/// How an order was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Credit or debit card
    Card,
    /// Transfer between bank accounts
    BankTransfer,
    /// Balance of the customer's wallet
    Wallet,
    /// Invoice, to be paid later
    Invoice,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancellationReason {
    /// The customer changed their mind
    CustomerRequest,
    /// An article can't be had
    OutOfStock,
    /// No payment arrived in time
    PaymentTimedOut,
    /// The order looked like fraud
    SuspectedFraud,
}

/// Who cancelled an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelledBy {
    /// The customer
    Customer,
    /// The vendor
    Vendor,
    /// A rule of the platform
    System,
}
