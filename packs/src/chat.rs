//! Conversations between the parties of an order.

use event_runtime::{Event, Validate, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

message_pack! {
    /// Chat rooms and what is said in them.
    pub ChatMessagePack<ChatMessageEvent, ChatRoomEvent>
}

/// Somebody wrote a message in a chat room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = room_id)]
pub struct ChatMessageEvent {
    /// The new message
    pub message_id: Uuid,
    /// Room that it was written in
    pub room_id: Uuid,
    /// User who wrote it
    pub sender_id: Uuid,
    /// Text of the message
    #[validate(length(min = 1, max = 4000))]
    #[pii]
    pub body: String,
    /// Files sent with it
    #[serde(default)]
    #[validate(length(max = 10), nested)]
    pub attachments: Vec<ChatAttachment>,
    /// Message that this one answers
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Uuid>,
    /// When it was written
    pub sent_at: Timestamp,
}

/// A file sent with a chat message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
pub struct ChatAttachment {
    /// Name that the sender's device gave the file
    #[validate(length(min = 1, max = 255))]
    #[pii]
    pub file_name: String,
    /// Media type, for instance `image/png`
    #[validate(pattern("^[a-z]+/[a-z0-9.+-]+$"))]
    pub media_type: String,
    /// Size in bytes, at most 25 MiB
    #[validate(range(min = 1, max = 26214400))]
    pub size_bytes: u32,
    /// Where it can be fetched
    #[validate(url)]
    pub url: String,
}

/// A chat room came to be, changed, or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = room_id)]
pub struct ChatRoomEvent {
    /// The room
    pub room_id: Uuid,
    /// What happened to it
    #[validate(nested)]
    pub change: ChatRoomChange,
    /// User who did it
    pub actor_id: Uuid,
    /// When it happened
    pub changed_at: Timestamp,
}

/// What happened to a chat room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChatRoomChange {
    /// It was opened
    Created {
        /// Order that the room belongs to
        order_id: Uuid,
        /// Users in the room
        #[validate(length(min = 1, max = 500))]
        member_ids: Vec<Uuid>,
    },
    /// A user joined
    MemberJoined {
        /// The new member
        user_id: Uuid,
    },
    /// A user left
    MemberLeft {
        /// The former member
        user_id: Uuid,
    },
    /// It was closed for new messages
    Archived,
}
