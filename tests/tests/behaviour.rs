//! Behaviour of the runtime, one module an area.

mod behaviour {
    mod config;
    mod consumer;
    mod embedded;
    mod emit;
    mod envelope;
    mod extractors;
    mod forwarder;
    mod layers;
    mod pool;
    mod producing;
    mod raw;
    mod router;
    mod testkit;
}
