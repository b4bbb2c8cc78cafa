//! The producer pool's promises: who gets what, partial failures, the start-up report.

use std::collections::BTreeSet;
use std::sync::Arc;

use event_runtime::envelope::WireFormat;
use event_runtime::pool::{
    EmitErrorKind, Emitter, PoolProblemKind, ProducerPoolConfig, ProducersPool, ProducersPoolBuilder, Rule,
    Verdict,
};
use event_runtime::transport::{KeylessGroup, ProduceError, ProduceErrorKind};
use event_runtime::{IntoEnvelope, Message, Producer};
use proptest::prelude::*;
use tokio::sync::Barrier;

use super::producing::{Fault, OrderPaid, Recorder, message, order_paid, packs};

const UNAVAILABLE: Fault = Fault::Error(ProduceErrorKind::Unavailable);

fn pool() -> ProducersPoolBuilder {
    ProducersPool::builder("main").packs(packs())
}

/// Recorders by the names that the rules use, and the pool over them.
fn three(
    configure: impl FnOnce(ProducersPoolBuilder) -> ProducersPoolBuilder,
) -> (ProducersPool, [Recorder; 3]) {
    let recorders = ["a", "b", "c"].map(Recorder::new);
    let builder = recorders.iter().cloned().fold(pool(), ProducersPoolBuilder::producer);
    (configure(builder).build().unwrap(), recorders)
}

fn routed(pool: &ProducersPool, payload_type: &str) -> Vec<(String, Rule)> {
    pool.route(payload_type).into_iter().map(|route| (route.producer.to_string(), route.rule)).collect()
}

#[test]
fn types_packs_star_and_question_mark_route() {
    let (pool, _) = three(|pool| {
        pool.route_types("a", ["OrderPaid", "?"]).route_packs("b", ["Orders"]).route_types("c", ["*"])
    });
    let route = |rules: &[(&str, Rule)]| -> Vec<(String, Rule)> {
        rules.iter().map(|(producer, rule)| ((*producer).to_owned(), *rule)).collect()
    };
    let pack = Rule::Pack("Orders");
    assert_eq!(routed(&pool, "OrderPaid"), route(&[("a", Rule::PayloadType), ("b", pack), ("c", Rule::All)]));
    assert_eq!(routed(&pool, "OrderShipped"), route(&[("b", pack), ("c", Rule::All)]));
    assert_eq!(routed(&pool, "UserJoined"), route(&[("a", Rule::Unmatched), ("c", Rule::All)]));
    assert_eq!(routed(&pool, "foreign.event"), route(&[("a", Rule::Unmatched), ("c", Rule::All)]));
}

#[tokio::test]
async fn a_producer_gets_an_event_once_however_many_rules_match() {
    let recorder = Recorder::new("a");
    let pool = pool()
        .producer(recorder.clone())
        .route_types("a", ["OrderPaid", "*", "?"])
        .route_packs("a", ["Orders", "Users"])
        .build()
        .unwrap();
    order_paid("1").envelope().with_id("e1").emit_to(&pool).await.unwrap();
    assert_eq!(recorder.taken_ids(), ["e1"]);
}

#[tokio::test]
async fn an_event_that_matches_nothing_is_an_error_that_holds_it() {
    let (pool, _) = three(|pool| {
        pool.route_types("a", ["UserJoined"]).route_types("b", ["OtpSent"]).route_packs("c", ["Users"])
    });
    let error = order_paid("1").envelope().with_id("e1").emit_to(&pool).await.unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::NoRoute);
    assert!(!error.is_retryable());
    assert_eq!(error.into_message().unwrap().metadata().id, "e1");
}

