//! Data that other projects published, read in place.

mod conformance {
    mod sqs_recorded_errors;
    mod sqs_semantics;
}
