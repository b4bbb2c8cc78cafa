//! Behaviour of the runtime, one module an area.

mod behaviour {
    mod consumer;
    mod envelope;
    mod extractors;
    mod layers;
    mod raw;
    mod router;
    mod testkit;
}
