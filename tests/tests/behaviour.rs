//! Behaviour of the runtime, one module an area.

mod behaviour {
    mod consumer;
    mod extractors;
    mod layers;
    mod raw;
    mod router;
    mod testkit;
    mod envelope;
}
