//! What becomes of deliveries, change by change.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use tokio::sync::Notify;

use super::*;
use crate::delivery::{Attributes, Lease};
use crate::envelope::{Message, Metadata, PayloadText, WireFormat};

const LIMITS: Limits = Limits {
    batch: 4,
    max_messages: 8,
    max_bytes: 100,
    concurrency: 2,
    max_lease: Duration::from_secs(100),
    max_release_delay: Duration::from_secs(50),
};

struct Fixture {
    in_flight: InFlight,
    cancellation: Cancellation,
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Fixture {
    fn new() -> Self {
        Self::with_limits(LIMITS)
    }

    fn with_limits(limits: Limits) -> Self {
        let in_flight = InFlight::new(limits, Settlements::new(Arc::new(Notify::new())));
        Self { in_flight, cancellation: Cancellation::ready() }
    }

    fn admit(&mut self, key: Option<&str>) {
        self.admit_bytes(key, 10);
    }

    fn admit_bytes(&mut self, key: Option<&str>, bytes: usize) {
        let message = Message::from_parts(
            Metadata::new("test", 1),
            ByteString::from_static("null"),
            PayloadText::Within(0..4),
            WireFormat::Native,
            None,
        );
        let job = Job {
            message: Ok(message),
            body: Bytes::new(),
            attributes: Attributes::new(),
            transport_id: String::new(),
            group: None,
            first_received_at: None,
            delayed_until: None,
            receive_count: 1,
            repeats: 0,
        };
        let arrival = Arrival { job, key: key.map(Key::from), lease: Lease::Numbers(0, 0), bytes };
        self.in_flight.admit(arrival, at(0), Some(at(30)), false);
    }

    fn start(&mut self) -> Option<DeliveryId> {
        self.start_job().map(|job| job.id)
    }

    fn start_job(&mut self) -> Option<Attempt> {
        self.in_flight.start_next(at(0), &self.cancellation)
    }

    fn decide(&mut self, attempt: &Attempt, verdict: Verdict, second: i64, draining: bool) -> bool {
        self.in_flight.decide(attempt.id, verdict, || at(second), draining).backs_off
    }

    fn settled(&mut self) -> Vec<(DeliveryId, SettleAction)> {
        std::iter::from_fn(|| self.in_flight.settlements.pop()).collect()
    }
}

#[test]
fn room_is_set_aside_for_full_batches_unless_a_worker_starves() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.in_flight.reserve(), Some(4));
    assert_eq!(fixture.in_flight.reserve(), Some(4));
    assert_eq!(fixture.in_flight.reserve(), None);
    fixture.in_flight.unreserve(8);
    (0..7).for_each(|_| fixture.admit(None));
    assert_eq!(fixture.in_flight.reserve(), None, "one place is no batch, and work is ready");
    let jobs: Vec<Attempt> = std::iter::from_fn(|| fixture.start_job()).collect();
    assert_eq!(fixture.in_flight.reserve(), None, "both workers are busy");
    for job in jobs {
        fixture.decide(&job, Verdict::Remove, 0, false);
    }
    assert_eq!(fixture.in_flight.reserve(), Some(1), "a worker has nothing to do");
}

#[test]
fn bytes_are_bounded_and_one_large_message_still_passes() {
    let mut fixture = Fixture::new();
    (0..3).for_each(|_| fixture.admit_bytes(None, 40));

    assert_eq!(fixture.in_flight.reserve(), None);
    (0..3).for_each(|id| fixture.in_flight.held_mut().forget(id));
    assert_eq!(fixture.in_flight.reserve(), Some(4));
}

#[test]
fn a_failure_without_a_key_goes_back_to_the_broker_within_its_limit() {
    let mut fixture = Fixture::new();
    fixture.admit(None);
    let job = fixture.start_job().unwrap();
    fixture.decide(&job, Verdict::Retry { after: seconds(80) }, 0, false);
    assert_eq!(fixture.settled(), [(0, SettleAction::Release { after: seconds(50) })]);
}

