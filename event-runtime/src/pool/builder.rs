//! Building a pool: producers, rules, packs, and what it does in the background.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::codec::Codec;
use crate::consumer::Backoff;
use crate::event::Registered;
use crate::factory::{MessagePack, PackDescriptor, Packs};
use crate::pool::background::{Background, Settings};
use crate::pool::check::{Check, Written};
use crate::pool::deliver::Member;
use crate::pool::producers::{Core, ProducersPool};
use crate::pool::routes::{Catalogue, Routes};
use crate::pool::{EmitError, PoolError, ProducerPoolConfig, SchemaIds};
use crate::transport::{DynProducer, Producer};

/// How many messages the background queue holds unless [`ProducersPoolBuilder::async_capacity`] says otherwise.
const ASYNC_CAPACITY: usize = 1024;

/// How often the background queue tries a message unless [`ProducersPoolBuilder::async_attempts`] says otherwise.
const ASYNC_ATTEMPTS: u32 = 5;

/// The delays between those attempts.
const ASYNC_BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), max: Duration::from_secs(30) };

/// Builds a [`ProducersPool`]; see [`ProducersPool::builder`].
#[must_use]
pub struct ProducersPoolBuilder {
    id: String,
    members: Vec<Member>,
    known: Packs,
    external: Vec<String>,
    types: Written,
    packs: Written,
    codec: Codec,
    schema_ids: SchemaIds,
    clock: Clock,
    settings: Settings,
}

impl ProducersPoolBuilder {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            members: Vec::new(),
            known: Packs::default(),
            external: Vec::new(),
            types: Vec::new(),
            packs: Vec::new(),
            codec: Codec::default(),
            schema_ids: SchemaIds::default(),
            clock: Clock::system(),
            settings: Settings {
                capacity: ASYNC_CAPACITY,
                attempts: ASYNC_ATTEMPTS,
                backoff: ASYNC_BACKOFF,
                hook: Arc::new(log),
            },
        }
    }

    /// Adds packs: the events that rules may name. A pack that is added twice counts once.
    pub fn packs(mut self, packs: impl IntoIterator<Item = &'static PackDescriptor>) -> Self {
        self.known = self.known.and(packs);
        self
    }

    /// Adds one pack by its type.
    pub fn pack<P: MessagePack>(self) -> Self {
        self.packs([P::DESCRIPTOR])
    }

    /// Adds payload types that rules may name although no pack lists them: what is forwarded only.
    pub fn external_payload_types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.external.extend(types.into_iter().map(Into::into));
        self
    }

    /// Adds a producer.
    pub fn producer(self, producer: impl Producer) -> Self {
        self.shared_producers([Arc::new(producer) as Arc<dyn DynProducer>])
    }

    /// Adds producers that others may use too.
    pub fn shared_producers(mut self, producers: impl IntoIterator<Item = Arc<dyn DynProducer>>) -> Self {
        self.members.extend(producers.into_iter().map(Member::new));
        self
    }

    /// Sends payload types to a producer; `*` stands for every type, `?` for those that no type or pack rule matches.
    pub fn route_types<T: Into<String>>(
        mut self,
        producer: impl Into<String>,
        types: impl IntoIterator<Item = T>,
    ) -> Self {
        self.types.push((producer.into(), types.into_iter().map(Into::into).collect()));
        self
    }

    /// Sends every event of the named packs to a producer.
    pub fn route_packs<T: Into<String>>(
        mut self,
        producer: impl Into<String>,
        packs: impl IntoIterator<Item = T>,
    ) -> Self {
        self.packs.push((producer.into(), packs.into_iter().map(Into::into).collect()));
        self
    }

    /// Sends the event `E` to a producer.
    pub fn route_event<E: Registered>(self, producer: impl Into<String>) -> Self {
        self.route_types(producer, [E::PAYLOAD_TYPE])
    }

    /// Adds the pack `P` and sends every event of it to a producer.
    pub fn route_pack<P: MessagePack>(self, producer: impl Into<String>) -> Self {
        self.pack::<P>().route_packs(producer, [P::NAME])
    }

    /// Takes the pool's id, its rules and, where it is set, its format from configuration; rules that are there
    /// already stay.
    pub fn config(mut self, config: ProducerPoolConfig) -> Self {
        if let Some(format) = config.codec {
            self.codec = Codec::new(format, config.service.as_deref().unwrap_or(&config.producer_pool_id));
        }
        self.id = config.producer_pool_id;
        self.types.extend(config.supported_payload_types);
        self.packs.extend(config.supported_packs);
        self.external_payload_types(config.external_payload_types)
    }

    /// The format of what the pool emits; the native one unless set.
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// The ids of events' schemas in a registry: each event that has one travels with it in a header. None unless set.
    pub fn schema_ids(mut self, ids: SchemaIds) -> Self {
        self.schema_ids = ids;
        self
    }

    /// The clock that the background queue waits by; the system's unless set.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// How many messages the background queue of `emit_async` holds, those being sent included; 1024 unless set, and
    /// at least 1.
    pub fn async_capacity(mut self, messages: usize) -> Self {
        self.settings.capacity = messages.max(1);
        self
    }

    /// How often the background queue tries a message in all (5 unless set, at least 1) and how long it waits in
    /// between (a base of 100 ms and at most 30 s unless set).
    pub fn async_attempts(mut self, attempts: u32, backoff: Backoff) -> Self {
        self.settings.attempts = attempts.max(1);
        self.settings.backoff = backoff;
        self
    }

    /// Called with every message that the background queue has given up; the error holds it. Without a hook such
    /// messages are logged as errors, by id and payload type.
    pub fn on_async_failure(mut self, hook: impl Fn(EmitError) + Send + Sync + 'static) -> Self {
        self.settings.hook = Arc::new(hook);
        self
    }

    /// Checks everything and builds the pool.
    ///
    /// # Errors
    /// Every problem of the set-up at once; see [`PoolProblemKind`](crate::pool::PoolProblemKind).
    pub fn build(self) -> Result<ProducersPool, PoolError> {
        let catalogue = Catalogue::new(&self.known, &self.external);
        let mut check = Check { members: &self.members, catalogue: &catalogue, problems: Vec::new() };
        check.packs(&self.known);
        check.producers();
        let wants = check.rules(&self.types, &self.packs);
        let routes = Routes::new(&catalogue, &wants);
        check.keys(&routes);
        let problems = check.problems;
        if !problems.is_empty() {
            return Err(PoolError::new(&self.id, problems));
        }
        let Self { id, members, codec, schema_ids, clock, settings, .. } = self;
        let core = Arc::new(Core { id: id.into(), members, wants, routes, codec, schema_ids, clock });
        Ok(ProducersPool::new(core.clone(), Background::new(core, settings)))
    }
}

/// The hook of a pool that has none.
fn log(error: EmitError) {
    let id = error.message().map(|message| &*message.metadata().id);
    tracing::error!(id, %error, "event given up by the background queue");
}
