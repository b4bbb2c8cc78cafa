//! The SQS transport over the local endpoint: no network but 127.0.0.1, no credentials.

mod sqs {
    mod bundles;
    mod calls;
    mod consuming;
    mod fixture;
    mod producing;
    mod protocol;
    mod raw;
    mod receiving;
    mod recorded_errors;
    mod soak;
}
