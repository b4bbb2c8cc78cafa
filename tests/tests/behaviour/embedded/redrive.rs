//! Dead-letter queues that are full, gone, or in a circle.

use super::*;
use event_runtime::embedded::{QueueErrorKind, QueueSettings, RedriveAllowPolicy, RedrivePolicy};

/// A queue and its dead-letter queue.
pub(super) fn pair(broker: &Broker, fifo: bool, max_receive_count: u32) -> (Queue, Queue) {
    let (settings, suffix) = if fifo { (QueueSettings::fifo(), ".fifo") } else { (QueueSettings::new(), "") };
    let dead_letters = broker.create_queue(&format!("dead{suffix}"), settings.clone()).unwrap();
    let settings = settings.redrive(RedrivePolicy::new(dead_letters.name(), max_receive_count));
    (broker.create_queue(&format!("source{suffix}"), settings).unwrap(), dead_letters)
}

#[test]
fn a_full_dead_letter_queue_leaves_the_message_hidden_in_the_source() {
    let (broker, clock) = broker_with(Capacity::default().messages(1));
    let (source, dead_letters) = pair(&broker, false, 1);
    dead_letters.try_send(message("in the way")).unwrap();
    source.try_send(message("m")).unwrap();
    assert_eq!(look(&source).len(), 1);
    assert!(look(&source).is_empty());
    assert_eq!(source.counts().unwrap().in_flight, 1);
    assert_eq!(source.try_send(message("n")).unwrap_err().kind(), QueueErrorKind::QueueFull);
    let in_the_way = take(&dead_letters, 1);
    dead_letters.delete(in_the_way[0].receipt()).unwrap();
    clock.advance(seconds(30));
    assert!(look(&source).is_empty());
    assert_eq!(bodies(&take(&dead_letters, 1)), ["m"]);
    source.try_send(message("n")).unwrap();
}

#[test]
fn an_old_dead_letter_behind_a_younger_message_goes_when_it_is_the_oldest() {
    let (broker, clock) = broker();
    let dead_letters = broker.create_queue("dead", QueueSettings::new().retention(seconds(100))).unwrap();
    let settings = QueueSettings::new().redrive(RedrivePolicy::new("dead", 1));
    let source = broker.create_queue("source", settings).unwrap();
    source.try_send(message("old")).unwrap();
    assert_eq!(look(&source).len(), 1);
    clock.advance(seconds(50));
    dead_letters.try_send(message("young")).unwrap();
    let young = take(&dead_letters, 1);
    assert!(look(&source).is_empty(), "it has moved");
    clock.advance(seconds(60));
    assert_eq!(dead_letters.counts().unwrap().visible, 2, "nobody looks behind what is still young");
    dead_letters.delete(young[0].receipt()).unwrap();
    assert_eq!(dead_letters.counts().unwrap().visible, 0);
}

#[test]
fn without_its_dead_letter_queue_a_message_is_handed_out_on() {
    for fifo in [false, true] {
        let (broker, _) = broker();
        let (source, dead_letters) = pair(&broker, fifo, 1);
        for body in ["1", "2"] {
            source.try_send(if fifo { ordered("g", body) } else { message(body) }).unwrap();
        }
        broker.delete_queue(dead_letters.name()).unwrap();
        for count in 1..5 {
            let mut received = look(&source);
            received.sort_by_key(|message| message.body().clone());
            assert_eq!(bodies(&received), ["1", "2"]);
            assert_eq!(received[0].receive_count(), count);
        }
    }
}

#[test]
fn an_exhausted_message_frees_its_group_in_the_same_receive() {
    let (broker, _) = broker();
    let (source, dead_letters) = pair(&broker, true, 1);
    source.try_send(ordered("g", "1")).unwrap();
    assert_eq!(look(&source).len(), 1);
    source.try_send(ordered("g", "2")).unwrap();
    assert_eq!(bodies(&take(&source, 10)), ["2"]);
    let dead = take(&dead_letters, 10);
    assert_eq!(bodies(&dead), ["1"]);
    assert_eq!(dead[0].deduplication_id().unwrap(), &dead[0].id().to_string());
    assert_eq!(dead[0].receive_count(), 1, "counted anew");
}

#[test]
fn two_messages_of_one_deduplication_id_are_both_kept_as_dead_letters() {
    let (broker, _) = broker();
    let (source, dead_letters) = pair(&broker, true, 1);
    source
        .set_attributes(
            QueueSettings::new()
                .deduplication_scope(event_runtime::embedded::DeduplicationScope::MessageGroup),
        )
        .unwrap();
    for group in ["g", "h"] {
        source.try_send(message("m").with_group(group).with_deduplication_id("d")).unwrap();
    }
    assert_eq!(look(&source).len(), 2);
    assert!(look(&source).is_empty());
    assert_eq!(take(&dead_letters, 10).len(), 2);
}

#[test]
fn a_dead_letter_queue_says_who_may_use_it() {
    let (broker, _) = broker();
    let settings = QueueSettings::new().redrive_allow(RedriveAllowPolicy::ByQueue(vec!["friend".to_owned()]));
    broker.create_queue("dead", settings).unwrap();
    let with_policy = || QueueSettings::new().redrive(RedrivePolicy::new("dead", 3));
    let refused = broker.create_queue("stranger", with_policy()).unwrap_err();
    assert_eq!(refused.kind(), QueueErrorKind::InvalidParameterValue);
    broker.create_queue("friend", with_policy()).unwrap();
    assert_eq!(broker.dead_letter_source_queues("dead").unwrap(), ["friend"]);
    let own = broker.queue("dead").unwrap().set_attributes(with_policy()).unwrap_err();
    assert_eq!(own.kind(), QueueErrorKind::InvalidParameterValue);
    broker.queue("friend").unwrap().set_attributes(QueueSettings::new().without_redrive()).unwrap();
    assert!(broker.dead_letter_source_queues("dead").unwrap().is_empty());
}

#[test]
fn policies_in_a_circle_neither_deadlock_nor_lose_anything() {
    let broker = Broker::new();
    let a = broker.create_queue("a", QueueSettings::new()).unwrap();
    let settings = QueueSettings::new().redrive(RedrivePolicy::new("a", 1));
    let b = broker.create_queue("b", settings).unwrap();
    a.set_attributes(QueueSettings::new().redrive(RedrivePolicy::new("b", 1))).unwrap();
    for n in 0..100 {
        a.try_send(message(n.to_string())).unwrap();
    }
    std::thread::scope(|scope| {
        for queue in [&a, &b, &a, &b] {
            scope.spawn(move || {
                for _ in 0..500 {
                    look(queue);
                }
            });
        }
    });
    assert_eq!(a.counts().unwrap().visible + b.counts().unwrap().visible, 100);
}
