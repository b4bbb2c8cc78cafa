//! Behaviour of the runtime, one module an area.

mod behaviour {
    mod cli;
    mod compat;
    mod config;
    mod consumer;
    mod delay;
    mod derive;
    mod embedded;
    mod emit;
    mod envelope;
    mod extractors;
    mod forwarder;
    mod idempotency;
    mod layers;
    mod pool;
    mod producing;
    mod protection;
    mod raw;
    mod repair;
    mod router;
    mod schemas;
    mod startup;
    mod testkit;
    mod typed_handlers;
    mod validation;
}
