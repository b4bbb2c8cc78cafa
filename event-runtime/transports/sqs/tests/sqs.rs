//! The SQS transport over the local endpoint: no network but 127.0.0.1, no credentials.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod sqs {
    mod bundles;
    mod calls;
    mod consuming;
    mod durable;
    mod fixture;
    mod hostile;
    mod lambda;
    mod localstack;
    mod process;
    mod producing;
    mod protocol;
    mod raw;
    mod receiving;
    mod recorded_errors;
    mod served;
    mod soak;
}
