//! A table of boxed async handlers by payload type.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use foldhash::fast::RandomState;

type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;
type Handler<T> = Box<dyn Fn(T) -> Boxed + Send + Sync>;

pub struct Dispatch<T> {
    table: HashMap<String, Handler<T>, RandomState>,
}

impl<T> Dispatch<T> {
    pub fn new(handlers: impl IntoIterator<Item = (String, Handler<T>)>) -> Self {
        Self { table: handlers.into_iter().collect() }
    }

    pub async fn handle(&self, payload_type: impl Fn(&T) -> &str, message: T) {
        match self.table.get(payload_type(&message)) {
            Some(handler) => handler(message).await,
            None => panic!("no handler of this payload type"),
        }
    }
}

pub fn async_handler<T: Send + 'static>(handle: fn(T)) -> Handler<T> {
    Box::new(move |message| Box::pin(async move { handle(message) }))
}
