//! SQS, and whatever speaks its protocol.

use aws_sdk_sqs::types::QueueAttributeName as Name;
use event_runtime::config::{BundleError, Config, Transport};
use event_runtime::transport::BoxFuture;
use event_transport_sqs::{SqsClientConfiguration, SqsTransport};

use super::{Backend, QueueStats, unanswered};

#[derive(Default)]
pub(super) struct SqsBackend {
    transport: SqsTransport,
}

impl Backend for SqsBackend {
    fn transport(&self) -> &dyn Transport {
        &self.transport
    }

    fn stats<'a>(
        &'a self,
        client: &'a Config,
        queue: &'a str,
    ) -> BoxFuture<'a, Result<QueueStats, BundleError>> {
        Box::pin(async move {
            let client = SqsClientConfiguration::read(client)?.client().await;
            let url = if queue.contains("://") {
                queue.to_owned()
            } else {
                let found = client.get_queue_url().queue_name(queue).send().await;
                let url = found.map_err(|error| unanswered(queue, error))?.queue_url;
                url.ok_or_else(|| unanswered(queue, "the service named no URL"))?
            };
            let request = client.get_queue_attributes().queue_url(url);
            let names = [
                Name::ApproximateNumberOfMessages,
                Name::ApproximateNumberOfMessagesNotVisible,
                Name::ApproximateNumberOfMessagesDelayed,
            ];
            let request = request.set_attribute_names(Some(names.to_vec()));
            let answer = request.send().await.map_err(|error| unanswered(queue, error))?;
            let attributes = answer.attributes.unwrap_or_default();
            let [visible, in_flight, delayed] =
                names.map(|name| attributes.get(&name).and_then(|count| count.parse().ok()));
            Ok(QueueStats { visible, in_flight, delayed })
        })
    }
}
