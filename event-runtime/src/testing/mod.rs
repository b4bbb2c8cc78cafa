//! A test kit for users' own tests: a probe, a harness.
