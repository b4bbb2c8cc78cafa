//! The pool itself: one emitter over several producers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::codec::Codec;
use crate::envelope::Message;
use crate::pool::background::Background;
use crate::pool::deliver::{Delivered, Member, Parcel, deliver, deliver_batch};
use crate::pool::explain::{Explanation, explain};
use crate::pool::routes::{Route, Routes, Wants};
use crate::pool::{
    EmitError, EmitErrorKind, EmitErrors, Emitter, ProducersPoolBuilder, Remaining, SchemaIds, telemetry,
};
use crate::transport::{DynProducer, ProduceError, ProduceErrorKind};

/// Several producers, and the rules that say which of them take which event.
///
/// A producer takes a payload type when it lists the type, or a pack that the event stands in, or `*`; or when it
/// lists `?` and no producer lists the type or its pack. It gets an event at most once. Cloning is cheap, and clones
/// are the same pool.
///
/// ```
/// use event_runtime::pool::ProducersPool;
/// use event_runtime::transport::{ProduceError, Producer};
/// use event_runtime::Message;
///
/// struct Printer;
///
/// impl Producer for Printer {
///     fn id(&self) -> &str {
///         "printer"
///     }
///     async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
///         println!("{}", message.body());
///         Ok(())
///     }
/// }
///
/// let pool = ProducersPool::builder("main").producer(Printer).route_types("printer", ["*"]).build()?;
/// assert_eq!(pool.route("anything").len(), 1);
/// # Ok::<(), event_runtime::pool::PoolError>(())
/// ```
#[derive(Clone)]
pub struct ProducersPool(Arc<Inner>);

struct Inner {
    core: Arc<Core>,
    background: Background,
}

/// What emitting needs, in the foreground and in the background.
pub(super) struct Core {
    pub(super) id: Arc<str>,
    pub(super) members: Vec<Member>,
    pub(super) wants: Vec<Wants>,
    pub(super) routes: Routes,
    pub(super) codec: Codec,
    pub(super) schema_ids: SchemaIds,
    pub(super) clock: Clock,
}

impl ProducersPool {
    /// Starts to build a pool with the name `id`.
    pub fn builder(id: impl Into<String>) -> ProducersPoolBuilder {
        ProducersPoolBuilder::new(id.into())
    }

    pub(super) fn new(core: Arc<Core>, background: Background) -> Self {
        Self(Arc::new(Inner { core, background }))
    }

    /// The pool's name.
    pub fn id(&self) -> &str {
        &self.0.core.id
    }

    /// The producers in the order in which they were added.
    pub fn producers(&self) -> impl Iterator<Item = &Arc<dyn DynProducer>> {
        self.0.core.members.iter().map(|member| &member.producer)
    }

    /// The payload types that the pool knows, in no order.
    pub fn payload_types(&self) -> impl Iterator<Item = &str> {
        self.0.core.routes.known()
    }

    /// The producers that take `payload_type`, each with the rule by which it does; empty where emitting it fails.
    pub fn route(&self, payload_type: &str) -> Vec<Route> {
        let entry = self.0.core.routes.of(payload_type);
        let targets = entry.targets.iter().zip(&entry.rules);
        targets
            .filter_map(|(target, rule)| {
                let producer = self.0.core.members.get(*target)?.id.clone();
                Some(Route { producer, rule: *rule })
            })
            .collect()
    }

    /// What every producer does with `payload_type`, and why.
    pub fn explain(&self, payload_type: &str) -> Explanation {
        let Core { members, wants, routes, .. } = &*self.0.core;
        explain(payload_type, members, wants, routes)
    }

    /// How many messages wait in the background queue, those being sent included.
    pub fn pending(&self) -> usize {
        self.0.background.pending()
    }

    /// Closes the background queue, waits up to `within` on the pool's clock until it is empty, and returns what was
    /// not sent: one error a message, each with the message in it, oldest first.
    ///
    /// From then on `emit_async` is refused, for every clone of the pool; awaited emits go on working. A message that
    /// was on its way when the time ran out is among the rest, though its broker may have it. A second call finds
    /// nothing more.
    ///
    /// # Cancel safety
    /// A dropped call leaves the queue closed and being emptied; call it again to wait on.
    pub async fn close(&self, within: Duration) -> Vec<EmitError> {
        self.0.background.close(within).await
    }
}

