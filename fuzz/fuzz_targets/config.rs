//! Configurations: `cargo +nightly fuzz run config corpus/config ../tests/corpus/config`, in this folder.

#![no_main]

#[path = "../checks/config.rs"]
mod config;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| config::check(bytes));
