//! What the tests of emitting, routing and forwarding share: events, packs, and a producer that records and fails
//! on demand.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use event_runtime::event::{DecodeError, EventDescriptor, Validate, ValidationError, Validator};
use event_runtime::transport::{KeylessGroup, ProduceError, ProduceErrorKind, ProducerCapabilities};
use event_runtime::{Codec, Event, Message, Metadata, PackDescriptor, Producer, Registered};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// An event written out by hand: emitting needs no derive.
macro_rules! event {
    ($name:ident, $pack:literal $(, $key:literal)?) => {
        #[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
        pub struct $name {
            pub id: String,
        }

        impl Validate for $name {
            fn validate_into(&self, validator: &mut Validator) {
                if self.id.is_empty() {
                    validator.report(ValidationError::new("required"));
                }
            }
        }

        impl Event for $name {
            const PAYLOAD_TYPE: &'static str = stringify!($name);
            const DESCRIPTOR: &'static EventDescriptor =
                &EventDescriptor::of::<Self>(stringify!($name), "an event of the tests")$(.key($key))?;

            fn ordering_key(&self) -> Option<String> {
                let key: &[&str] = &[$($key)?];
                key.first().map(|_| self.id.clone())
            }

            fn from_json(_: u32, _: &str) -> Result<Self, DecodeError> {
                unreachable!("these tests emit")
            }
        }

        impl Registered for $name {
            const PACK: &'static str = $pack;
        }
    };
}

event!(OrderPaid, "Orders", "id");
event!(OrderShipped, "Orders", "id");
event!(UserJoined, "Users", "id");
event!(OtpSent, "Users");

// The events that the source design's configuration names.
event!(GenericPushNotificationEvent, "NotificationMessagePack", "id");
event!(CampaignPushNotificationEvent, "NotificationMessagePack", "id");
event!(WalletSubscriptionCreatedEvent, "PaymentsMessagePack", "id");

pub static NOTIFICATION: PackDescriptor = PackDescriptor {
    name: "NotificationMessagePack",
    description: "",
    events: &[GenericPushNotificationEvent::DESCRIPTOR, CampaignPushNotificationEvent::DESCRIPTOR],
};

pub static PAYMENTS: PackDescriptor = PackDescriptor {
    name: "PaymentsMessagePack",
    description: "",
    events: &[WalletSubscriptionCreatedEvent::DESCRIPTOR],
};

pub static ORDERS: PackDescriptor = PackDescriptor {
    name: "Orders",
    description: "",
    events: &[OrderPaid::DESCRIPTOR, OrderShipped::DESCRIPTOR],
};

pub static USERS: PackDescriptor =
    PackDescriptor { name: "Users", description: "", events: &[UserJoined::DESCRIPTOR, OtpSent::DESCRIPTOR] };

pub fn packs() -> [&'static PackDescriptor; 2] {
    [&ORDERS, &USERS]
}

pub fn order_paid(id: &str) -> OrderPaid {
    OrderPaid { id: id.into() }
}

/// A message as a foreign service would send it.
pub fn message(payload_type: &str, id: &str) -> Message {
    let mut metadata = Metadata::new(payload_type.to_owned(), 1);
    metadata.id = id.into();
    Codec::Native.encode_raw(metadata, r#"{ "kept" : "as it is" }"#, None).unwrap()
}

/// What a [`Recorder`] does with the next message.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    Error(ProduceErrorKind),
    Panic,
    /// Answers a whole batch with no results.
    Silence,
}

/// A producer that keeps what it took, in order.
#[derive(Clone)]
pub struct Recorder {
    id: String,
    capabilities: ProducerCapabilities,
    shared: Arc<Shared>,
}

struct Shared {
    taken: Mutex<Vec<Message>>,
    tried: Mutex<Vec<String>>,
    batches: Mutex<Vec<usize>>,
    faults: Mutex<VecDeque<Fault>>,
    /// One permit a message; a held recorder has none.
    gate: Semaphore,
}

impl Recorder {
    pub fn new(id: &str) -> Self {
        let shared = Shared {
            taken: Mutex::default(),
            tried: Mutex::default(),
            batches: Mutex::default(),
            faults: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        };
        Self { id: id.into(), capabilities: ProducerCapabilities::default(), shared: Arc::new(shared) }
    }

    /// One that keeps the order, as a FIFO queue does.
    pub fn ordered(id: &str, keyless: Option<KeylessGroup>) -> Self {
        Self { capabilities: ProducerCapabilities { ordered: true, keyless }, ..Self::new(id) }
    }

    /// Lets no message through until it is released.
    pub fn held(self) -> Self {
        self.shared.gate.forget_permits(Semaphore::MAX_PERMITS);
        self
    }

    pub fn release(&self, messages: usize) {
        self.shared.gate.add_permits(messages);
    }

    /// The next messages meet these faults, one each; later ones are taken.
    pub fn with_faults(self, faults: impl IntoIterator<Item = Fault>) -> Self {
        self.shared.faults.lock().unwrap().extend(faults);
        self
    }

    pub fn taken(&self) -> Vec<Message> {
        self.shared.taken.lock().unwrap().clone()
    }

    pub fn taken_ids(&self) -> Vec<String> {
        self.taken().iter().map(|message| message.metadata().id.to_string()).collect()
    }

    /// The ids of all messages that it was given, taken or not.
    pub fn tried_ids(&self) -> Vec<String> {
        self.shared.tried.lock().unwrap().clone()
    }

    /// The sizes of the batches that it was given.
    pub fn batches(&self) -> Vec<usize> {
        self.shared.batches.lock().unwrap().clone()
    }

    fn next_fault(&self) -> Option<Fault> {
        self.shared.faults.lock().unwrap().pop_front()
    }
}

impl Producer for Recorder {
    fn id(&self) -> &str {
        &self.id
    }

    fn capabilities(&self) -> ProducerCapabilities {
        self.capabilities
    }

    async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
        self.shared.tried.lock().unwrap().push(message.metadata().id.to_string());
        self.shared.gate.acquire().await.unwrap().forget();
        match self.next_fault() {
            None | Some(Fault::Silence) => {
                self.shared.taken.lock().unwrap().push(message.clone());
                Ok(())
            }
            Some(Fault::Error(kind)) => Err(ProduceError::new(kind, "on purpose")),
            Some(Fault::Panic) => panic!("on purpose"),
        }
    }

    async fn produce_batch(&self, messages: &[Message]) -> Vec<Result<(), ProduceError>> {
        self.shared.batches.lock().unwrap().push(messages.len());
        let silent = matches!(self.shared.faults.lock().unwrap().front(), Some(Fault::Silence));
        if silent {
            self.next_fault();
            return Vec::new();
        }
        let mut results = Vec::new();
        for message in messages {
            results.push(self.produce(message).await);
        }
        results
    }
}
