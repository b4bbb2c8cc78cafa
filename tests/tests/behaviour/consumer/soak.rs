//! A few thousand messages under random faults, with consumers that are killed and restarted: none lost, none
//! removed unhandled, first successes in order inside every key.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::consumer::{Consumer, ConsumerSettings};
use event_runtime::delivery::{Delivery, Lease, Settlement};
use event_runtime::embedded::EmbeddedSource;
use event_runtime::transport::{SettleError, Source, SourceError, SourceErrorKind, SourceInfo};
use event_runtime::{HandlerError, Message};

use super::advancing;
use super::embedded::{Queues, event, settings};

const KEYS: usize = 12;
const CONSUMERS: usize = 3;

/// A small generator, so that a failing seed can be run again.
#[derive(Clone)]
struct Dice(Arc<Mutex<u64>>);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)))
    }

    fn below(&self, bound: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state % bound
    }

    fn percent(&self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// An embedded queue behind a network that loses calls and replies.
struct Faulty(EmbeddedSource, Dice);

impl Source for Faulty {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        self.0.describe().await
    }

    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<Delivery>, SourceError> {
        let lost = || SourceError::new(SourceErrorKind::Unavailable, "the network is down");
        if self.1.percent(3) {
            return Err(lost());
        }
        let received = self.0.receive(max, wait).await?;
        if self.1.percent(2) { Err(lost()) } else { Ok(received) }
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        if self.1.percent(5) {
            return Vec::new();
        }
        let results = self.0.settle(batch).await;
        if self.1.percent(5) { Vec::new() } else { results }
    }

    async fn extend(&self, leases: &[Lease], lease: Duration) -> Vec<Result<(), SettleError>> {
        if self.1.percent(20) {
            return Vec::new();
        }
        self.0.extend(leases, lease).await
    }
}

/// What became of each message so far.
#[derive(Default)]
struct Ledger {
    succeeded: BTreeMap<usize, Vec<usize>>,
    seen: BTreeSet<usize>,
    refused: BTreeSet<usize>,
}

async fn soak(fifo: bool, seed: u64, messages: usize) {
    let (queues, dice) = (Queues::new(fifo, 1_000), Dice::new(seed));
    for number in 0..messages {
        queues.send(&event(&number.to_string(), &(number % KEYS).to_string())).await;
    }
    let ledger: Arc<Mutex<Ledger>> = Arc::default();
    let lives = (0..CONSUMERS).map(|_| live(&queues, &dice, &ledger));
    let mut all: Vec<_> = lives.map(Box::pin).collect();
    let together = std::future::poll_fn(|context| {
        all.retain_mut(|life| life.as_mut().poll(context).is_pending());
        if all.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    });
    advancing(&queues.clock, together).await;

    let dead = queues.dead_letters();
    let ledger = ledger.lock().unwrap();
    let mut kept: BTreeSet<usize> = ledger.seen.clone();
    kept.extend(&ledger.refused);
    assert_eq!(kept.len(), messages, "seed {seed}: lost");
    assert!(ledger.refused.len() <= dead.len(), "seed {seed}: a dead letter is lost");
    for (key, order) in ledger.succeeded.iter().filter(|_| fifo) {
        // A dead letter unblocks its key; where its removal was lost, it comes again and may succeed later.
        let order: Vec<_> = order.iter().filter(|number| !ledger.refused.contains(number)).collect();
        assert!(order.is_sorted(), "seed {seed}: key {key}: {order:?}");
    }
}

/// One place for a consumer: it runs, is stopped or killed, and runs again until nothing is left.
async fn live(queues: &Queues, dice: &Dice, ledger: &Arc<Mutex<Ledger>>) {
    while !queues.is_empty() {
        let settings = ConsumerSettings {
            concurrency: 1 + dice.below(6) as usize,
            max_messages: 8 + dice.below(40) as usize,
            receivers: 1 + dice.below(2) as usize,
            max_lease: Duration::from_secs(60 + dice.below(600)),
            max_attempts: 900,
            wait: Duration::from_secs(dice.below(20)),
            ..settings()
        };
        let consumer = Consumer::new(Faulty(EmbeddedSource::new(queues.queue.clone()), dice.clone()))
            .with_clock(queues.clock.clock())
            .with_settings(settings);
        let life = queues.clock.clock().sleep(Duration::from_secs(1 + dice.below(120)));
        let handler = handler(queues, dice, ledger);
        if dice.percent(40) {
            tokio::select! {
                _ = consumer.run(handler, std::future::pending()) => {}
                () = life => {}
            }
        } else {
            consumer.run(handler, life).await.unwrap();
        }
    }
}

fn handler(
    queues: &Queues,
    dice: &Dice,
    ledger: &Arc<Mutex<Ledger>>,
) -> impl Fn(Message) -> event_runtime::transport::BoxFuture<'static, Result<(), HandlerError>>
+ Send
+ Sync
+ 'static {
    let (clock, dice, ledger) = (queues.clock.clock(), dice.clone(), ledger.clone());
    move |message: Message| {
        let (clock, dice, ledger) = (clock.clone(), dice.clone(), ledger.clone());
        Box::pin(async move {
            let number: usize = message.metadata().id.parse()?;
            if dice.percent(30) {
                clock.sleep(Duration::from_millis(dice.below(3_000))).await;
            }
            if dice.percent(2) {
                clock.sleep(Duration::from_secs(dice.below(200))).await;
            }
            match dice.below(100) {
                0..15 => Err(HandlerError::retry("not yet")),
                15..17 => panic!("a handler's own mistake"),
                17 => {
                    ledger.lock().unwrap().refused.insert(number);
                    Err(HandlerError::dead_letter("never"))
                }
                _ => {
                    let mut ledger = ledger.lock().unwrap();
                    if ledger.seen.insert(number) {
                        ledger.succeeded.entry(number % KEYS).or_default().push(number);
                    }
                    Ok(())
                }
            }
        })
    }
}

#[tokio::test]
async fn none_is_lost_and_keys_stay_in_order() {
    for seed in 0..4 {
        soak(true, seed, 1_000).await;
    }
}

#[tokio::test]
async fn none_is_lost_on_a_queue_without_order() {
    for seed in 10..12 {
        soak(false, seed, 1_500).await;
    }
}
