//! Random requests against a queue and against a model of it that is too simple to be wrong.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use event_runtime::embedded::{
    Deletion, QueueCounts, QueueError, QueueErrorKind, QueueSettings, Receipt, SentMessage,
};
use event_tests::Folder;
use event_transport_sqlite::{SqliteBroker, SqliteError, SqliteQueue, Synchronous};

#[derive(Clone, Debug)]
enum Step {
    Send { group: u8, delay: u64 },
    Receive { max: usize, timeout: u64 },
    Delete { which: usize },
    ChangeVisibility { which: usize, timeout: u64 },
    HandBack { which: usize, after: u64 },
    Advance { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8, prop_oneof![3 => Just(0), 1 => 1..20_u64])
            .prop_map(|(group, delay)| Step::Send { group, delay }),
        4 => (1..=10_usize, prop_oneof![1 => Just(0), 4 => 1..20_u64])
            .prop_map(|(max, timeout)| Step::Receive { max, timeout }),
        3 => (0..100_usize).prop_map(|which| Step::Delete { which }),
        2 => (0..100_usize, 0..20_u64).prop_map(|(which, timeout)| Step::ChangeVisibility { which, timeout }),
        1 => (0..100_usize, 0..20_u64).prop_map(|(which, after)| Step::HandBack { which, after }),
        2 => (0..15_u64).prop_map(|seconds| Step::Advance { seconds }),
    ]
}

/// A message of the model: the number that is its body, and when it becomes visible.
#[derive(Debug)]
struct Modelled {
    number: usize,
    group: u8,
    visible_at: u64,
    in_flight: bool,
    receive_count: u32,
    receipt: Option<Receipt>,
}

#[derive(Debug, Default)]
struct Model {
    fifo: bool,
    now: u64,
    messages: Vec<Modelled>,
}

impl Model {
    /// Numbers of the messages that a receive may return, in each group's order.
    fn receivable(&self) -> BTreeMap<u8, Vec<usize>> {
        let mut groups: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        let mut blocked = Vec::new();
        for message in &self.messages {
            if message.visible_at > self.now {
                blocked.push(message.group);
            } else if !self.fifo || !blocked.contains(&message.group) {
                groups.entry(message.group).or_default().push(message.number);
            }
        }
        groups
    }

    /// What the holder of a receipt may do: `None` where the message is gone or was received again.
    fn held(&mut self, receipt: Receipt) -> Option<&mut Modelled> {
        self.messages.iter_mut().find(|message| message.receipt == Some(receipt))
    }
}

fn number(message: &ReceivedMessage) -> usize {
    std::str::from_utf8(message.body()).unwrap().parse().unwrap()
}

/// A queue that is held against the model.
trait Modellable {
    fn send(&self, message: OutgoingMessage) -> Result<SentMessage, QueueError>;
    fn receive(&self, request: &ReceiveRequest) -> Result<Vec<ReceivedMessage>, QueueError>;
    fn delete(&self, receipt: Receipt) -> Result<Deletion, QueueError>;
    fn change_visibility(&self, receipt: Receipt, timeout: Duration) -> Result<(), QueueError>;
    fn hand_back(&self, receipt: Receipt, after: Duration) -> Result<(), QueueError>;
    fn counts(&self) -> Result<QueueCounts, QueueError>;
}

impl Modellable for Queue {
    fn send(&self, message: OutgoingMessage) -> Result<SentMessage, QueueError> {
        self.try_send(message)
    }

    fn receive(&self, request: &ReceiveRequest) -> Result<Vec<ReceivedMessage>, QueueError> {
        self.try_receive(request)
    }

    fn delete(&self, receipt: Receipt) -> Result<Deletion, QueueError> {
        Queue::delete(self, receipt)
    }

    fn change_visibility(&self, receipt: Receipt, timeout: Duration) -> Result<(), QueueError> {
        Queue::change_visibility(self, receipt, timeout)
    }

    fn hand_back(&self, receipt: Receipt, after: Duration) -> Result<(), QueueError> {
        Queue::hand_back(self, receipt, after)
    }

