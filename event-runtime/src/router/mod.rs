//! The router: which handler takes which payload type.
