//! The file: its tables, the one thread that writes it, and every operation as a part of a transaction.
//!
//! Nothing here is async, and nothing outside this module speaks SQL.

mod cache;
mod lines;
mod messages;
mod moves;
mod open;
mod pack;
mod pick;
mod queues;
mod schema;
mod send;
mod session;
mod settle;
mod signals;
mod tick;
mod writer;

pub(crate) use open::OpenSettings;
pub(crate) use pick::View;
pub(crate) use queues::Identity;
pub(crate) use send::{Admission, Outgoing};
pub(crate) use session::{Fault, Session};
pub(crate) use settle::Action;
pub(crate) use signals::{Signals, Waiting};
pub(crate) use writer::{Ids, Writer, WriterSettings};

/// Everything of a queue's ARN before its name: the same in every process on a file.
const ARN_PREFIX: &str = "arn:aws:sqs:us-east-1:000000000000:";

/// A queue's ARN.
pub(crate) fn arn(queue: &str) -> String {
    format!("{ARN_PREFIX}{queue}")
}
