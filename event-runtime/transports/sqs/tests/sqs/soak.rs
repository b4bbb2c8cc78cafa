//! Many messages, faults, and processes that die: nothing is lost, nothing is acknowledged unhandled, and every key
//! is handled in order.
//!
//! `EVENT_SOAK_MESSAGES` says how many messages; 20,000 unless set.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Backoff, Consumer, ConsumerSettings};
use event_runtime::transport::Producer;
use event_runtime::{HandlerError, Message};
use event_transport_sqs::local::{Fault, FaultRule};
use event_transport_sqs::{ProducerSettings, SourceSettings, SqsProducer, SqsSource};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use super::fixture::message;
use super::served::{Kept, Served, attribute, in_flight, visible};

const PRODUCERS: usize = 4;
const CONSUMERS: usize = 3;
const KEYS_A_PRODUCER: usize = 25;
const BATCH: usize = 50;

/// The least life of a process, and how much longer it may be.
const LIFE: (u64, u64) = (300, 1_200);

/// How often a request meets a fault, over all faults.
const FAULT_RATE: f64 = 0.05;

/// What the handlers of all consumers saw.
#[derive(Default)]
struct Log {
    /// The successful handlings of each key, by number, in their order.
    handled: HashMap<String, Vec<u32>>,
    distinct: usize,
    handlings: usize,
}

struct Soak {
    endpoint: Served,
    queue: String,
    dead_letters: String,
    count: usize,
    log: Mutex<Log>,
    all_handled: Notify,
}

impl Soak {
    async fn new(kept: Kept, fifo: bool, count: usize) -> Arc<Self> {
        let endpoint = Served::new(kept).await;
        let suffix = if fifo { ".fifo" } else { "" };
        let mut attributes = if fifo { json!({ "FifoQueue": "true" }) } else { json!({}) };
        let dead_letters = endpoint.create(&format!("soak-dead{suffix}"), attributes.clone()).await;
        let arn = attribute(&endpoint, &dead_letters, "QueueArn").await;
        let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 1000 });
        attributes["RedrivePolicy"] = policy.to_string().into();
        attributes["VisibilityTimeout"] = "4".into();
        let queue = endpoint.create(&format!("soak{suffix}"), attributes).await;
        let faults = endpoint.faults();
        let kinds = [
            Fault::Throttle,
            Fault::InternalError,
            Fault::Reset,
            Fault::LostAnswer,
            Fault::PartialFailure,
            Fault::MissingEntries,
        ];
        for fault in kinds {
            faults.inject(FaultRule::new(fault).rate(FAULT_RATE / kinds.len() as f64));
        }
        Arc::new(Self {
            endpoint,
            queue,
            dead_letters,
            count,
            log: Mutex::default(),
            all_handled: Notify::new(),
        })
    }

    /// The messages of one producer, over its own keys.
    fn share(&self, producer: usize) -> Vec<Message> {
        let share = self.count / PRODUCERS;
        (0..share)
            .map(|n| {
                let key = format!("p{producer}k{}", n % KEYS_A_PRODUCER);
                message(&format!("{key}-{}", n / KEYS_A_PRODUCER), &key)
            })
            .collect()
    }

    fn note(&self, message: &Message) {
        let (key, number) = message.metadata().id.split_once('-').unwrap();
        let number: u32 = number.parse().unwrap();
        let mut log = self.log.lock().unwrap();
        log.handlings += 1;
        let numbers = log.handled.entry(key.to_owned()).or_default();
        let is_new = !numbers.contains(&number);
        numbers.push(number);
        log.distinct += usize::from(is_new);
        if log.distinct == self.count {
            self.all_handled.notify_waiters();
        }
    }
}

/// Sends a share, and is killed and started again at random: it goes on from what was confirmed.
async fn produce(soak: Arc<Soak>, producer: usize) {
    let messages = Arc::new(soak.share(producer));
    let confirmed = Arc::new(Mutex::new(0));
    while *confirmed.lock().unwrap() < messages.len() {
        let (soak, messages, confirmed) = (soak.clone(), messages.clone(), confirmed.clone());
        let process = AbortOnDropHandle::new(tokio::spawn(async move {
            let settings = ProducerSettings { max_attempts: 20, ..ProducerSettings::default() };
            let producer = SqsProducer::new("soak", soak.endpoint.client(), &*soak.queue, settings);
            loop {
                let from = *confirmed.lock().unwrap();
                let batch = &messages[from..messages.len().min(from + BATCH)];
                if batch.is_empty() {
                    return;
                }
                let results = producer.produce_batch(batch).await;
                let taken = results.iter().take_while(|result| result.is_ok()).count();
                // Not added: the process before may be in its last breath, and confirm the same batch.
                let mut confirmed = confirmed.lock().unwrap();
                *confirmed = (*confirmed).max(from + taken);
            }
        }));
        tokio::select! {
            _ = process => {}
            () = life() => {}
        }
    }
}

