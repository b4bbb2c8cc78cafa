//! What a queue with the semantics of SQS does: every case of `sqs/semantic_cases.json` by its id.
//!
//! The steps of a case are written here by hand, over [`QueueUnderTest`], so that each transport with these
//! semantics runs the same ones. A case returns the errors that it provoked and that the data words; they are
//! compared where the data is there.

mod batches;
mod deduplication;
mod delays;
mod deletes;
mod durable;
mod embedded;
mod fifo;
mod lifecycle;
mod limits;
mod over_sdk;
mod redrive;
mod sizes;
mod under_test;
mod visibility;

use std::collections::BTreeSet;

use serde_json::Value;

use under_test::Fault;

/// Cases that concern no queue, or not every one, with the reason.
const NOT_APPLICABLE: &[(&str, &str)] = &[(
    "sqs/60-md5",
    "checksums are fields of the HTTP protocol; a queue in this process hands over the bytes themselves",
)];

/// Cases that LocalStack 4.14 can't be held to, with the reason: it takes what the service documents as refused, or
/// its clock, which is the real one, would have to go on for minutes.
const NOT_ON_LOCALSTACK: &[(&str, &str)] = &[
    (
        "sqs/04-visibility-extend",
        "it notices the end of a timeout up to a second late, and these follow closely",
    ),
    ("sqs/07-visibility-max-12h", "it takes a receive with a longer timeout"),
    ("sqs/16-receive-max-10", "it takes a receive of 0 messages"),
    ("sqs/22-delay-max-900", "it takes a longer delay"),
    ("sqs/34-dedup-5min", "needs five minutes"),
    ("sqs/35-dedup-send-returns-original-id", "it gives the duplicate a sequence number of its own"),
    ("sqs/46-redrive-policy-validation", "it takes a policy without a count"),
    ("sqs/47-redrive-same-type", "it takes a dead-letter queue of the other kind"),
    ("sqs/48-redrive-dlq-retention", "needs three minutes"),
    ("sqs/53-batch-partial-failure", "it gives an entry the code of the JSON protocol's error"),
    ("sqs/56-size-queue-limit", "it takes a limit below 1,024 bytes"),
    ("sqs/59-attrs-max-10", "it takes an eleventh attribute"),
    ("sqs/61-retention", "needs a minute, and it expires no message before its next look"),
    ("sqs/62-purge", "needs a minute, and it takes a second purge"),
    ("sqs/64-recreate-60s", "needs a minute, and it takes the name again at once"),
    ("sqs/65-fifo-suffix", "it takes the name `.fifo`"),
    ("sqs/67-fair-queue-quiet-first", "it does not order by fairness"),
];

/// Makes the table of cases, and for each transport a module with one test a case.
macro_rules! cases {
    ($($id:literal => $area:ident::$case:ident;)*) => {
        const IMPLEMENTED: &[&str] = &[$($id),*];

        mod on_embedded {
            $(
                #[tokio::test]
                async fn $case() {
                    let queue = super::embedded::Embedded::new();
                    let faults = super::$area::$case(&queue).await;
                    super::compare_faults($id, &faults);
                }
            )*
        }

        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $case() {
                    let queue = super::durable::Durable::new();
                    let faults = super::$area::$case(&queue).await;
                    super::compare_faults($id, &faults);
                }
            )*
        }

        mod on_the_local_endpoint {
            $(
                #[tokio::test]
                async fn $case() {
                    let queue = super::over_sdk::OverSdk::in_memory().await;
                    let faults = super::$area::$case(&queue).await;
                    super::compare_faults($id, &faults);
                }
            )*
        }

        mod on_the_local_endpoint_over_a_file {
            $(
                #[tokio::test]
                async fn $case() {
                    let queue = super::over_sdk::OverSdk::in_a_file().await;
                    let faults = super::$area::$case(&queue).await;
                    super::compare_faults($id, &faults);
                }
            )*
        }

        mod on_localstack {
            $(
                #[tokio::test]
                async fn $case() {
                    if let Some((_, reason)) = super::NOT_ON_LOCALSTACK.iter().find(|(id, _)| *id == $id) {
                        println!("{} is not run on LocalStack: {reason}", $id);
                        return;
                    }
                    let Some(queue) = super::over_sdk::OverSdk::localstack() else { return };
                    let faults = super::$area::$case(&queue).await;
                    super::compare_faults($id, &faults);
                }
            )*
        }
    };
}

