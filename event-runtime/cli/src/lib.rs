//! The command line over an application's own message packs.
//!
//! An application links its packs and gets every command with them:
//!
//! ```no_run
//! # /// An order was paid.
//! # #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, event_runtime::Event)]
//! # pub struct OrderPaid { order_id: String }
//! # event_runtime::message_pack! {
//! #     /// What the shop tells the other services.
//! #     pub ShopMessagePack<OrderPaid>
//! # }
//! use std::process::ExitCode;
//!
//! use event_runtime::MessagePack;
//!
//! fn main() -> ExitCode {
//!     event_cli::run([ShopMessagePack::DESCRIPTOR])
//! }
//! ```
//!
//! It owns arguments, output and exit codes. What a command means lives elsewhere: routing in
//! [`pool`](event_runtime::pool), compatibility in [`schema`](event_runtime::schema), the repair of dead letters in
//! [`consumer::repair`](event_runtime::consumer::repair). Transports stand behind features (`embedded`, `sqlite`, `sqs`), all of them off
//! by default; [`Cli::backend`] adds others.
//!
//! The [guide] has the commands by what they are for, and a workflow for CI.
//!
//! Exit codes: 0 = done, and nothing to complain of; 1 = the answer is bad (a breaking change, a stale schema, a wrong
//! configuration, a letter that was not moved); 2 = the question was (unknown option, missing file).

#[doc = include_str!("../GUIDE.md")]
pub mod guide {}

mod app;
mod args;
pub mod backend;
mod catalogue;
mod command;
mod context;
mod failure;
mod output;
#[cfg(feature = "prover")]
pub mod prover;
mod settings;

pub use app::{Cli, run};
