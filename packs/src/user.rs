//! Accounts of people: registration and password recovery.
//!
//! [`UserRegisteredEvent`] lives at version 3: version 2 split the full name, version 3 added language and consent.

use event_runtime::{Event, message_pack};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

message_pack! {
    /// Registration of users and recovery of their passwords.
    pub UserMessagePack<UserRegisteredEvent, PasswordRecoveryOTPEmail, PasswordRecoveryOTPSMS>
}

/// A person registered an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(version = 3, upcast_from = UserRegisteredEventV2, key = user_id)]
pub struct UserRegisteredEvent {
    /// The new user
    pub user_id: Uuid,
    /// Address that the user registered with
    #[validate(email)]
    #[pii]
    pub email: String,
    /// Given name
    #[validate(length(min = 1, max = 120))]
    #[pii]
    pub given_name: String,
    /// Family name; absent for people who have none
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 120))]
    #[pii]
    pub family_name: Option<String>,
    /// Preferred language, an IETF tag such as `en` or `de-AT`
    #[validate(pattern("^[a-z]{2}(-[A-Z]{2})?$"))]
    pub locale: String,
    /// Whether the user agreed to receive advertising
    pub marketing_consent: bool,
    /// Code of the person who invited the user
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(min = 4, max = 32))]
    pub referral_code: Option<String>,
    /// When the account was created
    pub registered_at: Timestamp,
}

/// A person registered an account, with the name in two parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "UserRegisteredEvent", version = 2, upcast_from = UserRegisteredEventV1, key = user_id)]
pub struct UserRegisteredEventV2 {
    /// The new user
    pub user_id: Uuid,
    /// Address that the user registered with
    #[validate(email)]
    #[pii]
    pub email: String,
    /// Given name
    #[validate(length(min = 1, max = 120))]
    #[pii]
    pub given_name: String,
    /// Family name; absent for people who have none
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(length(max = 120))]
    #[pii]
    pub family_name: Option<String>,
    /// When the account was created
    pub registered_at: Timestamp,
}

/// A person registered an account, with the name in one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(type = "UserRegisteredEvent", version = 1, key = user_id)]
pub struct UserRegisteredEventV1 {
    /// The new user
    pub user_id: Uuid,
    /// Address that the user registered with
    #[validate(email)]
    #[pii]
    pub email: String,
    /// Full name as the user wrote it
    #[validate(length(min = 1, max = 120))]
    #[pii]
    pub full_name: String,
    /// When the account was created
    pub registered_at: Timestamp,
}

impl From<UserRegisteredEventV1> for UserRegisteredEventV2 {
    /// Splits the name at its first space: the rest, where there is one, is the family name.
    fn from(old: UserRegisteredEventV1) -> Self {
        let (given_name, family_name) = match old.full_name.trim().split_once(' ') {
            Some((given, family)) => (given.to_owned(), Some(family.trim_start().to_owned())),
            None => (old.full_name, None),
        };
        Self {
            user_id: old.user_id,
            email: old.email,
            given_name,
            family_name,
            registered_at: old.registered_at,
        }
    }
}

impl From<UserRegisteredEventV2> for UserRegisteredEvent {
    /// Nobody was asked before version 3: the language is English and there is no consent.
    fn from(old: UserRegisteredEventV2) -> Self {
        Self {
            user_id: old.user_id,
            email: old.email,
            given_name: old.given_name,
            family_name: old.family_name,
            locale: "en".to_owned(),
            marketing_consent: false,
            referral_code: None,
            registered_at: old.registered_at,
        }
    }
}

/// A one-time password for recovery is to be sent by e-mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = user_id)]
pub struct PasswordRecoveryOTPEmail {
    /// User who asked for recovery
    pub user_id: Uuid,
    /// Where the password goes
    #[validate(email)]
    #[pii]
    pub email: String,
    /// The one-time password
    #[validate(pattern("^[0-9]{6}$"))]
    #[pii(secret)]
    pub otp: String,
    /// Language of the e-mail, an IETF tag such as `en` or `de-AT`
    #[validate(pattern("^[a-z]{2}(-[A-Z]{2})?$"))]
    pub locale: String,
    /// Address of the device that asked
    #[serde(skip_serializing_if = "Option::is_none")]
    #[validate(ip)]
    #[pii]
    pub requested_from: Option<String>,
    /// From when on the password is refused
    pub expires_at: Timestamp,
}

/// A one-time password for recovery is to be sent by text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = user_id)]
pub struct PasswordRecoveryOTPSMS {
    /// User who asked for recovery
    pub user_id: Uuid,
    /// Where the password goes, in E.164 form
    #[validate(pattern("^\\+[1-9][0-9]{6,14}$"))]
    #[pii]
    pub phone_number: String,
    /// The one-time password
    #[validate(pattern("^[0-9]{6}$"))]
    #[pii(secret)]
    pub otp: String,
    /// From when on the password is refused
    pub expires_at: Timestamp,
}