cases! {
    "sqs/01-visibility-hides" => visibility::hides;
    "sqs/02-visibility-override-on-receive" => visibility::override_on_receive;
    "sqs/03-visibility-terminate" => visibility::terminate;
    "sqs/04-visibility-extend" => visibility::extend;
    "sqs/05-visibility-change-after-expiry-standard" => visibility::change_after_expiry_standard;
    "sqs/06-visibility-change-deleted" => visibility::change_deleted;
    "sqs/07-visibility-max-12h" => visibility::max_12h;
    "sqs/08-delete-after-expiry-standard" => deletes::after_expiry_standard;
    "sqs/09-delete-after-expiry-fifo" => deletes::after_expiry_fifo;
    "sqs/10-delete-after-extension-fifo" => deletes::after_extension_fifo;
    "sqs/11-delete-idempotent" => deletes::idempotent;
    "sqs/12-delete-garbage-handle" => deletes::garbage_handle;
    "sqs/13-handle-changes-per-receive" => deletes::handle_changes_per_receive;
    "sqs/14-long-poll-wakes" => delays::long_poll_wakes;
    "sqs/15-long-poll-does-not-block-when-available" => delays::long_poll_does_not_block_when_available;
    "sqs/16-receive-max-10" => limits::receive_max_10;
    "sqs/17-wait-max-20" => limits::wait_max_20;
    "sqs/18-delay-per-message" => delays::per_message;
    "sqs/19-delay-fifo-per-message-rejected" => delays::fifo_per_message_rejected;
    "sqs/20-delay-fifo-queue-level" => delays::fifo_queue_level;
    "sqs/21-delay-fifo-zero-means-queue-default" => delays::fifo_zero_means_queue_default;
    "sqs/22-delay-max-900" => delays::max_900;
    "sqs/23-fifo-group-blocks" => fifo::group_blocks;
    "sqs/24-fifo-group-order-in-batch" => fifo::group_order_in_batch;
    "sqs/25-fifo-order-after-timeout" => fifo::order_after_timeout;
    "sqs/26-fifo-other-groups-flow" => fifo::other_groups_flow;
    "sqs/27-fifo-terminate-one" => fifo::terminate_one;
    "sqs/28-fifo-extend-blocks-later" => fifo::extend_blocks_later;
    "sqs/29-fifo-release-after-full-delete" => fifo::release_after_full_delete;
    "sqs/30-fifo-no-release-after-partial-delete" => fifo::no_release_after_partial_delete;
    "sqs/31-fifo-empty-group-reuse" => fifo::empty_group_reuse;
    "sqs/32-fifo-sequence-number" => fifo::sequence_number;
    "sqs/33-fifo-approx-counts" => fifo::approximate_counts;
    "sqs/34-dedup-5min" => deduplication::five_minutes;
    "sqs/35-dedup-send-returns-original-id" => deduplication::send_returns_original_id;
    "sqs/36-dedup-content-based" => deduplication::content_based;
    "sqs/37-dedup-queue-scope" => deduplication::queue_scope;
    "sqs/38-dedup-group-scope" => deduplication::group_scope;
    "sqs/39-dedup-purge-clears" => deduplication::purge_clears;
    "sqs/40-dedup-required" => deduplication::required;
    "sqs/41-ids-charset" => limits::ids_charset;
    "sqs/42-redrive-at-max" => redrive::at_max;
    "sqs/43-redrive-fifo" => redrive::fifo;
    "sqs/44-redrive-attrs" => redrive::attributes;
    "sqs/45-redrive-chain" => redrive::chain;
    "sqs/46-redrive-policy-validation" => redrive::policy_validation;
    "sqs/47-redrive-same-type" => redrive::same_type;
    "sqs/48-redrive-dlq-retention" => redrive::dead_letter_retention;
    "sqs/49-batch-too-many" => batches::too_many;
    "sqs/50-batch-empty" => batches::empty;
    "sqs/51-batch-ids-distinct" => batches::ids_distinct;
    "sqs/52-batch-id-charset" => batches::id_charset;
    "sqs/53-batch-partial-failure" => batches::partial_failure;
    "sqs/54-batch-total-size" => batches::total_size;
    "sqs/55-size-max" => sizes::max;
    "sqs/56-size-queue-limit" => sizes::queue_limit;
    "sqs/57-content-empty" => sizes::content_empty;
    "sqs/58-content-charset" => sizes::content_charset;
    "sqs/59-attrs-max-10" => sizes::attributes_max_10;
    "sqs/61-retention" => lifecycle::retention;
    "sqs/62-purge" => lifecycle::purge;
    "sqs/63-create-idempotent" => lifecycle::create_idempotent;
    "sqs/64-recreate-60s" => lifecycle::recreate_60s;
    "sqs/65-fifo-suffix" => lifecycle::fifo_suffix;
    "sqs/66-fair-queue-attr" => limits::fair_queue_attribute;
    "sqs/67-fair-queue-quiet-first" => limits::fair_queue_quiet_first;
    "sqs/68-overlimit-standard" => limits::over_limit;
}

