//! What a transport offers to be chosen by configuration alone.

use std::sync::Arc;

use crate::config::{BundleError, Config, ConsumerConfig};
use crate::transport::{BoxFuture, DynDeadLetterSink, DynProducer, DynSource};

/// A transport that configuration can name: the `sqs` of `sqs_consumer_bundle`.
///
/// It reads its own sections, with its own types; everything else about a bundle is the same for all transports.
pub trait Transport: Send + Sync {
    /// The first part of the keys: `sqs`, `embedded`.
    fn name(&self) -> &str;

    /// Builds the producers of `<name>_producer_configurations`, in their order; `client` is
    /// `<name>_producer_client`, or an empty object.
    ///
    /// # Errors
    /// The mistakes of all sections together, or [`BundleError::transport`].
    fn producers<'a>(
        &'a self,
        client: &'a Config,
        configurations: &'a [Config],
    ) -> BoxFuture<'a, Result<Vec<Arc<dyn DynProducer>>, BundleError>>;

    /// Builds the source of `<name>_consumer_configuration`, which stands at `section` and reads as
    /// `configuration`; `client` is `<name>_consumer_client`, or an empty object.
    ///
    /// # Errors
    /// The mistakes of all sections together, or [`BundleError::transport`].
    fn inlet<'a>(
        &'a self,
        client: &'a Config,
        configuration: &'a ConsumerConfig,
        section: &'a Config,
    ) -> BoxFuture<'a, Result<Inlet, BundleError>>;
}

/// Where messages come in, and where those go that can't be handled.
#[derive(Clone)]
pub struct Inlet {
    /// The queue.
    pub source: Arc<dyn DynSource>,
    /// The queue of `dead_letter_queue_url`, where that is set.
    pub dead_letters: Option<Arc<dyn DynDeadLetterSink>>,
}
