//! Dead letters looked at, sent back and thrown away; nothing is removed before it is stored again.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use event_runtime::consumer::repair::{DeadLetters, LetterFilter, RepairErrorKind};
use event_runtime::delivery::attribute;
use event_runtime::embedded::{
    Broker, EmbeddedDeadLetters, EmbeddedSource, MessageAttribute, OutgoingMessage, Queue, QueueSettings,
    ReceiveRequest,
};
use event_runtime::transport::{DeadLetter, DeadLetterLimits, ProduceError, ProduceErrorKind};
use event_runtime::{Codec, DeadLetterSink, ManualClock, Metadata};
use serde_json::json;

struct Fixture {
    broker: Broker,
    clock: ManualClock,
}

impl Fixture {
    fn new() -> Self {
        let clock = ManualClock::new("2026-01-01T12:00:00Z".parse().unwrap());
        Self { broker: Broker::builder().clock(clock.clock()).build(), clock }
    }

    fn queue(&self, name: &str) -> Queue {
        let settings = if name.ends_with(".fifo") { QueueSettings::fifo() } else { QueueSettings::new() };
        self.broker.create_queue(name, settings).unwrap()
    }

    fn letters(&self, queue: &Queue) -> DeadLetters {
        DeadLetters::new(EmbeddedSource::new(queue.clone())).with_clock(self.clock.clock())
    }
}