#[test]
fn a_failure_with_a_key_is_tried_again_here_before_the_rest_of_its_key() {
    let mut fixture = Fixture::new();
    (0..2).for_each(|_| fixture.admit(Some("a")));
    let job = fixture.start_job().unwrap();
    fixture.decide(&job, Verdict::Retry { after: seconds(5) }, 0, false);
    assert_eq!((fixture.start(), fixture.settled()), (None, vec![]));
    assert_eq!(fixture.in_flight.wake(at(4)), Some(at(5)));
    fixture.in_flight.wake(at(5));
    let job = fixture.start_job().unwrap();
    assert_eq!((job.id, job.number), (0, 2));
    fixture.decide(&job, Verdict::Remove, 5, false);
    assert_eq!(fixture.start(), Some(1));
}

#[test]
fn waiting_that_was_no_attempt_is_not_counted() {
    let mut fixture = Fixture::new();
    fixture.admit(Some("a"));
    let job = fixture.start_job().unwrap();
    fixture.decide(&job, Verdict::Defer { after: seconds(5) }, 0, false);
    fixture.in_flight.wake(at(5));
    assert_eq!(fixture.start_job().unwrap().number, 1);
}

#[test]
fn a_backoff_beyond_the_lease_cap_gives_the_whole_key_back_in_order() {
    let mut fixture = Fixture::new();
    (0..3).for_each(|_| fixture.admit(Some("a")));
    let job = fixture.start_job().unwrap();
    fixture.decide(&job, Verdict::Retry { after: seconds(101) }, 0, false);
    let after = seconds(50);
    let expected = [
        (0, SettleAction::Release { after }),
        (1, SettleAction::HandBack { after }),
        (2, SettleAction::HandBack { after }),
    ];
    assert_eq!(fixture.settled(), expected);
    fixture.admit(Some("a"));
    assert_eq!(fixture.start(), Some(3), "the key is free again");
}

#[test]
fn keys_that_back_off_never_fill_the_consumer() {
    let mut fixture = Fixture::new();
    (0..5).for_each(|_| fixture.admit(Some("a")));
    let job = fixture.start_job().unwrap();
    fixture.decide(&job, Verdict::Retry { after: seconds(1) }, 0, false);
    assert_eq!(fixture.settled().len(), 5, "five of eight is more than half");
}

#[test]
fn what_arrives_for_a_key_that_backs_off_is_given_back_with_it_and_does_not_overtake_it() {
    let mut fixture = Fixture::new();
    fixture.admit(Some("a"));
    let job = fixture.start_job().unwrap();
    fixture.decide(&job, Verdict::Retry { after: seconds(5) }, 0, false);
    (0..6).for_each(|_| fixture.admit(Some("a")));
    fixture.in_flight.release_overfull(at(1));
    let after = seconds(4);
    let mut expected = vec![(0, SettleAction::Release { after })];
    expected.extend((1..7).map(|id| (id, SettleAction::HandBack { after })));
    assert_eq!((fixture.settled(), fixture.start()), (expected, None));
}

#[test]
fn a_lost_lease_takes_the_rest_of_its_key_with_it() {
    let mut fixture = Fixture::new();
    (0..2).for_each(|_| fixture.admit(Some("a")));
    fixture.admit(Some("b"));
    assert!(fixture.in_flight.lose(0).is_some());
    assert!(fixture.in_flight.lose(0).is_none(), "told once");
    assert_eq!(fixture.start(), Some(2));
    assert_eq!(fixture.settled(), [(1, SettleAction::HandBack { after: seconds(0) })]);
    assert_eq!(fixture.in_flight.held().get(0).map(|holding| holding.phase), None);
}

