//! An event, and a broker that can be told to fail.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use event_runtime::ProducersPool;
use event_runtime::prelude::*;
use event_runtime::transport::{ProduceError, ProduceErrorKind, Producer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{Database, Outbox};

/// An order was placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Event)]
#[event(key = customer)]
pub(crate) struct OrderPlaced {
    #[validate(required)]
    pub(crate) customer: String,
    pub(crate) number: u64,
}

message_pack! {
    /// The shop.
    pub(crate) Shop<OrderPlaced>
}

pub(crate) fn order(customer: &str, number: u64) -> Envelope<OrderPlaced> {
    OrderPlaced::new(customer.into(), number).envelope()
}

/// Takes messages, remembers them, and fails as it is told.
#[derive(Clone)]
pub(crate) struct TestBroker(Arc<State>);

struct State {
    id: &'static str,
    taken: Mutex<Vec<Message>>,
    count: watch::Sender<usize>,
    /// By the order's number; `None` = every message.
    failures: Mutex<HashMap<Option<u64>, ProduceErrorKind>>,
    hangs: watch::Sender<bool>,
    tried: watch::Sender<usize>,
}

impl TestBroker {
    pub(crate) fn new(id: &'static str) -> Self {
        Self(Arc::new(State {
            id,
            taken: Mutex::default(),
            count: watch::Sender::new(0),
            failures: Mutex::default(),
            hangs: watch::Sender::new(false),
            tried: watch::Sender::new(0),
        }))
    }

    /// A pool in which every one of `brokers` gets every event.
    pub(crate) fn pool(brokers: &[Self]) -> ProducersPool {
        let mut pool = ProducersPool::builder("test").pack::<Shop>();
        for broker in brokers {
            pool = pool.producer(broker.clone()).route_types(broker.0.id, ["*"]);
        }
        pool.build().unwrap()
    }

    pub(crate) fn fail(&self, number: impl Into<Option<u64>>, kind: ProduceErrorKind) {
        self.0.failures.lock().unwrap().insert(number.into(), kind);
    }

    pub(crate) fn recover(&self) {
        self.0.hangs.send_replace(false);
        self.0.failures.lock().unwrap().clear();
    }

    /// From now on, a call ends when the broker recovers.
    pub(crate) fn hang(&self) {
        self.0.hangs.send_replace(true);
    }

    pub(crate) fn orders(&self) -> Vec<(String, u64)> {
        let orders = self.0.taken.lock().unwrap();
        orders
            .iter()
            .map(|message| message.decode::<OrderPlaced>().unwrap())
            .map(|order| (order.customer, order.number))
            .collect()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.orders().into_iter().map(|(_, number)| number).collect()
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.0.taken.lock().unwrap().clone()
    }

    /// Completes when so many messages were taken.
    pub(crate) async fn took(&self, count: usize) {
        let mut taken = self.0.count.subscribe();
        let wait = taken.wait_for(|taken| *taken >= count);
        tokio::time::timeout(std::time::Duration::from_secs(60), wait)
            .await
            .expect("the broker waits in vain")
            .unwrap();
    }

    /// Completes when so many were tried, taken or not.
    pub(crate) async fn was_tried(&self, count: usize) {
        let mut tried = self.0.tried.subscribe();
        let wait = tried.wait_for(|tried| *tried >= count);
        tokio::time::timeout(std::time::Duration::from_secs(60), wait)
            .await
            .expect("the broker waits in vain")
            .unwrap();
    }

    pub(crate) fn tries(&self) -> usize {
        *self.0.tried.borrow()
    }
}

impl Producer for TestBroker {
    fn id(&self) -> &str {
        self.0.id
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        self.0.tried.send_modify(|tried| *tried += 1);
        self.0.hangs.subscribe().wait_for(|hangs| !hangs).await.unwrap();
        let number = message.decode::<OrderPlaced>().ok().map(|order| order.number);
        let failure = {
            let failures = self.0.failures.lock().unwrap();
            failures.get(&number).or_else(|| failures.get(&None)).copied()
        };
        if let Some(kind) = failure {
            return Err(ProduceError::new(kind, "as it was told"));
        }
        self.0.taken.lock().unwrap().push(message.clone());
        self.0.count.send_modify(|count| *count += 1);
        Ok(())
    }
}

/// One transaction that writes these orders.
pub(crate) async fn write<Db: Database>(
    pool: &sqlx::Pool<Db>,
    outbox: &Outbox,
    orders: impl IntoIterator<Item = Envelope<OrderPlaced>>,
) {
    let mut transaction = pool.begin().await.unwrap();
    outbox.emit_batch(&mut transaction, orders).await.unwrap();
    transaction.commit().await.unwrap();
}
