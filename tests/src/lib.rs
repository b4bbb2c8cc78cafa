//! Conformance, behaviour and service tests.

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

mod folder;

pub use folder::Folder;
