//! Data that other projects published, read in place.

mod conformance {
    mod cloudevents;
    mod data;
    mod events_real;
    mod trace_context;
}
