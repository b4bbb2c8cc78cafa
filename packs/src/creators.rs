//! People who make content for vendors: their registration and activation.

use event_runtime::{Event, Validate, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

message_pack! {
    /// Registration and activation of creators.
    pub CreatorsMessagePack<CreatorRegisteredEvent, CreatorActivatedEvent>
}

/// A user registered as a creator and waits for activation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = creator_id)]
pub struct CreatorRegisteredEvent {
    /// The new creator
    pub creator_id: Uuid,
    /// The user behind the creator
    pub user_id: Uuid,
    /// Public handle, unique among creators
    #[validate(pattern("^[a-z0-9_]{3,30}$"))]
    #[pii]
    pub handle: String,
    /// Name shown beside the handle
    #[validate(length(min = 1, max = 80))]
    #[pii]
    pub display_name: String,
    /// Address for offers
    #[validate(email)]
    #[pii]
    pub email: String,
    /// Profiles on other networks
    #[serde(default)]
    #[validate(length(max = 10), nested)]
    pub social_profiles: Vec<SocialProfile>,
    /// When the creator registered
    pub registered_at: Timestamp,
}

/// A profile of a creator on another network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct SocialProfile {
    /// The network
    pub network: SocialNetwork,
    /// Address of the profile
    #[validate(url)]
    #[pii]
    pub url: String,
    /// Followers at the time of registration
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followers: Option<u32>,
}

/// A network that creators publish on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SocialNetwork {
    /// Instagram
    Instagram,
    /// TikTok
    Tiktok,
    /// Twitch
    Twitch,
    /// YouTube
    Youtube,
    /// Any other network
    Other,
}

/// A creator passed the checks and may apply for orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = creator_id)]
pub struct CreatorActivatedEvent {
    /// The activated creator
    pub creator_id: Uuid,
    /// Level that the creator starts at
    pub tier: CreatorTier,
    /// Member of staff who activated the creator; absent when the checks ran by themselves
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activated_by: Option<Uuid>,
    /// When the creator was activated
    pub activated_at: Timestamp,
}

/// Level of a creator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreatorTier {
    /// New to the platform
    Starter,
    /// Completed orders with good reviews
    Established,
    /// Chosen by the platform
    Partner,
}
