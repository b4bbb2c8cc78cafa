//! Behaviour of the runtime, one module an area.

#[path = "behaviour/compat.rs"]
mod compat;
