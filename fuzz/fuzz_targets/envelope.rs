//! Bodies in all formats: `cargo +nightly fuzz run envelope corpus/envelope ../tests/corpus/envelope`, in this folder.

#![no_main]

#[path = "../checks/envelope.rs"]
mod envelope;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| envelope::check(bytes));
