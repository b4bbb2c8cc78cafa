//! Behaviour of the runtime, one module an area.

mod behaviour {
    mod embedded;
}
