//! Bodies in all formats: `cargo +nightly fuzz run envelope ../tests/corpus/envelope`.

#![no_main]

#[path = "../checks/envelope.rs"]
mod envelope;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| envelope::check(bytes));