#[tokio::test]
async fn a_partial_failure_is_retried_at_the_remaining_producers_only() {
    let (good, bad) = (Recorder::new("good"), Recorder::new("bad").with_faults([UNAVAILABLE]));
    let pool = pool()
        .producer(good.clone())
        .producer(bad.clone())
        .route_types("good", ["*"])
        .route_types("bad", ["*"])
        .build()
        .unwrap();
    let error = order_paid("1").envelope().with_id("e1").emit_to(&pool).await.unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Partial);
    assert_eq!(error.taken().collect::<Vec<_>>(), ["good"]);
    assert_eq!(error.remaining().len(), 1);
    assert_eq!(error.remaining()[0].producer(), "bad");
    assert_eq!(error.remaining()[0].error().kind(), ProduceErrorKind::Unavailable);
    assert!(error.is_retryable());

    pool.retry(error).await.unwrap();
    assert_eq!(good.tried_ids(), ["e1"]);
    assert_eq!(bad.tried_ids(), ["e1", "e1"]);
    assert_eq!(bad.taken_ids(), ["e1"]);
}

#[tokio::test]
async fn a_retry_that_fails_again_remembers_who_took_the_event() {
    let refused = Fault::Error(ProduceErrorKind::Refused);
    let (good, bad) = (Recorder::new("good"), Recorder::new("bad").with_faults([UNAVAILABLE, refused]));
    let pool = pool()
        .producer(good)
        .producer(bad)
        .route_types("good", ["*"])
        .route_types("bad", ["*"])
        .build()
        .unwrap();
    let error = order_paid("1").envelope().emit_to(&pool).await.unwrap_err();
    let error = pool.retry(error).await.unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Partial);
    assert_eq!(error.taken().collect::<Vec<_>>(), ["good"]);
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn an_error_of_another_pool_is_not_sent_to_strangers() {
    let (mine, other) = (Recorder::new("mine"), Recorder::new("other").with_faults([UNAVAILABLE]));
    let there = pool().producer(other).route_types("other", ["*"]).build().unwrap();
    let here = pool().producer(mine.clone()).route_types("mine", ["*"]).build().unwrap();
    let error = order_paid("1").envelope().emit_to(&there).await.unwrap_err();
    let error = here.retry(error).await.unwrap_err();
    assert_eq!(error.remaining()[0].error().kind(), ProduceErrorKind::NotFound);
    assert!(mine.tried_ids().is_empty());
}

#[tokio::test]
async fn a_producer_that_panics_does_not_hide_what_the_others_did() {
    let (good, bad) = (Recorder::new("good"), Recorder::new("bad").with_faults([Fault::Panic]));
    let pool = pool()
        .producer(bad)
        .producer(good.clone())
        .route_types("good", ["*"])
        .route_types("bad", ["*"])
        .build()
        .unwrap();
    let error = order_paid("1").envelope().emit_to(&pool).await.unwrap_err();
    assert_eq!(error.kind(), EmitErrorKind::Partial);
    assert_eq!(good.taken().len(), 1);
}

#[tokio::test]
async fn a_batch_is_one_call_a_producer_with_one_result_a_message() {
    let (orders, all) = (Recorder::new("orders"), Recorder::new("all"));
    let all = all.with_faults([UNAVAILABLE]);
    let pool = pool()
        .producer(orders.clone())
        .producer(all.clone())
        .route_packs("orders", ["Orders"])
        .route_types("all", ["UserJoined", "OrderPaid"])
        .build()
        .unwrap();
    let messages = vec![
        message("UserJoined", "1"),
        message("foreign", "2"),
        message("OrderPaid", "3"),
        message("OrderShipped", "4"),
    ];
    let errors = pool.emit_batch(messages).await.unwrap_err();
    let failed: Vec<_> = errors.failures().map(|(index, error)| (index, error.kind())).collect();
    assert_eq!(failed, [(0, EmitErrorKind::Produce), (1, EmitErrorKind::NoRoute)]);
    assert_eq!(errors.of(), 4);
    assert_eq!((orders.batches(), orders.taken_ids()), (vec![2], vec!["3".to_owned(), "4".to_owned()]));
    assert_eq!((all.batches(), all.taken_ids()), (vec![2], vec!["3".to_owned()]));
}

#[tokio::test]
async fn messages_without_a_result_are_failures() {
    let silent = Recorder::new("a").with_faults([Fault::Silence]);
    let pool = pool().producer(silent).route_types("a", ["*"]).build().unwrap();
    let errors =
        pool.emit_batch(vec![message("OrderPaid", "1"), message("OrderPaid", "2")]).await.unwrap_err();
    assert_eq!(errors.failures().count(), 2);
    assert!(errors.is_retryable());
}

