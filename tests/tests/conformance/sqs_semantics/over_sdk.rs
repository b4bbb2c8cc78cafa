//! Queues under test over `aws-sdk-sqs`: the local endpoint on a clock that stands still, or any other endpoint.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeName, MessageSystemAttributeNameForSends,
    MessageSystemAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry,
};
use event_runtime::ManualClock;
use event_runtime::embedded::{Broker, Capacity, QueueSettings};
use event_tests::Folder;
use event_transport_sqlite::{SqliteBroker, Synchronous};
use event_transport_sqs::local::{Backend, DATA_FILE, LocalEndpoint};

use super::under_test::{Fault, QueueUnderTest, Receive, Received, Send, Sent};

pub struct OverSdk {
    client: Client,
    time: Time,
    /// Stands before the names of queues where others may use the same ones.
    prefix: String,
}

/// How time passes.
enum Time {
    Manual { endpoint: LocalEndpoint<Backend>, clock: ManualClock, _folder: Option<Folder> },
    Real,
}

/// The variable that holds the address of a running LocalStack.
const LOCALSTACK: &str = "EVENT_LOCALSTACK_URL";

impl OverSdk {
    /// The local endpoint, over queues in memory.
    pub async fn in_memory() -> Self {
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        let broker = Broker::builder().clock(clock.clock()).build();
        Self::local(broker.into(), clock, None).await
    }

    /// The local endpoint, over queues in a file.
    pub async fn in_a_file() -> Self {
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        let folder = Folder::new();
        let builder = SqliteBroker::builder(folder.path().join(DATA_FILE)).synchronous(Synchronous::Off);
        let broker = builder.clock(clock.clock()).open().unwrap();
        Self::local(broker.into(), clock, Some(folder)).await
    }

    async fn local(queues: Backend, clock: ManualClock, folder: Option<Folder>) -> Self {
        let endpoint = LocalEndpoint::start_with(queues, ([127, 0, 0, 1], 0).into()).await.unwrap();
        let client = endpoint.client();
        let time = Time::Manual { endpoint, clock, _folder: folder };
        Self { client, time, prefix: String::new() }
    }

    /// LocalStack, an independent server of the same protocol; `None` with a line where none runs.
    pub fn localstack() -> Option<Self> {
        let Ok(url) = std::env::var(LOCALSTACK) else {
            println!("skipped: {LOCALSTACK} is not set");
            return None;
        };
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(url)
            .http_client(event_transport_sqs::https_client())
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .build();
        let prefix = format!("{}-", &uuid::Uuid::new_v4().simple().to_string()[..8]);
        Some(Self { client: Client::from_conf(config), time: Time::Real, prefix })
    }

    /// A name that no other case has. Names that are to be refused, or are as long as can be, stay.
    fn name(&self, name: &str) -> String {
        let plain = name.trim_end_matches(".fifo");
        let free = name.len() < 40 && !plain.is_empty() && !plain.contains('.');
        if free { format!("{}{name}", self.prefix) } else { name.to_owned() }
    }
}

impl QueueUnderTest for OverSdk {
    async fn create(&self, name: &str, attributes: &[(&str, &str)]) -> Result<String, Fault> {
        let name = self.name(name);
        let call = self.client.create_queue().queue_name(name).set_attributes(Some(named(attributes)));
        Ok(call.send().await?.queue_url.unwrap())
    }

    async fn delete_queue(&self, queue: &str) -> Result<(), Fault> {
        self.client.delete_queue().queue_url(queue).send().await?;
        Ok(())
    }

    async fn attributes(&self, queue: &str) -> Result<BTreeMap<String, String>, Fault> {
        let call = self.client.get_queue_attributes().queue_url(queue);
        let attributes = call.attribute_names(QueueAttributeName::All).send().await?.attributes.unwrap();
        Ok(attributes.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect())
    }

    async fn set_attributes(&self, queue: &str, attributes: &[(&str, &str)]) -> Result<(), Fault> {
        let call = self.client.set_queue_attributes().queue_url(queue);
        call.set_attributes(Some(named(attributes))).send().await?;
        Ok(())
    }

    async fn purge(&self, queue: &str) -> Result<(), Fault> {
        self.client.purge_queue().queue_url(queue).send().await?;
        Ok(())
    }

    async fn send(&self, queue: &str, message: Send) -> Result<Sent, Fault> {
        let call = self
            .client
            .send_message()
            .queue_url(queue)
            .set_message_attributes(attributes(&message))
            .set_message_system_attributes(system(&message))
            .set_delay_seconds(message.delay.map(|seconds| seconds.try_into().unwrap()))
            .set_message_group_id(message.group)
            .set_message_deduplication_id(message.deduplication_id)
            .message_body(message.body);
        let reply = call.send().await?;
        Ok(Sent { id: reply.message_id.unwrap(), sequence_number: reply.sequence_number })
    }

