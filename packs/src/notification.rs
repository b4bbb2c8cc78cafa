//! Push notifications to devices, one by one and as campaigns.

use std::collections::BTreeMap;

use event_runtime::{Event, Validate, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

message_pack! {
    /// Push notifications.
    pub NotificationMessagePack<GenericPushNotificationEvent, CampaignPushNotificationEvent>
}

/// A push notification is to be shown to one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = recipient_id)]
pub struct GenericPushNotificationEvent {
    /// The notification
    pub notification_id: Uuid,
    /// User whose devices show it
    pub recipient_id: Uuid,
    /// What it says
    #[validate(nested)]
    pub content: PushContent,
    /// How urgent it is
    #[serde(default)]
    pub priority: PushPriority,
    /// For how many seconds it is worth showing, at most 28 days; absent = no limit
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(range(min = 1, max = 2419200))]
    pub time_to_live_seconds: Option<u32>,
    /// When it was asked for
    pub requested_at: Timestamp,
}

/// A push notification is to be shown to everybody in an audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = campaign_id)]
pub struct CampaignPushNotificationEvent {
    /// The campaign
    pub campaign_id: Uuid,
    /// Name of the campaign, for those who run it
    #[validate(length(min = 1, max = 120))]
    pub campaign_name: String,
    /// Who sees it
    #[validate(nested)]
    pub audience: CampaignAudience,
    /// What it says
    #[validate(nested)]
    pub content: PushContent,
    /// When it goes out; absent = at once
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<Timestamp>,
    /// Member of staff who started it
    pub started_by: Uuid,
}

/// What a push notification says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct PushContent {
    /// First line
    #[validate(length(min = 1, max = 100))]
    #[pii]
    pub title: String,
    /// Text below it
    #[validate(length(min = 1, max = 1000))]
    #[pii]
    pub body: String,
    /// Picture beside the text
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(url)]
    pub image_url: Option<String>,
    /// Where a tap leads
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(url)]
    pub link: Option<String>,
    /// Values for the application that receives it
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[validate(length(max = 20))]
    pub data: BTreeMap<String, String>,
}

impl PushContent {
    /// A title and a text, without picture, link and values.
    pub fn new(title: impl Into<String>, body: impl Into<String>) -> Self {
        let (title, body) = (title.into(), body.into());
        Self { title, body, image_url: None, link: None, data: BTreeMap::new() }
    }
}

/// How urgent a push notification is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PushPriority {
    /// Shown when the device is next awake
    #[default]
    Normal,
    /// Wakes the device
    High,
}

/// Who sees a campaign: every user in one of the segments who speaks one of the languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct CampaignAudience {
    /// Names of segments
    #[validate(length(min = 1, max = 50), inner(length(min = 1, max = 60)))]
    pub segments: Vec<String>,
    /// Languages, IETF tags such as `en` or `de-AT`; none = every language
    #[serde(default)]
    #[validate(length(max = 50), inner(pattern("^[a-z]{2}(-[A-Z]{2})?$")))]
    pub locales: Vec<String>,
}
