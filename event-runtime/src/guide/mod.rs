//! The guide: defining events, evolving them, rules, personal data, packs; which guarantee which configuration gives.
//!
//! Every block of code in it compiles, or fails to compile where it says so; the messages are those of the cases in
//! `tests/ui`.

#[doc = include_str!("defining.md")]
pub mod defining {}

#[doc = include_str!("evolving.md")]
pub mod evolving {}

#[doc = include_str!("validation.md")]
pub mod validation {}

#[doc = include_str!("personal_data.md")]
pub mod personal_data {}

#[doc = include_str!("packs.md")]
pub mod packs {}

#[doc = include_str!("guarantees.md")]
pub mod guarantees {}
