//! Producers on paper: rules are checked against them where the transport has none to offer.

use std::sync::Arc;

use crate::config::Config;
use crate::envelope::Message;
use crate::pool::{PoolError, ProducerPoolConfig, ProducersPoolBuilder};
use crate::transport::{DynProducer, ProduceError, ProduceErrorKind, Producer, ProducerCapabilities};

/// What is wrong with the rules of a pool whose producers could not be built, as far as their ids tell. Which of them
/// is ordered nobody knows, so nothing is said of keys.
pub(super) fn check(
    builder: ProducersPoolBuilder,
    pool: ProducerPoolConfig,
    sections: &[Config],
) -> Option<PoolError> {
    let ids: Option<Vec<&str>> = sections.iter().map(|section| section.text("producer_id")).collect();
    let producers = ids?.into_iter().map(|id| Arc::new(PaperProducer(id.into())) as Arc<dyn DynProducer>);
    builder.config(pool).shared_producers(producers).build().err()
}

struct PaperProducer(String);

impl Producer for PaperProducer {
    fn id(&self) -> &str {
        &self.0
    }

    fn capabilities(&self) -> ProducerCapabilities {
        ProducerCapabilities::default()
    }

    async fn produce(&self, _: &Message) -> Result<(), ProduceError> {
        Err(ProduceError::new(ProduceErrorKind::Closed, "this producer is on paper only"))
    }
}
