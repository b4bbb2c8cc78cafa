//! Behaviour of the runtime, one module an area.

mod behaviour {
    mod consumer;
    mod embedded;
    mod extractors;
    mod layers;
    mod raw;
    mod router;
    mod testkit;
}