#[test]
fn leases_are_extended_up_to_the_cap_and_then_their_keys_given_back() {
    let mut fixture = Fixture::new();
    (0..2).for_each(|_| fixture.admit(Some("a")));
    fixture.start();
    assert_eq!(
        fixture.in_flight.held_mut().begin_extensions(at(30), at(100)).len(),
        0,
        "30 is not before 30"
    );
    assert_eq!(fixture.in_flight.held_mut().begin_extensions(at(31), at(101)).len(), 0, "beyond the cap");
    assert_eq!(fixture.in_flight.held_mut().begin_extensions(at(31), at(100)).len(), 2);
    assert_eq!(fixture.in_flight.held_mut().begin_extensions(at(31), at(100)).len(), 0, "on their way");
    (0..2).for_each(|id| fixture.in_flight.extension_ended(id, None));
    fixture.in_flight.release_capped(at(30), at(101), at(29));
    assert_eq!(fixture.settled(), [], "their lease goes on for a while");
    fixture.in_flight.release_capped(at(31), at(101), at(29));
    assert_eq!(fixture.settled(), [(1, SettleAction::HandBack { after: seconds(0) })]);
    fixture.in_flight.extension_ended(0, Some(at(60)));
    assert_eq!(fixture.in_flight.held().next_lease_end(), Some(at(30)));
    assert_eq!(fixture.in_flight.held().leases_ended(at(59)), [1]);
    assert_eq!(fixture.in_flight.held().leases_ended(at(60)).len(), 2);
}

#[test]
fn at_the_cap_nothing_that_waits_burns_its_receive() {
    let mut fixture = Fixture::new();
    fixture.admit(None);
    (0..2).for_each(|_| fixture.admit(Some("a")));
    fixture.in_flight.release_capped(at(31), at(101), at(29));
    let handed_back = SettleAction::HandBack { after: seconds(0) };
    assert_eq!(fixture.settled(), [0, 1, 2].map(|id| (id, handed_back)));
    assert_eq!(fixture.start(), None);
    fixture.admit(Some("a"));
    assert_eq!(fixture.start(), Some(3), "the key is free again");
}

#[test]
fn nothing_starts_after_its_lease_has_ended_unnoticed() {
    let mut fixture = Fixture::new();
    (0..2).for_each(|_| fixture.admit(Some("a")));
    assert!(fixture.in_flight.start_next(at(30), &Cancellation::ready()).is_none());
    assert_eq!(fixture.in_flight.held().leases_ended(at(30)), [1], "the first has left");
}

#[test]
fn what_is_released_is_not_extended_and_what_is_removed_is() {
    let mut fixture = Fixture::new();
    (0..2).for_each(|_| fixture.admit(None));
    for verdict in [Verdict::Retry { after: seconds(5) }, Verdict::Remove] {
        let job = fixture.start_job().unwrap();
        fixture.decide(&job, verdict, 0, false);
    }
    let extended: Vec<_> =
        fixture.in_flight.held_mut().begin_extensions(at(31), at(60)).into_iter().map(|(id, _)| id).collect();
    assert_eq!(extended, [1]);
}

#[test]
fn an_extension_on_its_way_overtakes_no_release() {
    let mut fixture = Fixture::new();
    (0..3).for_each(|_| fixture.admit(None));
    assert_eq!(fixture.in_flight.held_mut().begin_extensions(at(31), at(60)).len(), 3);
    let after = seconds(5);
    for verdict in [Verdict::Retry { after }, Verdict::Remove, Verdict::Defer { after }] {
        let job = fixture.start_job().unwrap();
        fixture.decide(&job, verdict, 0, false);
    }
    assert_eq!(fixture.settled(), [(1, SettleAction::Remove)], "nothing comes back that is removed");
    fixture.in_flight.extension_ended(0, Some(at(60)));
    assert_eq!(fixture.settled(), [(0, SettleAction::Release { after })]);
    fixture.in_flight.lose(2);
    assert_eq!(fixture.settled(), [(2, SettleAction::HandBack { after })], "nothing can keep it any more");
}

#[test]
fn a_handler_that_ends_after_it_was_cut_off_settles_nothing_twice() {
    let mut fixture = Fixture::new();
    fixture.admit(None);
    let job = fixture.start_job().unwrap();
    fixture.in_flight.release_running();
    fixture.decide(&job, Verdict::Remove, 0, true);
    assert_eq!(fixture.settled(), [(0, SettleAction::Release { after: seconds(0) })]);
}

