//! A source that does what a test tells it, for the faults that a real broker does not produce on demand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use event_runtime::delivery::{Attributes, Delivery, Lease, SettleAction, Settlement};
use event_runtime::transport::{
    DeadLetter, DeadLetterLimits, DeadLetterSink, ProduceError, ProduceErrorKind, SettleError, Source,
    SourceError, SourceInfo,
};
use tokio::sync::{Notify, watch};

/// Hands out what was queued, and records what was settled.
#[derive(Clone)]
pub struct FakeSource(Arc<Inner>);

struct Inner {
    info: SourceInfo,
    state: Mutex<State>,
    arrived: Notify,
    settled: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Result<Vec<Delivery>, SourceError>>,
    next_number: u64,
    asked: Vec<usize>,
    settle_faults: VecDeque<Fault>,
    settlements: Vec<(u64, SettleAction)>,
    extensions: Vec<u64>,
    lost: Vec<u64>,
    stuck: Vec<u64>,
    extends_for_ever: bool,
    panics: Vec<Call>,
    finished: bool,
}

/// A call that a source can be told to panic in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Receive,
    Settle,
    Extend,
}

/// What happens to one settle call.
#[derive(Clone, Copy)]
pub enum Fault {
    /// Every entry fails for now.
    Transient,
    /// The reply lacks every entry.
    NoReply,
    /// The reply holds more entries than there were settlements.
    LongReply,
    /// Every lease is gone.
    LeaseLost,
}

pub fn info() -> SourceInfo {
    SourceInfo {
        name: "orders".into(),
        ordered: false,
        lease: Some(Duration::from_secs(40)),
        max_lease: None,
        max_release_delay: Duration::from_secs(43_200),
        max_batch: 10,
        cancel_safe: false,
        redrive: None,
    }
}

