//! One producer as an emitter, without a pool around it.

use std::slice;
use std::sync::Arc;

use crate::codec::Codec;
use crate::envelope::Message;
use crate::pool::deliver::{Delivered, Member, Parcel, deliver, deliver_batch};
use crate::pool::telemetry::label_of;
use crate::pool::{EmitError, EmitErrors, Emitter};
use crate::transport::{DynProducer, Producer};

/// Sends every event to one producer, whatever its payload type.
#[derive(Clone)]
pub struct ProducerEmitter {
    member: Member,
    codec: Codec,
    targets: Arc<[usize]>,
}

impl ProducerEmitter {
    /// An emitter over `producer`, in the native format.
    pub fn new(producer: impl Producer) -> Self {
        Self::shared(Arc::new(producer))
    }

    /// An emitter over a producer that others use too.
    pub fn shared(producer: Arc<dyn DynProducer>) -> Self {
        Self { member: Member::new(producer), codec: Codec::default(), targets: Arc::new([0]) }
    }

    /// The same emitter with another format.
    #[must_use]
    pub fn with_codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// The producer.
    pub fn producer(&self) -> &Arc<dyn DynProducer> {
        &self.member.producer
    }

    fn parcel(&self, message: Message) -> Parcel {
        Parcel { label: label_of(&message), message, targets: self.targets.clone() }
    }
}

impl Emitter for ProducerEmitter {
    fn codec(&self) -> &Codec {
        &self.codec
    }

    async fn emit(&self, message: Message) -> Result<(), EmitError> {
        let parcel = self.parcel(message);
        let delivered = deliver(slice::from_ref(&self.member), &parcel).await;
        delivered.check(parcel.message)
    }

    async fn emit_batch(&self, messages: Vec<Message>) -> Result<(), EmitErrors> {
        let parcels: Vec<Parcel> = messages.into_iter().map(|message| self.parcel(message)).collect();
        let delivered = deliver_batch(slice::from_ref(&self.member), &parcels).await;
        Delivered::check_all(parcels, delivered)
    }
}
