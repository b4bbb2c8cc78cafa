//! Data that other projects published, read in place.

mod conformance {
    mod cloudevents;
    mod data;
    mod events_real;
    mod json_schema_formats;
    mod schema_compat;
    mod sqs_recorded_errors;
    mod sqs_semantics;
    mod trace_context;
}