impl Emitter for ProducersPool {
    fn codec(&self) -> &Codec {
        &self.0.core.codec
    }

    async fn emit(&self, message: Message) -> Result<(), EmitError> {
        let core = &*self.0.core;
        let parcel = core.parcel(message)?;
        if let [only] = parcel.targets[..]
            && let Some(member) = core.members.get(only)
        {
            let Err(error) = member.produce(&parcel.message, &parcel.label).await else { return Ok(()) };
            let remaining = vec![Remaining::new(member.id.clone(), error)];
            return Err(EmitError::undelivered(parcel.message, Vec::new(), remaining));
        }
        deliver(&core.members, &parcel).await.check(parcel.message)
    }

    async fn emit_batch(&self, messages: Vec<Message>) -> Result<(), EmitErrors> {
        let core = &*self.0.core;
        let of = messages.len();
        let (mut parcels, mut positions, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        for (index, message) in messages.into_iter().enumerate() {
            match core.parcel(message) {
                Ok(parcel) => {
                    parcels.push(parcel);
                    positions.push(index);
                }
                Err(error) => failures.push((index, error)),
            }
        }
        let delivered = deliver_batch(&core.members, &parcels).await;
        for ((index, parcel), delivered) in positions.into_iter().zip(parcels).zip(delivered) {
            if let Err(error) = delivered.check(parcel.message) {
                failures.push((index, error));
            }
        }
        failures.sort_by_key(|(index, _)| *index);
        EmitErrors::check(of, failures)
    }

    /// Sends the message to the producers that are [`remaining`](EmitError::remaining); a message that reached no
    /// producer yet is emitted as if for the first time.
    async fn retry(&self, error: EmitError) -> Result<(), EmitError> {
        let Some(message) = error.message().cloned() else { return Err(error) };
        if error.remaining().is_empty() {
            return self.emit(message).await;
        }
        let (taken, remaining) = error.into_results();
        self.0.core.send_on(message, taken, remaining).await
    }

    fn enqueue(&self, message: Message) -> Result<(), EmitError> {
        self.0.background.enqueue(self.0.core.parcel(message)?)
    }
}

impl Core {
    /// The message with those who take it.
    fn parcel(&self, message: Message) -> Result<Parcel, EmitError> {
        let entry = self.routes.of(&message.metadata().payload_type);
        let (label, targets) = (entry.label.clone(), entry.targets.clone());
        if targets.is_empty() {
            let text = format!(
                "no producer of pool `{}` takes event `{}`; add the type, its pack or `?` to one",
                self.id,
                message.metadata().payload_type
            );
            telemetry::refused(&self.id, &label, &message, EmitErrorKind::NoRoute);
            return Err(EmitError::new(EmitErrorKind::NoRoute, text).with_message(message));
        }
        Ok(Parcel { message: self.schema_ids.stamp(message), label, targets })
    }

    async fn send_on(
        &self,
        message: Message,
        taken: Vec<Arc<str>>,
        remaining: Vec<Remaining>,
    ) -> Result<(), EmitError> {
        let (mut targets, mut strangers) = (Vec::new(), Vec::new());
        for left in remaining {
            match self.members.iter().position(|member| *member.id == *left.producer()) {
                Some(index) => targets.push(index),
                None => {
                    let text = format!("pool `{}` has no producer `{}`", self.id, left.producer());
                    let error = ProduceError::new(ProduceErrorKind::NotFound, text);
                    strangers.push(Remaining::new(left.producer(), error));
                }
            }
        }
        let label = self.routes.of(&message.metadata().payload_type).label.clone();
        let parcel = Parcel { message, label, targets: targets.into() };
        let delivered = deliver(&self.members, &parcel).await;
        let taken = taken.into_iter().chain(delivered.taken).collect();
        let remaining = delivered.remaining.into_iter().chain(strangers).collect();
        Delivered { taken, remaining }.check(parcel.message)
    }
}

impl fmt::Debug for ProducersPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let producers: Vec<&str> = self.0.core.members.iter().map(|member| &*member.id).collect();
        formatter
            .debug_struct("ProducersPool")
            .field("id", &self.0.core.id)
            .field("producers", &producers)
            .field("pending", &self.pending())
            .finish_non_exhaustive()
    }
}
