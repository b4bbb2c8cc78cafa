//! The same work with more payload types, larger messages and more handlers at once: what the graphs show.

use bytes::Bytes;
use event_runtime::Codec;

use super::{codec, dispatch, engine};
use crate::sample::{envelope, imported_lines};

/// How many payload types a router has.
pub(crate) const TYPES: [usize; 5] = [10, 30, 100, 300, 1_000];

/// How many lines an order has: 0.5 to 256 KB.
pub(crate) const LINES: [u32; 10] = [0, 3, 9, 20, 42, 87, 176, 354, 710, 1_390];

/// How many handlers run at once.
pub(crate) const CONCURRENCY: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

pub(super) fn run() {
    TYPES.into_iter().for_each(dispatch::among);
    for lines in LINES {
        codec::decode(&size_of(lines).to_string(), imported_lines(lines));
    }
    for concurrency in CONCURRENCY {
        engine::consume(&format!("engine.{concurrency}"), concurrency, false);
        engine::consume(&format!("engine.yielding.{concurrency}"), concurrency, true);
    }
}

/// The bytes of the envelope of an order of so many lines.
pub fn size_of(lines: u32) -> usize {
    let message = Codec::Native.encode_owned(envelope(imported_lines(lines))).unwrap();
    let body: &Bytes = message.body().as_bytes();
    body.len()
}
