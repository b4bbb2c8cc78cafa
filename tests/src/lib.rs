//! Conformance, behaviour and service tests.