    fn counts(&self) -> Result<QueueCounts, QueueError> {
        Queue::counts(self)
    }
}

/// A queue of a SQLite file, asked one request after the other.
struct Durable {
    queue: SqliteQueue,
    runtime: tokio::runtime::Runtime,
}

impl Durable {
    fn ask<T>(&self, request: impl Future<Output = Result<T, SqliteError>>) -> Result<T, QueueError> {
        let answer = self.runtime.block_on(request);
        answer.map_err(|error| error.refusal().unwrap_or_else(|| panic!("{error:?}")).clone())
    }
}

impl Modellable for Durable {
    fn send(&self, message: OutgoingMessage) -> Result<SentMessage, QueueError> {
        self.ask(self.queue.try_send(message))
    }

    fn receive(&self, request: &ReceiveRequest) -> Result<Vec<ReceivedMessage>, QueueError> {
        self.ask(self.queue.try_receive(request))
    }

    fn delete(&self, receipt: Receipt) -> Result<Deletion, QueueError> {
        self.ask(self.queue.delete(receipt))
    }

    fn change_visibility(&self, receipt: Receipt, timeout: Duration) -> Result<(), QueueError> {
        self.ask(self.queue.change_visibility(receipt, timeout))
    }

    fn hand_back(&self, receipt: Receipt, after: Duration) -> Result<(), QueueError> {
        self.ask(self.queue.hand_back(receipt, after))
    }

    fn counts(&self) -> Result<QueueCounts, QueueError> {
        self.ask(self.queue.counts())
    }
}

fn setup(fifo: bool) -> (&'static str, QueueSettings) {
    if fifo { ("q.fifo", QueueSettings::fifo()) } else { ("q", QueueSettings::new()) }
}

fn run_in_memory(fifo: bool, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (broker, clock) = broker();
    let (name, settings) = setup(fifo);
    run(&broker.create_queue(name, settings).unwrap(), &clock, fifo, steps)
}

