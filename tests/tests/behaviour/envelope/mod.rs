//! Envelopes on the wire: what is written is read, and bad input is an error that says where.

mod bad_input;
mod corpus;
mod round_trip;
mod routed;
