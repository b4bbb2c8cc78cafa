//! Behaviour of the runtime, one module an area.

mod behaviour {
    mod config;
    mod emit;
    mod forwarder;
    mod pool;
    mod producing;
}
