//! Forwarding: messages from one place to others, by payload type.