/// Consumes, and is killed and started again at random, until everything was handled.
async fn consume(soak: Arc<Soak>) {
    loop {
        let process = {
            let soak = soak.clone();
            AbortOnDropHandle::new(tokio::spawn(async move { run(soak).await }))
        };
        tokio::select! {
            _ = process => return,
            () = life() => {}
        }
    }
}

async fn run(soak: Arc<Soak>) {
    let settings = ConsumerSettings {
        wait: Duration::from_secs(1),
        max_messages: 100,
        receivers: 2,
        backoff: Backoff { base: Duration::from_millis(2), max: Duration::from_millis(20) },
        // Deaths count as receives: nothing is to be given up here.
        max_attempts: 900,
        ..ConsumerSettings::default()
    };
    let source = SqsSource::new(soak.endpoint.client(), &*soak.queue, SourceSettings::default());
    let consumer = Consumer::new(source).with_settings(settings);
    let done = soak.all_handled.notified();
    if soak.log.lock().unwrap().distinct == soak.count {
        return;
    }
    let handler = {
        let soak = soak.clone();
        move |message: Message| {
            let soak = soak.clone();
            async move {
                tokio::task::yield_now().await;
                if fastrand::f64() < FAULT_RATE {
                    return Err(HandlerError::retry("as ordered"));
                }
                soak.note(&message);
                Ok(())
            }
        }
    };
    // A describe that met a fault is a process that did not start.
    let _ = consumer.run(handler, done).await;
    if soak.log.lock().unwrap().distinct < soak.count {
        std::future::pending::<()>().await;
    }
}

async fn life() {
    tokio::time::sleep(Duration::from_millis(LIFE.0 + fastrand::u64(..LIFE.1))).await;
}

/// How many messages, a whole number for each key.
fn messages() -> usize {
    let count = std::env::var("EVENT_SOAK_MESSAGES").ok().and_then(|count| count.parse().ok());
    let unit = PRODUCERS * KEYS_A_PRODUCER;
    count.unwrap_or(20_000_usize).max(unit) / unit * unit
}

/// One of so many parts, a whole number for each key.
fn share(messages: usize, parts: usize) -> usize {
    messages.div_ceil(parts).next_multiple_of(PRODUCERS * KEYS_A_PRODUCER)
}

async fn soak(kept: Kept, fifo: bool, count: usize) -> Arc<Soak> {
    let soak = Soak::new(kept, fifo, count).await;
    let mut tasks = tokio::task::JoinSet::new();
    (0..PRODUCERS).for_each(|producer| drop(tasks.spawn(produce(soak.clone(), producer))));
    (0..CONSUMERS).for_each(|_| drop(tasks.spawn(consume(soak.clone()))));
    let limit = Duration::from_secs(120 + count as u64 / 50);
    let ended = tokio::time::timeout(limit, tasks.join_all()).await;
    soak.endpoint.faults().clear();
    let left = [visible(&soak.endpoint, &soak.queue).await, in_flight(&soak.endpoint, &soak.queue).await];
    let given_up = visible(&soak.endpoint, &soak.dead_letters).await;
    let log = soak.log.lock().unwrap();
    assert!(ended.is_ok(), "{} of {count} were handled within {limit:?}, and left: {left:?}", log.distinct);
    assert_eq!(log.distinct, count, "none is lost, and so none was acknowledged unhandled");
    assert_eq!(given_up, 0, "nothing was given up");
    println!(
        "{count} messages, {} handlings more than one each, {} faults, calls: {:?}",
        log.handlings - log.distinct,
        soak.endpoint.faults().injected(),
        soak.endpoint.calls()
    );
    drop(log);
    soak
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_faults_and_deaths_and_keys_stay_in_order() {
    let soak = soak(Kept::InMemory, true, messages()).await;
    first_handlings_are_in_order(&soak);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_over_queues_in_a_file_and_keys_stay_in_order() {
    let soak = soak(Kept::InAFile, true, share(messages(), 10)).await;
    first_handlings_are_in_order(&soak);
}

fn first_handlings_are_in_order(soak: &Soak) {
    for (key, numbers) in &soak.log.lock().unwrap().handled {
        let mut first = Vec::new();
        for number in numbers {
            if !first.contains(number) {
                first.push(*number);
            }
        }
        assert!(first.is_sorted(), "first handlings of {key} are in order: {numbers:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_on_a_standard_queue_either() {
    // Its semantics are the simpler part: a quarter is enough.
    soak(Kept::InMemory, false, share(messages(), 4)).await;
}