#[test]
fn every_case_of_the_data_is_implemented_or_listed() {
    let Some(cases) = data() else { return };
    let known: BTreeSet<&str> =
        IMPLEMENTED.iter().copied().chain(NOT_APPLICABLE.iter().map(|(id, _)| *id)).collect();
    let in_data: BTreeSet<&str> = cases.iter().filter_map(|case| case["id"].as_str()).collect();
    let new: Vec<_> = in_data.difference(&known).collect();
    let gone: Vec<_> = known.difference(&in_data).collect();
    assert!(new.is_empty(), "cases without steps: write them in sqs_semantics, or list the reason: {new:?}");
    assert!(gone.is_empty(), "cases that the data no longer has: {gone:?}");
    assert_eq!(known.len(), IMPLEMENTED.len() + NOT_APPLICABLE.len(), "an id stands twice in the table");
    for (id, reason) in NOT_APPLICABLE {
        println!("{id} does not apply: {reason}");
    }
}

/// The cases, or `None` with a line where the data is absent.
fn data() -> Option<Vec<Value>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/sqs/semantic_cases.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: conformance data not found");
        return None;
    };
    let data: Value = serde_json::from_str(&text).expect("the cases are JSON");
    Some(data["cases"].as_array().expect("the cases are a list").clone())
}

/// Compares what a case provoked with the errors that the data words for it.
fn compare_faults(id: &str, faults: &[Fault]) {
    let Some(cases) = data() else { return };
    let case =
        cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("{id} is not in the data"));
    let expected: Vec<&Value> = match &case["error"] {
        Value::Null => Vec::new(),
        Value::Array(errors) => errors.iter().collect(),
        error => vec![error],
    };
    assert_eq!(
        faults.len(),
        expected.len(),
        "{id}: errors that the data words: {expected:?}, got {faults:?}"
    );
    for (fault, expected) in faults.iter().zip(expected) {
        assert_eq!(fault.code, expected["code"], "{id}: {fault:?}");
        let message = expected["message"].as_str().unwrap_or_default();
        assert!(matches(message, &fault.message), "{id}: expected {message:?}, got {fault:?}");
        if let Some(http) = fault.http {
            assert_eq!(http, expected["http"], "{id}: {fault:?}");
        }
    }
}

/// Whether `text` is `pattern` with anything for each `<placeholder>` of it.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('<').and_then(|(start, rest)| Some((start, rest.split_once('>')?.1))) {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }),
    }
}

#[test]
fn a_placeholder_stands_for_anything() {
    assert!(matches("a <b> c", "a  c") && matches("a <b> c", "a x y c") && matches("a", "a"));
    assert!(!matches("a <b> c", "a x d") && !matches("a", "ab"));
}
