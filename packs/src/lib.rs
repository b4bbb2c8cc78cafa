//! The eleven message packs of a marketplace: what its services tell each other.
//!
//! | pack | events about |
//! |---|---|
//! | [`UserMessagePack`](user::UserMessagePack) | accounts: registration, password recovery |
//! | [`VendorsMessagePack`](vendors::VendorsMessagePack) | vendors: registration, verification |
//! | [`CreatorsMessagePack`](creators::CreatorsMessagePack) | creators: registration, activation |
//! | [`OrganizationsMessagePack`](organizations::OrganizationsMessagePack) | organizations: founding, changes |
//! | [`OrderMessagePack`](order::OrderMessagePack) | orders, from placement to shipping or cancellation |
//! | [`OrderApplicationMessagePack`](order_application::OrderApplicationMessagePack) | decisions on applications for orders |
//! | [`ReportsAndReviewsMessagePack`](reports_and_reviews::ReportsAndReviewsMessagePack) | reports to moderators, reviews |
//! | [`AIMessagePack`](ai::AIMessagePack) | requests to language models and their ends |
//! | [`ChatMessagePack`](chat::ChatMessagePack) | chat rooms and messages |
//! | [`NotificationMessagePack`](notification::NotificationMessagePack) | push notifications |
//! | [`PaymentsMessagePack`](payments::PaymentsMessagePack) | wallet subscriptions |
//!
//! Each pack's page lists its events, each event's page its fields, rules and personal data. [`all`] composes the packs.
//!
//! Every event has an ordering key: the id of what it is about, so that one thing's events stay in order. The JSON Schema
//! of every event and version is committed under `schemas/`, sample payloads under `fixtures/`.

pub mod address;
pub mod ai;
pub mod chat;
mod composition;
pub mod creators;
pub mod money;
pub mod notification;
pub mod order;
pub mod order_application;
pub mod organizations;
pub mod payments;
pub mod reports_and_reviews;
pub mod user;
pub mod vendors;

pub use composition::all;