#[tokio::test]
async fn producers_are_called_at_the_same_time() {
    struct Meeting(&'static str, Arc<Barrier>);

    impl Producer for Meeting {
        fn id(&self) -> &str {
            self.0
        }

        async fn produce(&self, _: &Message) -> Result<(), ProduceError> {
            self.1.wait().await;
            Ok(())
        }
    }

    let barrier = Arc::new(Barrier::new(2));
    let pool = pool()
        .producer(Meeting("a", barrier.clone()))
        .producer(Meeting("b", barrier))
        .route_types("a", ["*"])
        .route_types("b", ["*"])
        .build()
        .unwrap();
    order_paid("1").envelope().emit_to(&pool).await.unwrap();
    pool.emit_batch(vec![message("OrderPaid", "2")]).await.unwrap();
}

#[test]
fn start_up_reports_every_problem_at_once() {
    let config = ProducerPoolConfig {
        producer_pool_id: "main".into(),
        supported_payload_types: [
            ("orders".into(), vec!["OrderPayd".into(), "*".into(), "*".into()]),
            ("order".into(), vec!["OrderPaid".into()]),
            ("users".into(), vec![]),
        ]
        .into(),
        supported_packs: [("orders".into(), vec!["Order".into(), "*".into()])].into(),
        ..ProducerPoolConfig::default()
    };
    let error = pool()
        .producer(Recorder::ordered("orders", None))
        .producer(Recorder::new("users"))
        .producer(Recorder::new("users"))
        .producer(Recorder::new("idle"))
        .config(config)
        .build()
        .unwrap_err();
    let found: Vec<_> =
        error.problems().iter().map(|problem| (problem.kind(), problem.place(), problem.nearest())).collect();
    assert_eq!(
        found,
        [
            (PoolProblemKind::DuplicateProducer, "producers[2]", None),
            (PoolProblemKind::UnknownProducer, "supported_payload_types.order", Some("orders")),
            (PoolProblemKind::UnknownPayloadType, "supported_payload_types.orders[0]", Some("OrderPaid")),
            (PoolProblemKind::DuplicateRule, "supported_payload_types.orders[2]", None),
            (PoolProblemKind::EmptyRules, "supported_payload_types.users", None),
            (PoolProblemKind::UnknownPack, "supported_packs.orders[0]", Some("Orders")),
            (PoolProblemKind::UnknownPack, "supported_packs.orders[1]", None),
            (PoolProblemKind::NoRules, "producers[3]", None),
            (PoolProblemKind::Keyless, "producers[0]", None),
        ]
    );
}

#[test]
fn a_pool_without_producers_does_not_start() {
    let error = pool().build().unwrap_err();
    assert_eq!(error.problems()[0].kind(), PoolProblemKind::NoProducers);
}

#[test]
fn a_keyless_event_may_go_to_a_fifo_producer_that_has_a_group_for_it() {
    for group in [KeylessGroup::PayloadType, KeylessGroup::EventId] {
        let fifo = Recorder::ordered("fifo", Some(group));
        assert!(pool().producer(fifo).route_types("fifo", ["*"]).build().is_ok());
    }
    let fifo = Recorder::ordered("fifo", None);
    assert!(pool().producer(fifo).route_packs("fifo", ["Orders"]).build().is_ok());
}

#[test]
fn an_external_payload_type_may_be_routed_by_name() {
    let builder = || pool().producer(Recorder::new("a")).route_types("a", ["legacy.event"]);
    let error = builder().build().unwrap_err();
    assert_eq!(error.problems()[0].kind(), PoolProblemKind::UnknownPayloadType);
    let pool = builder().external_payload_types(["legacy.event"]).build().unwrap();
    assert_eq!(routed(&pool, "legacy.event"), [("a".to_owned(), Rule::PayloadType)]);
}

#[tokio::test]
async fn configuration_chooses_the_format() {
    let recorder = Recorder::new("a");
    let config: ProducerPoolConfig = serde_json::from_value(serde_json::json!({
        "producer_pool_id": "main", "supported_payload_types": { "a": ["*"] }, "codec": "cloudevents",
        "service": "orders"
    }))
    .unwrap();
    let pool = pool().producer(recorder.clone()).config(config).build().unwrap();
    order_paid("1").envelope().emit_to(&pool).await.unwrap();
    let taken = recorder.taken().remove(0);
    assert_eq!(taken.format(), WireFormat::CloudEvents);
    assert_eq!(taken.metadata().source.as_deref(), Some("urn:service:orders"));
}

#[test]
fn rules_by_type_need_no_names() {
    let pool = pool().producer(Recorder::new("a")).route_event::<OrderPaid>("a").build().unwrap();
    assert_eq!(routed(&pool, "OrderPaid"), [("a".to_owned(), Rule::PayloadType)]);
}

#[test]
fn explain_says_why_and_why_not() {
    let (pool, _) = three(|pool| {
        pool.route_packs("a", ["Orders"]).route_types("b", ["?"]).route_types("c", ["UserJoined"])
    });
    let verdicts = |payload_type: &str| -> Vec<Verdict> {
        pool.explain(payload_type).producers.into_iter().map(|producer| producer.verdict).collect()
    };
    let pack = Rule::Pack("Orders");
    assert_eq!(
        verdicts("OrderPaid"),
        [Verdict::Takes(pack), Verdict::Matched { by: "a".into(), rule: pack }, Verdict::NotListed]
    );
    assert_eq!(
        verdicts("foreign"),
        [Verdict::NotListed, Verdict::Takes(Rule::Unmatched), Verdict::NotListed]
    );
    assert!(pool.explain("OrderPaid").known);
    assert!(!pool.explain("foreign").known);
}

/// What one producer lists, chosen at random.
#[derive(Clone, Debug)]
struct Listed {
    types: Vec<&'static str>,
    packs: Vec<&'static str>,
}

fn listed() -> impl Strategy<Value = Listed> {
    let types =
        prop::sample::subsequence(vec!["OrderPaid", "OrderShipped", "UserJoined", "OtpSent", "*", "?"], 0..6);
    let packs = prop::sample::subsequence(vec!["Orders", "Users"], 0..=2);
    (types, packs).prop_map(|(types, packs)| Listed { types, packs })
}

/// The rules in one sentence each, by the design's words.
fn expected(all: &[Listed], payload_type: &str) -> BTreeSet<usize> {
    let pack = match payload_type {
        "OrderPaid" | "OrderShipped" => "Orders",
        "UserJoined" | "OtpSent" => "Users",
        _ => "none",
    };
    let named = |listed: &Listed| listed.types.contains(&payload_type) || listed.packs.contains(&pack);
    let anyone_named = all.iter().any(named);
    let takes = |listed: &Listed| {
        named(listed) || listed.types.contains(&"*") || (listed.types.contains(&"?") && !anyone_named)
    };
    (0..all.len()).filter(|index| takes(&all[*index])).collect()
}

proptest! {
    #[test]
    fn every_event_goes_where_the_rules_say_and_nowhere_twice(all in prop::collection::vec(listed(), 1..5)) {
        let mut builder = pool();
        for (index, listed) in all.iter().enumerate() {
            let id = index.to_string();
            builder = builder.producer(Recorder::new(&id));
            if !listed.types.is_empty() {
                builder = builder.route_types(&id, listed.types.iter().copied());
            }
            if !listed.packs.is_empty() {
                builder = builder.route_packs(&id, listed.packs.iter().copied());
            }
        }
        let idle = all.iter().any(|listed| listed.types.is_empty() && listed.packs.is_empty());
        let pool = match builder.build() {
            Ok(pool) => pool,
            Err(error) => {
                prop_assert!(idle);
                prop_assert!(error.problems().iter().all(|problem| problem.kind() == PoolProblemKind::NoRules));
                return Ok(());
            }
        };
        for payload_type in ["OrderPaid", "OrderShipped", "UserJoined", "OtpSent", "foreign"] {
            let route = pool.route(payload_type);
            let producers: BTreeSet<usize> = route.iter().map(|route| route.producer.parse().unwrap()).collect();
            prop_assert_eq!(route.len(), producers.len());
            prop_assert_eq!(producers, expected(&all, payload_type));
        }
    }
}