/// A letter whose original is the event `id` of `payload_type`.
fn letter(id: &str, payload_type: &'static str, code: &str, failed_at: &str) -> OutgoingMessage {
    let mut metadata = Metadata::new(payload_type, 1);
    metadata.id = id.into();
    let body = Codec::Native.encode_raw(metadata, r#"{"n":1}"#, None).unwrap().body().to_string();
    let record = json!({
        "error": { "code": code, "message": "why" }, "attempts": 3, "failed_at": failed_at, "source": "orders",
    });
    OutgoingMessage::new(body)
        .with_attribute(MessageAttribute::string(attribute::PAYLOAD_TYPE, payload_type))
        .with_attribute(MessageAttribute::string(attribute::ID, id.to_owned()))
        .with_attribute(MessageAttribute::string(attribute::DEAD_LETTER, record.to_string()))
}

fn simple(id: &str) -> OutgoingMessage {
    letter(id, "OrderPaid", "TIMED_OUT", "2026-01-01T11:00:00Z")
}

fn visible(queue: &Queue) -> usize {
    queue.counts().unwrap().visible
}

#[tokio::test]
async fn a_look_leaves_everything_where_it_is() {
    let fixture = Fixture::new();
    let dead = fixture.queue("dead");
    for index in 0..25 {
        dead.try_send(simple(&format!("e{index}"))).unwrap();
    }
    let (letters, report) = fixture.letters(&dead).list().await.unwrap();
    assert_eq!((letters.len(), report.scanned, report.matched, report.moved), (25, 25, 25, 0));
    assert_eq!((visible(&dead), dead.counts().unwrap().in_flight), (25, 0));
    let first = &letters[0];
    assert_eq!((first.event_id(), first.code(), first.attempts()), (Some("e0"), Some("TIMED_OUT"), Some(3)));
    assert_eq!((first.reason(), first.source()), (Some("why"), Some("orders")));
}

#[tokio::test]
async fn filters_choose_by_type_code_age_and_id() {
    let fixture = Fixture::new();
    let dead = fixture.queue("dead");
    dead.try_send(letter("old", "OrderPaid", "TIMED_OUT", "2026-01-01T10:00:00Z")).unwrap();
    dead.try_send(letter("new", "OrderPaid", "TIMED_OUT", "2026-01-01T11:59:00Z")).unwrap();
    dead.try_send(letter("other", "ChatMessage", "DECODE_FAILED", "2026-01-01T10:00:00Z")).unwrap();
    let hour = Some(Duration::from_secs(3_600));
    let one = |text: &str| vec![text.to_owned()];
    for (filter, expected) in [
        (LetterFilter { payload_types: one("OrderPaid"), ..Default::default() }, vec!["old", "new"]),
        (LetterFilter { codes: one("DECODE_FAILED"), ..Default::default() }, vec!["other"]),
        (LetterFilter { older_than: hour, ..Default::default() }, vec!["old", "other"]),
        (LetterFilter { younger_than: hour, ..Default::default() }, vec!["new"]),
        (LetterFilter { ids: one("new"), ..Default::default() }, vec!["new"]),
        (LetterFilter { codes: one("TIMED_OUT"), older_than: hour, ..Default::default() }, vec!["old"]),
    ] {
        let (letters, _) = fixture.letters(&dead).with_filter(filter.clone()).list().await.unwrap();
        let found: Vec<_> = letters.iter().filter_map(|letter| letter.event_id()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn originals_go_back_one_hop_further_without_their_records() {
    let fixture = Fixture::new();
    let (dead, orders) = (fixture.queue("dead"), fixture.queue("orders"));
    dead.try_send(simple("e1")).unwrap();
    dead.try_send(letter("e2", "OrderPaid", "DECODE_FAILED", "2026-01-01T11:00:00Z")).unwrap();
    let letters = fixture.letters(&dead).of_code("TIMED_OUT");
    let report = letters.redrive(&EmbeddedDeadLetters::new(orders.clone())).await.unwrap();
    assert_eq!((report.scanned, report.moved), (2, 1));
    assert_eq!((visible(&dead), visible(&orders)), (1, 1));
    let back = orders.try_receive(&ReceiveRequest::new()).unwrap();
    let names: Vec<_> = back[0].attributes().iter().map(|attribute| attribute.name()).collect();
    assert!(names.contains(&attribute::HOPS) && !names.contains(&attribute::DEAD_LETTER), "{names:?}");
    let message = Codec::decode(back[0].body().clone()).unwrap();
    assert_eq!((&*message.metadata().id, message.payload()), ("e1", r#"{"n":1}"#));
}

#[tokio::test]
async fn a_fifo_queue_takes_a_second_redrive_of_one_event() {
    let fixture = Fixture::new();
    let (dead, orders) = (fixture.queue("dead.fifo"), fixture.queue("orders.fifo"));
    for round in 0..2 {
        let body = simple("e1").with_attribute(MessageAttribute::string(attribute::HOPS, round.to_string()));
        dead.try_send(body.with_group("g").with_deduplication_id(format!("dead:{round}"))).unwrap();
        let sink = EmbeddedDeadLetters::new(orders.clone());
        assert_eq!(fixture.letters(&dead).redrive(&sink).await.unwrap().moved, 1);
    }
    assert_eq!((visible(&dead), visible(&orders)), (0, 2));
    assert_eq!(orders.try_receive(&ReceiveRequest::new()).unwrap()[0].group().unwrap(), "g");
}

/// A destination that refuses some of what it gets.
struct Fussy {
    inner: EmbeddedDeadLetters,
    refused: &'static str,
    kind: ProduceErrorKind,
}

impl DeadLetterSink for Fussy {
    fn name(&self) -> &str {
        "fussy"
    }

    fn limits(&self) -> DeadLetterLimits {
        self.inner.limits()
    }

    async fn store(&self, letter: DeadLetter) -> Result<(), ProduceError> {
        if letter.attributes.get(attribute::ID) == Some(self.refused) {
            return Err(ProduceError::new(self.kind, "no"));
        }
        self.inner.store(letter).await
    }
}

#[tokio::test]
async fn a_letter_that_is_not_stored_stays_and_so_does_its_group() {
    let fixture = Fixture::new();
    let (dead, orders) = (fixture.queue("dead.fifo"), fixture.queue("orders.fifo"));
    for (id, group) in [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")] {
        dead.try_send(simple(id).with_group(group).with_deduplication_id(id)).unwrap();
    }
    let inner = EmbeddedDeadLetters::new(orders.clone());
    let sink = Fussy { inner, refused: "a2", kind: ProduceErrorKind::TooLarge };
    let report = fixture.letters(&dead).redrive(&sink).await.unwrap();
    assert_eq!((report.moved, report.failures.len(), report.waiting), (2, 1, 1));
    assert_eq!(report.failures[0].kind, ProduceErrorKind::TooLarge);
    assert_eq!((visible(&dead), visible(&orders), dead.counts().unwrap().in_flight), (2, 2, 0));
}

#[tokio::test]
async fn a_destination_that_is_gone_ends_the_walk_and_loses_nothing() {
    let fixture = Fixture::new();
    let (dead, orders) = (fixture.queue("dead"), fixture.queue("orders"));
    for id in ["e1", "e2", "e3"] {
        dead.try_send(simple(id)).unwrap();
    }
    let inner = EmbeddedDeadLetters::new(orders.clone());
    let sink = Fussy { inner, refused: "e2", kind: ProduceErrorKind::NotFound };
    let error = fixture.letters(&dead).redrive(&sink).await.unwrap_err();
    assert_eq!((error.kind(), error.report().moved), (RepairErrorKind::Destination, 1));
    assert_eq!((visible(&dead), visible(&orders), dead.counts().unwrap().in_flight), (2, 1, 0));
}

#[tokio::test]
async fn a_slow_pace_keeps_its_leases() {
    let fixture = Fixture::new();
    let (dead, orders) = (fixture.queue("dead"), fixture.queue("orders"));
    for id in ["e1", "e2", "e3"] {
        dead.try_send(simple(id)).unwrap();
    }
    // 50 s a letter, and a lease lasts 30 s.
    let letters = fixture.letters(&dead).at_most_per_second(0.02);
    let destination = EmbeddedDeadLetters::new(orders.clone());
    let walk = tokio::spawn(async move { letters.redrive(&destination).await });
    let mut seconds = 0;
    while !walk.is_finished() {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        fixture.clock.advance(Duration::from_secs(1));
        seconds += 1;
        assert!(seconds < 1_000, "the walk does not end");
    }
    let report = walk.await.unwrap().unwrap();
    assert_eq!((report.moved, report.left_behind), (3, 0));
    assert_eq!((visible(&dead), visible(&orders)), (0, 3));
    assert!(seconds >= 100, "two intervals of 50 s took {seconds} s");
}

#[tokio::test]
async fn a_break_and_a_limit_end_the_walk_in_good_order() {
    let fixture = Fixture::new();
    let (dead, orders) = (fixture.queue("dead"), fixture.queue("orders"));
    for index in 0..8 {
        dead.try_send(simple(&format!("e{index}"))).unwrap();
    }
    let sink = EmbeddedDeadLetters::new(orders.clone());
    assert_eq!(fixture.letters(&dead).at_most(2).redrive(&sink).await.unwrap().moved, 2);
    let looked_at = AtomicUsize::new(0);
    let letters =
        fixture.letters(&dead).on_progress(move |_| match looked_at.fetch_add(1, Ordering::Relaxed) {
            2 => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
    assert_eq!(letters.redrive(&sink).await.unwrap().moved, 3);
    assert_eq!((visible(&dead), visible(&orders), dead.counts().unwrap().in_flight), (3, 5, 0));
}

#[tokio::test]
async fn discarding_removes_what_is_meant_and_nothing_else() {
    let fixture = Fixture::new();
    let dead = fixture.queue("dead");
    dead.try_send(simple("e1")).unwrap();
    dead.try_send(letter("e2", "OrderPaid", "DECODE_FAILED", "2026-01-01T11:00:00Z")).unwrap();
    let report = fixture.letters(&dead).of_code("DECODE_FAILED").discard().await.unwrap();
    assert_eq!((report.moved, visible(&dead)), (1, 1));
    let (left, _) = fixture.letters(&dead).list().await.unwrap();
    assert_eq!(left[0].event_id(), Some("e1"));
}

#[tokio::test]
async fn what_is_no_event_can_be_sent_back_too() {
    let fixture = Fixture::new();
    let (dead, orders) = (fixture.queue("dead"), fixture.queue("orders"));
    dead.try_send(OutgoingMessage::new("not json")).unwrap();
    let (letters, _) = fixture.letters(&dead).list().await.unwrap();
    assert_eq!((letters[0].payload_type(), letters[0].code()), (None, None));
    fixture.letters(&dead).redrive(&EmbeddedDeadLetters::new(orders.clone())).await.unwrap();
    assert_eq!(orders.try_receive(&ReceiveRequest::new()).unwrap()[0].body(), "not json");
}
