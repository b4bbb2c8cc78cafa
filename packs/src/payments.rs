//! Subscriptions that are paid from a wallet through a payment provider.

mod value;

pub use value::{
    BillingPeriod, CancellationCause, PaymentProvider, SubscriptionPlan, SubscriptionStatus,
    WalletSubscription,
};

use event_runtime::{Event, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::money::Money;

message_pack! {
    /// Wallet and subscription events.
    pub PaymentsMessagePack<
        WalletSubscriptionCreatedEvent,
        WalletSubscriptionUpdatedEvent,
        WalletSubscriptionUpgradedEvent,
        WalletSubscriptionCancelledEvent,
    >
}

/// Trigger notification about a wallet subscription creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = wallet_subscription_id)]
pub struct WalletSubscriptionCreatedEvent {
    /// Wallet's SubscriptionID
    pub wallet_subscription_id: Uuid,
    /// The subscription's id at the payment provider
    #[validate(required)]
    pub provider_subscription_id: String,
    /// Who collects the payments
    pub payment_provider: PaymentProvider,
    /// The subscription as it was created
    #[validate(nested)]
    pub wallet_subscription: WalletSubscription,
}

/// A wallet subscription's status, plan or period changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = wallet_subscription_id)]
pub struct WalletSubscriptionUpdatedEvent {
    /// Wallet's SubscriptionID
    pub wallet_subscription_id: Uuid,
    /// The subscription's id at the payment provider
    #[validate(required)]
    pub provider_subscription_id: String,
    /// Who collects the payments
    pub payment_provider: PaymentProvider,
    /// Status before the change
    pub previous_status: SubscriptionStatus,
    /// The subscription after the change
    #[validate(nested)]
    pub wallet_subscription: WalletSubscription,
    /// When it changed
    pub updated_at: Timestamp,
}

/// A wallet subscription moved to a larger plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = wallet_subscription_id)]
pub struct WalletSubscriptionUpgradedEvent {
    /// Wallet's SubscriptionID
    pub wallet_subscription_id: Uuid,
    /// Who collects the payments
    pub payment_provider: PaymentProvider,
    /// Plan before the upgrade
    pub previous_plan: SubscriptionPlan,
    /// What is charged at once for the rest of the period
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(nested)]
    pub prorated_charge: Option<Money>,
    /// The subscription after the upgrade
    #[validate(nested)]
    pub wallet_subscription: WalletSubscription,
    /// When it was upgraded
    pub upgraded_at: Timestamp,
}

/// A wallet subscription was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = wallet_subscription_id)]
pub struct WalletSubscriptionCancelledEvent {
    /// Wallet's SubscriptionID
    pub wallet_subscription_id: Uuid,
    /// The subscription's id at the payment provider
    #[validate(required)]
    pub provider_subscription_id: String,
    /// Who collected the payments
    pub payment_provider: PaymentProvider,
    /// Why it was cancelled
    pub cause: CancellationCause,
    /// Words of the owner on leaving
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 1000))]
    #[pii]
    pub feedback: Option<String>,
    /// When it was cancelled
    pub cancelled_at: Timestamp,
    /// Until when the owner may still use it
    pub ends_at: Timestamp,
}
