//! What the events of a wallet subscription are made of.

use event_runtime::Validate;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::Money;

/// A subscription and the wallet that pays for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct WalletSubscription {
    /// The wallet
    pub wallet_id: Uuid,
    /// User who owns the wallet
    pub owner_user_id: Uuid,
    /// Where receipts go
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(email)]
    #[pii]
    pub receipt_email: Option<String>,
    /// What is subscribed to
    pub plan: SubscriptionPlan,
    /// Whether it is paid for
    pub status: SubscriptionStatus,
    /// Price of one period
    #[validate(nested)]
    pub price: Money,
    /// How long a period is
    pub billing_period: BillingPeriod,
    /// When the subscription began
    pub started_at: Timestamp,
    /// When the current period ends, and the next payment is due
    pub current_period_ends_at: Timestamp,
}

/// Who collects payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentProvider {
    /// Stripe
    Stripe,
    /// PayPal
    Paypal,
    /// Apple's in-app purchases
    AppleAppStore,
    /// Google Play billing
    GooglePlay,
}

/// What can be subscribed to, smallest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionPlan {
    /// For one person
    Basic,
    /// For one person who sells
    Professional,
    /// For a team
    Business,
}

/// Whether a subscription is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Not paid for yet, usable
    Trialing,
    /// Paid for
    Active,
    /// A payment failed and is tried again
    PastDue,
    /// Will not be renewed
    Cancelled,
}

/// How long a subscription's period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BillingPeriod {
    /// A calendar month
    Month,
    /// A calendar year
    Year,
}

/// Why a subscription was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancellationCause {
    /// The owner asked for it
    OwnerRequest,
    /// Payments kept failing
    PaymentFailed,
    /// The provider ended it
    ProviderRequest,
}