/// A body that decodes: `{"id": …, "payload_type": "test", "payload": {}}`.
pub fn body(id: &str) -> Bytes {
    format!(r#"{{"id":"{id}","payload_type":"test","occurred_at":"2026-01-01T00:00:00Z","payload":{{}}}}"#)
        .into()
}

impl FakeSource {
    pub fn new(info: SourceInfo) -> Self {
        let inner =
            Inner { info, state: Mutex::default(), arrived: Notify::new(), settled: watch::Sender::new(0) };
        Self(Arc::new(inner))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// Queues an answer with these deliveries, numbered from 0 on.
    pub fn deliver(&self, deliveries: impl IntoIterator<Item = Delivery>) {
        let mut state = self.state();
        let mut batch: Vec<Delivery> = deliveries.into_iter().collect();
        for delivery in &mut batch {
            delivery.lease = Lease::Numbers(state.next_number, 0);
            state.next_number += 1;
        }
        state.answers.push_back(Ok(batch));
        drop(state);
        self.0.arrived.notify_one();
    }

    pub fn fail(&self, error: SourceError) {
        self.state().answers.push_back(Err(error));
        self.0.arrived.notify_one();
    }

    /// From now on every receive that finds nothing answers at once, as a long poll does when its time is over.
    pub fn finish(&self) {
        self.state().finished = true;
        self.0.arrived.notify_one();
    }

    pub fn fault_settle(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state().settle_faults.extend(faults);
    }

    /// Every later extension of this delivery fails: its lease is gone.
    pub fn lose(&self, number: u64) {
        self.state().lost.push(number);
    }

    /// From now on no call to extend leases comes back.
    pub fn extend_for_ever(&self) {
        self.state().extends_for_ever = true;
    }

    /// From now on every settlement of this delivery fails for now.
    pub fn stick(&self, number: u64) {
        self.state().stuck.push(number);
    }

    /// The next call of this kind panics.
    pub fn panic_in(&self, call: Call) {
        self.state().panics.push(call);
        self.0.arrived.notify_one();
    }

    /// Whether every panic asked for has happened.
    pub fn has_panicked(&self) -> bool {
        self.state().panics.is_empty()
    }

    fn panic_if_told(&self, call: Call) {
        let told = {
            let mut state = self.state();
            let told = state.panics.iter().position(|panics| *panics == call);
            told.map(|index| state.panics.remove(index))
        };
        assert!(told.is_none(), "a source's own mistake in {call:?}");
    }

    /// What was settled so far, once there are at least `count`.
    pub async fn settlements(&self, count: usize) -> Vec<(u64, SettleAction)> {
        let mut settled = self.0.settled.subscribe();
        settled.wait_for(|settled| *settled >= count).await.unwrap();
        self.state().settlements.clone()
    }

    pub fn settled(&self) -> Vec<(u64, SettleAction)> {
        self.state().settlements.clone()
    }

    pub fn extensions(&self) -> Vec<u64> {
        self.state().extensions.clone()
    }

    /// How many messages each receive asked for.
    pub fn asked(&self) -> Vec<usize> {
        self.state().asked.clone()
    }
}

pub fn delivery(body: impl Into<Bytes>) -> Delivery {
    Delivery {
        body: body.into(),
        attributes: Attributes::new(),
        transport_id: "transport-id".into(),
        group: None,
        receive_count: Some(1),
        sent_at: None,
        first_received_at: None,
        lease: Lease::Numbers(0, 0),
    }
}

fn number(lease: &Lease) -> u64 {
    match lease {
        Lease::Numbers(number, _) => *number,
        Lease::Text(_) => unreachable!("this source hands out numbers"),
    }
}

impl Source for FakeSource {
    async fn describe(&self) -> Result<SourceInfo, SourceError> {
        Ok(self.0.info.clone())
    }

    async fn receive(&self, max: usize, _: Duration) -> Result<Vec<Delivery>, SourceError> {
        self.state().asked.push(max);
        loop {
            let arrived = self.0.arrived.notified();
            self.panic_if_told(Call::Receive);
            let (answer, finished) = {
                let mut state = self.state();
                (state.answers.pop_front(), state.finished)
            };
            match answer {
                Some(answer) => return answer,
                None if finished => {
                    tokio::task::yield_now().await;
                    return Ok(Vec::new());
                }
                None => arrived.await,
            }
        }
    }

    async fn settle(&self, batch: &[Settlement]) -> Vec<Result<(), SettleError>> {
        self.panic_if_told(Call::Settle);
        let mut state = self.state();
        let fault = state.settle_faults.pop_front();
        match fault {
            Some(Fault::Transient) => {
                return batch.iter().map(|_| Err(SettleError::Transient("try again".into()))).collect();
            }
            Some(Fault::NoReply) => return Vec::new(),
            Some(Fault::LeaseLost) => {
                return batch.iter().map(|_| Err(SettleError::LeaseLost("gone".into()))).collect();
            }
            Some(Fault::LongReply) | None => {}
        }
        let mut results = Vec::new();
        for settlement in batch {
            let number = number(&settlement.lease);
            if state.stuck.contains(&number) {
                results.push(Err(SettleError::Transient("try again".into())));
            } else {
                state.settlements.push((number, settlement.action));
                results.push(Ok(()));
            }
        }
        if let Some(Fault::LongReply) = fault {
            results.push(Err(SettleError::Transient("for whom?".into())));
        }
        let count = state.settlements.len();
        drop(state);
        self.0.settled.send_replace(count);
        results
    }

    async fn extend(&self, leases: &[Lease], _: Duration) -> Vec<Result<(), SettleError>> {
        self.panic_if_told(Call::Extend);
        if self.state().extends_for_ever {
            std::future::pending::<()>().await;
        }
        let mut state = self.state();
        let mut results = Vec::new();
        for lease in leases {
            let number = number(lease);
            if state.lost.contains(&number) {
                results.push(Err(SettleError::LeaseLost("gone".into())));
            } else {
                state.extensions.push(number);
                results.push(Ok(()));
            }
        }
        results
    }
}

/// Keeps dead letters in memory, or refuses them.
#[derive(Clone, Default)]
pub struct Letters(Arc<Mutex<(Vec<DeadLetter>, u32)>>);

impl Letters {
    pub fn refuse_next(&self, count: u32) {
        self.0.lock().unwrap().1 = count;
    }

    pub fn all(&self) -> Vec<DeadLetter> {
        self.0.lock().unwrap().0.clone()
    }

    /// The records, as JSON.
    pub fn records(&self) -> Vec<serde_json::Value> {
        self.all()
            .into_iter()
            .map(|letter| event_runtime::consumer::unwrap(letter.body, letter.attributes).record.unwrap())
            .collect()
    }
}

impl DeadLetterSink for Letters {
    fn name(&self) -> &str {
        "orders-dead"
    }

    fn limits(&self) -> DeadLetterLimits {
        DeadLetterLimits { max_bytes: 1 << 20, max_attributes: 10 }
    }

    async fn store(&self, letter: DeadLetter) -> Result<(), ProduceError> {
        let mut letters = self.0.lock().unwrap();
        if letters.1 > 0 {
            letters.1 -= 1;
            return Err(ProduceError::new(ProduceErrorKind::Unavailable, "no connection"));
        }
        letters.0.push(letter);
        Ok(())
    }
}