#[test]
fn a_drain_gives_back_what_waits_and_releases_what_backs_off() {
    let mut fixture = Fixture::new();
    (0..2).for_each(|_| fixture.admit(Some("a")));
    fixture.admit(None);
    let failing = fixture.start_job().unwrap();
    fixture.decide(&failing, Verdict::Retry { after: seconds(5) }, 0, false);
    fixture.in_flight.hand_back_waiting(at(1));
    let expected = [
        (2, SettleAction::HandBack { after: seconds(0) }),
        (0, SettleAction::Release { after: seconds(4) }),
        (1, SettleAction::HandBack { after: seconds(0) }),
    ];
    assert_eq!(fixture.settled(), expected);
    assert_eq!(fixture.in_flight.release_running(), 0);
}

#[test]
fn a_handler_that_is_cut_off_releases_its_message() {
    let mut fixture = Fixture::new();
    fixture.admit(None);
    fixture.start();
    assert_eq!(fixture.in_flight.held().running_signals().len(), 1);
    assert_eq!(fixture.in_flight.release_running(), 1);
    assert_eq!(fixture.settled(), [(0, SettleAction::Release { after: seconds(0) })]);
}

/// What comes again at once when it is given back.
const AT_ONCE: Limits = Limits { max_release_delay: Duration::ZERO, ..LIMITS };

#[test]
fn what_its_source_would_hand_out_again_at_once_waits_here() {
    let mut fixture = Fixture::with_limits(AT_ONCE);
    (0..8).for_each(|_| fixture.admit(None));
    for id in 0..8 {
        let job = fixture.start_job().unwrap();
        let after = seconds(5 + id);
        let verdict = if id == 0 { Verdict::Retry { after } } else { Verdict::Defer { after } };
        assert!(fixture.decide(&job, verdict, 0, false));
    }
    assert_eq!((fixture.settled(), fixture.start()), (vec![], None));
    assert_eq!(fixture.in_flight.reserve(), None, "nothing is received while all room waits");
    assert_eq!(fixture.in_flight.wake(at(4)), Some(at(5)));
    assert_eq!(fixture.in_flight.wake(at(6)), Some(at(7)));
    let attempts: Vec<_> =
        std::iter::from_fn(|| fixture.start_job()).map(|job| (job.id, job.number)).collect();
    assert_eq!(attempts, [(0, 2), (1, 1)], "an attempt counts, a deferral does not");
    fixture.in_flight.release_capped(at(31), at(101), at(29));
    let handed_back = SettleAction::HandBack { after: seconds(0) };
    assert_eq!(fixture.settled(), [2, 3, 4, 5, 6, 7].map(|id| (id, handed_back)), "leases have their end");
}

#[test]
fn a_drain_gives_back_what_waits_without_a_key() {
    let mut fixture = Fixture::with_limits(AT_ONCE);
    (0..2).for_each(|_| fixture.admit(None));
    let job = fixture.start_job().unwrap();
    fixture.decide(&job, Verdict::Defer { after: seconds(5) }, 0, false);
    fixture.in_flight.hand_back_waiting(at(1));
    let job = [1, 0].map(|id| (id, SettleAction::HandBack { after: seconds(0) }));
    assert_eq!(fixture.settled(), job, "in no time, as the source can't keep it");
}

#[test]
fn deferring_for_no_time_keeps_no_thread_busy() {
    for (limits, key) in [(AT_ONCE, None), (AT_ONCE, Some("a")), (LIMITS, Some("a"))] {
        let mut fixture = Fixture::with_limits(limits);
        fixture.admit(key);
        let job = fixture.start_job().unwrap();
        assert!(fixture.decide(&job, Verdict::Defer { after: seconds(0) }, 0, false));
        assert_eq!(fixture.in_flight.wake(at(0)), Some(after(at(0), LEAST_WAIT)));
        assert_eq!(fixture.start(), None);
    }
}

#[test]
fn a_deferral_beyond_the_lease_cap_waits_for_the_cap_where_its_source_keeps_nothing_back() {
    for key in [None, Some("a")] {
        let mut fixture = Fixture::with_limits(AT_ONCE);
        fixture.admit(key);
        let job = fixture.start_job().unwrap();
        assert!(fixture.decide(&job, Verdict::Defer { after: seconds(1_000) }, 0, false));
        assert_eq!(fixture.in_flight.wake(at(0)), Some(at(100)));
    }
}
