//! Messages handled once, remembered in Redis: the store of the layers
//! [`Idempotent`](event_runtime::layer::Idempotent) and [`PoisonGuard`](event_runtime::layer::PoisonGuard).
//!
//! It owns the keys and the scripts that change them. Nothing else of the runtime is kept in Redis.

mod scripts;
mod store;

pub use store::RedisIdempotencyStore;

#[cfg(test)]
mod tests;
