//! The forwarder: every matching rule, every failure, no payload touched.

use event_runtime::forwarder::{ForwardErrorKind, Forwarder};
use event_runtime::pool::ProducerEmitter;
use event_runtime::transport::ProduceErrorKind;
use event_runtime::{Endpoint, FailureCode, Incoming, Outcome};

use super::producing::{Fault, Recorder, message};

const UNAVAILABLE: Fault = Fault::Error(ProduceErrorKind::Unavailable);
const REFUSED: Fault = Fault::Error(ProduceErrorKind::Refused);

fn to(recorder: &Recorder) -> ProducerEmitter {
    ProducerEmitter::new(recorder.clone())
}

#[tokio::test]
async fn every_matching_rule_runs() {
    let [named, all, rest] = ["named", "all", "rest"].map(Recorder::new);
    let forwarder = Forwarder::new().rule(["a"], to(&named)).rule(["*"], to(&all)).rule(["?"], to(&rest));
    forwarder.forward(&[message("a", "1"), message("a", "2")]).await.unwrap();
    forwarder.forward(&[message("b", "3")]).await.unwrap();
    forwarder.forward(&[]).await.unwrap();
    assert_eq!(named.taken_ids(), ["1", "2"]);
    assert_eq!(all.taken_ids(), ["1", "2", "3"]);
    assert_eq!(rest.taken_ids(), ["3"]);
    assert_eq!(named.batches(), [2]);
}

#[tokio::test]
async fn a_call_takes_one_payload_type() {
    let recorder = Recorder::new("all");
    let forwarder = Forwarder::new().rule(["*"], to(&recorder));
    let error = forwarder.forward(&[message("a", "1"), message("b", "2")]).await.unwrap_err();
    assert_eq!(error.kind(), ForwardErrorKind::MixedPayloadTypes);
    assert!(recorder.tried_ids().is_empty());
}

#[tokio::test]
async fn a_payload_type_without_a_rule_is_refused() {
    let forwarder = Forwarder::new().rule(["a"], to(&Recorder::new("a")));
    let error = forwarder.forward(&[message("b", "1")]).await.unwrap_err();
    assert_eq!(error.kind(), ForwardErrorKind::NoRule);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn every_failure_is_reported_and_a_retry_reaches_those_only() {
    let one = Recorder::new("one").with_faults([UNAVAILABLE]);
    let two = Recorder::new("two");
    let three = Recorder::new("three").with_faults([UNAVAILABLE, UNAVAILABLE]);
    let forwarder = Forwarder::new().rule(["a"], to(&one)).rule(["a"], to(&two)).rule(["*"], to(&three));
    let error = forwarder.forward(&[message("a", "1"), message("a", "2")]).await.unwrap_err();
    assert_eq!(error.kind(), ForwardErrorKind::Failed);
    let failed: Vec<_> = error
        .failures()
        .iter()
        .map(|failure| (failure.rule, failure.errors.failures().map(|(index, _)| index).collect::<Vec<_>>()))
        .collect();
    assert_eq!(failed, [(0, vec![0]), (2, vec![0, 1])]);

    forwarder.retry(error).await.unwrap();
    assert_eq!(one.taken_ids(), ["2", "1"]);
    assert_eq!(two.taken_ids(), ["1", "2"]);
    assert_eq!(three.taken_ids(), ["1", "2"]);
}

#[tokio::test]
async fn a_forwarded_message_keeps_its_id_and_body_and_counts_a_hop() {
    let recorder = Recorder::new("all");
    let original = message("a", "e1");
    let forwarder = Forwarder::new().rule(["*"], to(&recorder));
    forwarder.forward(std::slice::from_ref(&original)).await.unwrap();
    let forwarded = recorder.taken().remove(0);
    assert_eq!(forwarded.metadata().id, "e1");
    assert_eq!(forwarded.body().as_ptr(), original.body().as_ptr());
    assert_eq!(original.deduplication_id(), "e1");
    assert_eq!(forwarded.deduplication_id(), "e1:1");

    // What the next consumer receives is the body and the attributes.
    let received = original.clone().with_attributes(&forwarded.attributes());
    forwarder.forward(&[received]).await.unwrap();
    assert_eq!(recorder.taken()[1].deduplication_id(), "e1:2");
}

#[tokio::test]
async fn as_an_endpoint_it_acknowledges_retries_or_gives_up() {
    let recorder = Recorder::new("a").with_faults([UNAVAILABLE, REFUSED]);
    let forwarder = Forwarder::new().rule(["a"], to(&recorder));
    let handle = async |payload_type: &str| forwarder.handle(Incoming::new(message(payload_type, "1"))).await;
    assert!(matches!(handle("a").await, Outcome::Retry { .. }));
    assert!(matches!(handle("a").await, Outcome::DeadLetter { .. }));
    assert_eq!(handle("a").await, Outcome::Ack);
    let Outcome::DeadLetter { failure } = handle("b").await else { panic!("no rule takes `b`") };
    assert_eq!(failure.code, FailureCode::UnknownPayloadType);
}

#[test]
fn rules_that_can_never_match_are_reported_at_start_up() {
    assert_eq!(Forwarder::new().problems().len(), 1);
    let forwarder = Forwarder::new().rule(["a"], to(&Recorder::new("a")));
    assert!(forwarder.problems().is_empty());
    let nothing: [&str; 0] = [];
    assert_eq!(forwarder.rule(nothing, to(&Recorder::new("b"))).problems().len(), 1);
}