fn run_in_a_file(fifo: bool, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let (folder, clock) = (Folder::new(), ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let builder = SqliteBroker::builder(folder.path().join("queues.db")).clock(clock.clock());
    let broker = builder.synchronous(Synchronous::Off).open().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (name, settings) = setup(fifo);
    let queue = runtime.block_on(broker.create_queue(name, settings)).unwrap();
    run(&Durable { queue, runtime }, &clock, fifo, steps)
}

fn run(
    queue: &impl Modellable,
    clock: &ManualClock,
    fifo: bool,
    steps: Vec<Step>,
) -> Result<(), TestCaseError> {
    let mut model = Model { fifo, ..Model::default() };
    let mut receipts: Vec<Receipt> = Vec::new();
    for (index, step) in steps.into_iter().enumerate() {
        let now = model.now;
        match step {
            Step::Send { group, delay } => {
                let delay = if fifo { 0 } else { delay };
                let outgoing = ordered(&group.to_string(), &index.to_string()).with_delay(seconds(delay));
                let outgoing = if fifo {
                    outgoing
                } else {
                    message(index.to_string()).with_group(group.to_string()).with_delay(seconds(delay))
                };
                queue.send(outgoing).unwrap();
                model.messages.push(Modelled {
                    number: index,
                    group,
                    visible_at: now + delay,
                    in_flight: false,
                    receive_count: 0,
                    receipt: None,
                });
            }
            Step::Receive { max, timeout } => {
                let request = ReceiveRequest::new().max(max).visibility_timeout(seconds(timeout));
                let received = queue.receive(&request).unwrap();
                let mut receivable = model.receivable();
                let total: usize = receivable.values().map(Vec::len).sum();
                prop_assert_eq!(received.len(), total.min(max));
                for message in &received {
                    let number = number(message);
                    let modelled =
                        model.messages.iter_mut().find(|modelled| modelled.number == number).unwrap();
                    let of_group = receivable.get_mut(&modelled.group).unwrap();
                    if fifo {
                        prop_assert_eq!(of_group.remove(0), number, "in the group's order");
                    } else {
                        let place = of_group.iter().position(|other| *other == number);
                        prop_assert!(place.is_some(), "{} is not visible, or came twice", number);
                        of_group.remove(place.unwrap());
                    }
                    modelled.visible_at = now + timeout;
                    modelled.in_flight = timeout > 0;
                    modelled.receive_count += 1;
                    modelled.receipt = Some(message.receipt());
                    prop_assert_eq!(message.receive_count(), modelled.receive_count);
                    receipts.push(message.receipt());
                }
            }
            Step::Delete { which } => {
                let Some(receipt) = pick(&receipts, which) else { continue };
                let result = queue.delete(receipt);
                match model.held(receipt) {
                    Some(held) if fifo && held.visible_at <= now => {
                        prop_assert_eq!(result.unwrap_err().kind(), QueueErrorKind::LeaseLost);
                    }
                    Some(held) => {
                        prop_assert_eq!(result, Ok(Deletion::Removed));
                        let number = held.number;
                        model.messages.retain(|message| message.number != number);
                    }
                    None => prop_assert_ne!(result, Ok(Deletion::Removed)),
                }
            }
            Step::ChangeVisibility { which, timeout } => {
                let Some(receipt) = pick(&receipts, which) else { continue };
                let result = queue.change_visibility(receipt, seconds(timeout));
                match model.held(receipt) {
                    Some(held) if !fifo || held.visible_at > now => {
                        prop_assert_eq!(result, Ok(()));
                        held.visible_at = now + timeout;
                        held.in_flight = timeout > 0;
                    }
                    _ => prop_assert_eq!(result.unwrap_err().kind(), QueueErrorKind::LeaseLost),
                }
            }
            Step::HandBack { which, after } => {
                let Some(receipt) = pick(&receipts, which) else { continue };
                let result = queue.hand_back(receipt, seconds(after));
                match model.held(receipt) {
                    Some(held) if !fifo || held.visible_at > now => {
                        prop_assert_eq!(result, Ok(()));
                        held.visible_at = now + after;
                        held.in_flight = after > 0;
                        held.receive_count -= 1;
                        held.receipt = None;
                    }
                    _ => prop_assert_eq!(result.unwrap_err().kind(), QueueErrorKind::LeaseLost),
                }
            }
            Step::Advance { seconds: passed } => {
                clock.advance(seconds(passed));
                model.now += passed;
            }
        }
        let counts = queue.counts().unwrap();
        let hidden = |message: &&Modelled| message.visible_at > model.now;
        let in_flight = model.messages.iter().filter(hidden).filter(|message| message.in_flight).count();
        let delayed = model.messages.iter().filter(hidden).count() - in_flight;
        prop_assert_eq!((counts.in_flight, counts.delayed), (in_flight, delayed));
        prop_assert_eq!(counts.visible, model.messages.len() - in_flight - delayed);
    }
    Ok(())
}

fn pick(receipts: &[Receipt], which: usize) -> Option<Receipt> {
    // The latest receipts are the ones that still mean something.
    let recent = &receipts[receipts.len().saturating_sub(12)..];
    (!recent.is_empty()).then(|| recent[which % recent.len()])
}

proptest! {
    #[test]
    fn a_standard_queue_does_what_its_model_does(steps in prop::collection::vec(step(), 1..120)) {
        run_in_memory(false, steps)?;
    }

    #[test]
    fn a_fifo_queue_does_what_its_model_does(steps in prop::collection::vec(step(), 1..120)) {
        run_in_memory(true, steps)?;
    }
}

proptest! {
    // A file each, and a thread hop a request.
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_durable_standard_queue_does_what_its_model_does(steps in prop::collection::vec(step(), 1..120)) {
        run_in_a_file(false, steps)?;
    }

    #[test]
    fn a_durable_fifo_queue_does_what_its_model_does(steps in prop::collection::vec(step(), 1..120)) {
        run_in_a_file(true, steps)?;
    }
}