    async fn send_batch(
        &self,
        queue: &str,
        entries: Vec<(String, Send)>,
    ) -> Result<BTreeMap<String, Result<Sent, Fault>>, Fault> {
        let entry = |(id, message): (String, Send)| {
            SendMessageBatchRequestEntry::builder()
                .id(id)
                .set_message_attributes(attributes(&message))
                .set_message_system_attributes(system(&message))
                .set_delay_seconds(message.delay.map(|seconds| seconds.try_into().unwrap()))
                .set_message_group_id(message.group)
                .set_message_deduplication_id(message.deduplication_id)
                .message_body(message.body)
                .build()
                .unwrap()
        };
        let entries = entries.into_iter().map(entry).collect();
        let call = self.client.send_message_batch().queue_url(queue).set_entries(Some(entries));
        let reply = call.send().await?;
        let sent = reply.successful.into_iter().map(|entry| {
            (entry.id, Ok(Sent { id: entry.message_id, sequence_number: entry.sequence_number }))
        });
        let failed = reply.failed.into_iter().map(|entry| {
            let message = entry.message.unwrap_or_default();
            (entry.id, Err(Fault { code: entry.code, message, http: None }))
        });
        Ok(sent.chain(failed).collect())
    }

    async fn receive(&self, queue: &str, request: Receive) -> Result<Vec<Received>, Fault> {
        let number = |value: u64| i32::try_from(value).unwrap();
        let call = self
            .client
            .receive_message()
            .queue_url(queue)
            .set_max_number_of_messages(request.max.map(|max| max.try_into().unwrap()))
            .set_wait_time_seconds(request.wait.map(number))
            .set_visibility_timeout(request.visibility_timeout.map(number))
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All);
        Ok(call.send().await?.messages.unwrap_or_default().into_iter().map(received).collect())
    }

    async fn delete(&self, queue: &str, handle: &str) -> Result<(), Fault> {
        self.client.delete_message().queue_url(queue).receipt_handle(handle).send().await?;
        Ok(())
    }

    async fn change_visibility(&self, queue: &str, handle: &str, seconds: u64) -> Result<(), Fault> {
        let call = self.client.change_message_visibility().queue_url(queue).receipt_handle(handle);
        call.visibility_timeout(seconds.try_into().unwrap()).send().await?;
        Ok(())
    }

    async fn advance(&self, duration: Duration) {
        match &self.time {
            Time::Manual { clock, .. } => clock.advance(duration),
            // This server has no other clock, and it notices what has ended up to a second late.
            Time::Real => tokio::time::sleep(duration + Duration::from_secs(1)).await,
        }
    }

    async fn create_limited(
        &self,
        name: &str,
        attributes: &[(&str, &str)],
        in_flight: usize,
    ) -> Option<String> {
        let Time::Manual { endpoint, .. } = &self.time else { return None };
        let settings = QueueSettings::from_pairs(attributes.iter().copied()).unwrap();
        let settings = settings.capacity(Capacity::default().in_flight(in_flight));
        match endpoint.broker() {
            Backend::Memory(broker) => drop(broker.create_queue(name, settings).unwrap()),
            Backend::File(broker) => drop(broker.create_queue(name, settings).await.unwrap()),
            other => panic!("{other:?}"),
        }
        Some(endpoint.queue_url(name))
    }
}

impl<E: ProvideErrorMetadata> From<SdkError<E, HttpResponse>> for Fault {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let http = error.raw_response().map(|response| response.status().as_u16());
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Self { code: text(error.code()), message: text(error.message()), http }
    }
}

fn named(attributes: &[(&str, &str)]) -> HashMap<QueueAttributeName, String> {
    attributes.iter().map(|(name, value)| (QueueAttributeName::from(*name), (*value).to_owned())).collect()
}

fn attributes(message: &Send) -> Option<HashMap<String, MessageAttributeValue>> {
    let attribute = |(name, data_type, value): &(String, String, String)| {
        let attribute = MessageAttributeValue::builder().data_type(data_type);
        let attribute = if data_type.starts_with("Binary") {
            attribute.binary_value(Blob::new(value.as_bytes()))
        } else {
            attribute.string_value(value)
        };
        (name.clone(), attribute.build().unwrap())
    };
    let attributes: HashMap<_, _> = message.attributes.iter().map(attribute).collect();
    (!attributes.is_empty()).then_some(attributes)
}

fn system(
    message: &Send,
) -> Option<HashMap<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>> {
    let header = message.trace_header.as_ref()?;
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(header);
    Some(HashMap::from([(MessageSystemAttributeNameForSends::AwsTraceHeader, value.build().unwrap())]))
}

fn received(message: aws_sdk_sqs::types::Message) -> Received {
    let text = |value: MessageAttributeValue| match value.binary_value {
        Some(bytes) => String::from_utf8(bytes.into_inner()).unwrap(),
        None => value.string_value.unwrap(),
    };
    let attributes = message.message_attributes.unwrap_or_default().into_iter();
    let mut attributes: Vec<_> =
        attributes.map(|(name, value)| (name, value.data_type.clone(), text(value))).collect();
    attributes.sort();
    let system = message.attributes.unwrap_or_default().into_iter();
    Received {
        id: message.message_id.unwrap(),
        handle: message.receipt_handle.unwrap(),
        body: message.body.unwrap(),
        system: system.map(|(name, value)| (name.as_str().to_owned(), value)).collect(),
        attributes,
    }
}
