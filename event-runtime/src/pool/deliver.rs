//! Calls to producers: one message or a batch, to one producer or several, with every result accounted for.

use std::sync::Arc;

use metrics::SharedString;

use crate::envelope::Message;
use crate::pool::join::{join_all, unless_panics};
use crate::pool::telemetry;
use crate::pool::{EmitError, EmitErrors, Remaining};
use crate::transport::{BoxFuture, DynProducer, ProduceError, ProduceErrorKind};

/// One producer of a pool.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) id: Arc<str>,
    pub(super) producer: Arc<dyn DynProducer>,
}

/// A message and the members that are to get it.
#[derive(Clone)]
pub(super) struct Parcel {
    pub(super) message: Message,
    /// The payload type's label in metrics.
    pub(super) label: SharedString,
    /// Indices of members, each once.
    pub(super) targets: Arc<[usize]>,
}

/// What became of one parcel.
#[derive(Default)]
pub(super) struct Delivered {
    pub(super) taken: Vec<Arc<str>>,
    pub(super) remaining: Vec<Remaining>,
}

impl Delivered {
    fn note(&mut self, member: &Member, result: Result<(), ProduceError>) {
        match result {
            Ok(()) => self.taken.push(member.id.clone()),
            Err(error) => self.remaining.push(Remaining::new(member.id.clone(), error)),
        }
    }

    /// The result for the caller, who gets `message` back where a member did not take it.
    pub(super) fn check(self, message: Message) -> Result<(), EmitError> {
        if self.remaining.is_empty() {
            return Ok(());
        }
        Err(EmitError::undelivered(message, self.taken, self.remaining))
    }

    /// [`Delivered::check`] for a whole batch.
    pub(super) fn check_all(parcels: Vec<Parcel>, delivered: Vec<Self>) -> Result<(), EmitErrors> {
        let of = parcels.len();
        let results = parcels.into_iter().zip(delivered).enumerate();
        let failures = results.filter_map(|(index, (parcel, delivered))| {
            delivered.check(parcel.message).err().map(|error| (index, error))
        });
        EmitErrors::check(of, failures.collect())
    }
}

impl Member {
    pub(super) fn new(producer: Arc<dyn DynProducer>) -> Self {
        Self { id: producer.id().into(), producer }
    }

    /// Sends one message; a panic of the producer is an error, and the message may have been sent.
    pub(super) async fn produce(&self, message: &Message, label: &SharedString) -> Result<(), ProduceError> {
        let result = unless_panics(async { self.producer.produce(message).await }).await;
        let result = result.unwrap_or_else(|| Err(self.panicked()));
        telemetry::emitted(&self.id, label, message, result.as_ref().err());
        result
    }

    /// Sends several messages; always as many results as messages.
    async fn produce_batch(&self, share: &Share) -> Vec<Result<(), ProduceError>> {
        let messages = &share.messages;
        let results = unless_panics(async { self.producer.produce_batch(messages).await }).await;
        let mut results = results.unwrap_or_else(|| messages.iter().map(|_| Err(self.panicked())).collect());
        results.resize_with(messages.len(), || Err(self.unanswered()));
        for ((message, label), result) in messages.iter().zip(&share.labels).zip(&results) {
            telemetry::emitted(&self.id, label, message, result.as_ref().err());
        }
        results
    }

    fn panicked(&self) -> ProduceError {
        let text = format!("producer `{}` panicked; the message may have been sent", self.id);
        ProduceError::new(ProduceErrorKind::Refused, text)
    }

    fn unanswered(&self) -> ProduceError {
        let text = format!("producer `{}` gave no result for the message; it may have been sent", self.id);
        ProduceError::new(ProduceErrorKind::Unavailable, text)
    }
}

/// Sends one message to several members at once.
pub(super) async fn deliver(members: &[Member], parcel: &Parcel) -> Delivered {
    let mut delivered = Delivered::default();
    if let [only] = parcel.targets[..]
        && let Some(member) = members.get(only)
    {
        delivered.note(member, member.produce(&parcel.message, &parcel.label).await);
        return delivered;
    }
    let targets: Vec<&Member> = parcel.targets.iter().filter_map(|target| members.get(*target)).collect();
    let calls = targets
        .iter()
        .map(|member| Box::pin(member.produce(&parcel.message, &parcel.label)) as BoxFuture<'_, _>)
        .collect();
    for (member, result) in targets.iter().zip(join_all(calls).await) {
        delivered.note(member, result);
    }
    delivered
}

/// Sends several messages, each to members of its own: one call a member, all members at once. One answer a
/// parcel, in their order.
pub(super) async fn deliver_batch(members: &[Member], parcels: &[Parcel]) -> Vec<Delivered> {
    let mut shares: Vec<Share> = members.iter().map(|_| Share::default()).collect();
    for (position, parcel) in parcels.iter().enumerate() {
        for target in parcel.targets.iter() {
            if let Some(share) = shares.get_mut(*target) {
                share.positions.push(position);
                share.messages.push(parcel.message.clone());
                share.labels.push(parcel.label.clone());
            }
        }
    }
    let shares: Vec<(&Member, Share)> =
        members.iter().zip(shares).filter(|(_, share)| !share.messages.is_empty()).collect();
    let calls = shares
        .iter()
        .map(|(member, share)| Box::pin(member.produce_batch(share)) as BoxFuture<'_, _>)
        .collect();
    let mut delivered: Vec<Delivered> = parcels.iter().map(|_| Delivered::default()).collect();
    for ((member, share), results) in shares.iter().zip(join_all(calls).await) {
        for (position, result) in share.positions.iter().zip(results) {
            delivered[*position].note(member, result);
        }
    }
    delivered
}

/// What one member gets of a batch.
#[derive(Default)]
struct Share {
    /// Where each message stands in the batch.
    positions: Vec<usize>,
    messages: Vec<Message>,
    labels: Vec<SharedString>,
}
