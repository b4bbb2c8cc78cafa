//! Message move tasks.

use super::*;
use event_runtime::embedded::{MoveStatus, QueueErrorKind, QueueSettings};

/// A source whose dead-letter queue holds this many messages of it.
fn dead_letters(broker: &Broker, fifo: bool, count: usize) -> (Queue, Queue) {
    let (source, dead_letters) = super::redrive::pair(broker, fifo, 1);
    for n in 0..count {
        let body = format!("m{n}");
        source.try_send(if fifo { ordered("g", &body) } else { message(body) }).unwrap();
    }
    while source.counts().unwrap().visible > 0 {
        look(&source);
    }
    assert_eq!(dead_letters.counts().unwrap().visible, count);
    (source, dead_letters)
}

#[test]
fn dead_letters_go_back_to_where_they_came_from_as_new_messages() {
    for fifo in [false, true] {
        let (broker, clock) = broker();
        let (source, dead) = dead_letters(&broker, fifo, 5);
        clock.advance(seconds(60));
        let in_flight = take(&dead, 1);
        dead.change_visibility(in_flight[0].receipt(), Duration::ZERO).unwrap();
        broker.start_message_move_task(dead.name(), None, None).unwrap();
        let received = take(&source, 10);
        assert_eq!(received.len(), 5);
        if fifo {
            assert_eq!(bodies(&received), ["m0", "m1", "m2", "m3", "m4"]);
        }
        assert!(
            received.iter().all(|message| message.receive_count() == 1 && message.sent_at() == clock.now())
        );
        assert!(received.iter().all(|message| message.id() != in_flight[0].id()));
        let tasks = broker.list_message_move_tasks(dead.name(), 10).unwrap();
        assert_eq!((tasks[0].status, tasks[0].moved, tasks[0].to_move), (MoveStatus::Completed, 5, 5));
    }
}

#[tokio::test]
async fn a_rate_is_kept_and_receives_that_wait_get_each_share() {
    let (broker, clock) = broker();
    let (source, dead) = dead_letters(&broker, false, 7);
    let waiting = tokio::spawn({
        let source = source.clone();
        async move {
            let mut shares = Vec::new();
            while shares.iter().sum::<usize>() < 7 {
                shares.push(source.receive(&long_poll()).await.unwrap().len());
            }
            shares
        }
    });
    settle().await;
    let handle = broker.start_message_move_task(dead.name(), Some("source"), Some(3)).unwrap();
    settle().await;
    assert_eq!(dead.counts().unwrap().visible, 4);
    let again = broker.start_message_move_task(dead.name(), None, None).unwrap_err();
    assert_eq!(again.kind(), QueueErrorKind::UnsupportedOperation);
    clock.advance(seconds(1));
    settle().await;
    clock.advance(seconds(1));
    assert_eq!(waiting.await.unwrap(), [3, 3, 1]);
    let ended = broker.cancel_message_move_task(&handle).unwrap_err();
    assert_eq!(ended.kind(), QueueErrorKind::UnsupportedOperation);
}

#[test]
fn a_cancelled_task_leaves_the_rest() {
    let (broker, clock) = broker();
    let (source, dead) = dead_letters(&broker, false, 5);
    let handle = broker.start_message_move_task(dead.name(), None, Some(2)).unwrap();
    assert_eq!(broker.cancel_message_move_task(&handle), Ok(2));
    clock.advance(seconds(60));
    assert_eq!((source.counts().unwrap().visible, dead.counts().unwrap().visible), (2, 3));
    let tasks = broker.list_message_move_tasks(dead.name(), 1).unwrap();
    assert_eq!(tasks[0].status, MoveStatus::Cancelled);
    let unknown = broker.cancel_message_move_task("nothing").unwrap_err();
    assert_eq!(unknown.kind(), QueueErrorKind::ResourceNotFound);
}

#[test]
fn a_message_of_unknown_origin_fails_the_task_and_stays() {
    let (broker, _) = broker();
    let (_, dead) = dead_letters(&broker, false, 0);
    dead.try_send(message("sent here directly")).unwrap();
    broker.start_message_move_task(dead.name(), None, None).unwrap();
    let task = broker.list_message_move_tasks(dead.name(), 1).unwrap().remove(0);
    assert_eq!(task.status, MoveStatus::Failed);
    assert_eq!(task.failure_reason.as_deref(), Some("CouldNotDetermineMessageSource"));
    assert_eq!(take(&dead, 1).len(), 1);
}

#[test]
fn a_full_destination_holds_the_task_up() {
    let (broker, _) = broker();
    let (source, dead) = dead_letters(&broker, false, 3);
    let narrow = QueueSettings::new().capacity(Capacity::default().messages(2));
    let narrow = broker.create_queue("narrow", narrow).unwrap();
    broker.start_message_move_task(dead.name(), Some("narrow"), None).unwrap();
    assert_eq!((narrow.counts().unwrap().visible, dead.counts().unwrap().visible), (2, 1));
    for received in take(&narrow, 10) {
        narrow.delete(received.receipt()).unwrap();
    }
    assert_eq!(take(&narrow, 10).len(), 1);
    assert_eq!(source.counts().unwrap().visible, 0);
}

#[test]
fn a_task_that_makes_no_sense_is_refused() {
    let (broker, _) = broker();
    let (_, dead) = dead_letters(&broker, false, 0);
    broker.create_queue("other.fifo", QueueSettings::fifo()).unwrap();
    let start = |source, destination, rate| {
        broker.start_message_move_task(source, destination, rate).unwrap_err().kind()
    };
    assert_eq!(start("nowhere", None, None), QueueErrorKind::ResourceNotFound);
    assert_eq!(start(dead.name(), Some("nowhere"), None), QueueErrorKind::ResourceNotFound);
    assert_eq!(start("source", None, None), QueueErrorKind::InvalidParameterValue);
    assert_eq!(start(dead.name(), Some(dead.name()), None), QueueErrorKind::InvalidParameterValue);
    assert_eq!(start(dead.name(), Some("other.fifo"), None), QueueErrorKind::InvalidParameterValue);
    assert_eq!(start(dead.name(), None, Some(0)), QueueErrorKind::InvalidParameterValue);
    assert_eq!(start(dead.name(), None, Some(501)), QueueErrorKind::InvalidParameterValue);
}
