//! An HTTP client that answers as SQS does, from memory: what calls cost beyond their sockets, and how many there are.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::BATCH;

/// What a receive says that asks for attributes of its messages.
const ASKS: &[u8] = b"MessageAttributeNames";

/// The service: a queue of so many equal messages.
#[derive(Clone, Debug)]
pub struct Canned(Arc<State>);

#[derive(Debug)]
struct State {
    /// Answers to a receive that asks for attributes, by their number of messages.
    receives: Vec<Bytes>,
    /// Answers to a receive that asks for none.
    bare_receives: Vec<Bytes>,
    /// Answers to a batch: ten entries are done, and clients ignore those that they did not send.
    settled: Bytes,
    /// Messages that are still to be received.
    left: AtomicUsize,
    calls: AtomicUsize,
    /// The first batch that was sent.
    sent: Mutex<Option<Vec<u8>>>,
    /// Ends the receive that waits.
    ended: watch::Sender<bool>,
}

impl Canned {
    /// A queue that holds `messages` messages; `entry` is one as a batch sent it.
    pub fn new(entry: &Value, messages: usize) -> Self {
        let state = State {
            receives: (0..=BATCH).map(|count| receive_answer(entry, count, true)).collect(),
            bare_receives: (0..=BATCH).map(|count| receive_answer(entry, count, false)).collect(),
            settled: settled().into(),
            left: messages.into(),
            calls: 0.into(),
            sent: Mutex::default(),
            ended: watch::Sender::new(false),
        };
        Self(Arc::new(state))
    }

    /// The SDK's client of this service.
    pub fn client(&self) -> Client {
        Client::from_conf(self.config())
    }

    /// The configuration of such a client.
    pub fn config(&self) -> Config {
        let connector = SharedHttpConnector::new(self.clone());
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .credentials_provider(Credentials::new("id", "secret", None, None, "canned"))
            .retry_config(RetryConfig::disabled())
            .build()
    }

    /// Messages that are still to be received.
    pub fn left(&self) -> usize {
        self.0.left.load(Ordering::Relaxed)
    }

    /// How often the service was called.
    pub fn calls(&self) -> usize {
        self.0.calls.load(Ordering::Relaxed)
    }

    /// The first entry of the first batch that was sent.
    pub fn sent(&self) -> Value {
        let body = self.0.sent.lock().unwrap().take().unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["Entries"][0].take()
    }

    /// Answers the receive that waits for messages.
    pub fn end(&self) {
        self.0.ended.send_replace(true);
    }

    /// Completes when the queue is said to have ended.
    pub async fn ended(&self) {
        let _ = self.0.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Takes as many messages off as there are, and as were asked for.
    fn take(&self, asked: usize) -> usize {
        let taken = asked.min(self.left());
        self.0.left.fetch_sub(taken, Ordering::Relaxed);
        taken
    }
}

impl HttpConnector for Canned {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        match target.trim_start_matches("AmazonSQS.") {
            "ReceiveMessage" => {
                let taken = self.take(asked(body));
                let with_attributes = body.windows(ASKS.len()).any(|window| window == ASKS);
                let answers = if with_attributes { &self.0.receives } else { &self.0.bare_receives };
                let answer = answers[taken].clone();
                if taken > 0 {
                    return answered(answer);
                }
                let canned = self.clone();
                HttpConnectorFuture::new(async move {
                    canned.ended().await;
                    Ok(response(answer))
                })
            }
            "DeleteMessage" => answered(Bytes::from_static(b"{}")),
            "DeleteMessageBatch" => answered(self.0.settled.clone()),
            "SendMessageBatch" => {
                let mut sent = self.0.sent.lock().unwrap();
                if sent.is_none() {
                    *sent = Some(body.to_vec());
                }
                answered(self.0.settled.clone())
            }
            "GetQueueAttributes" => answered(Bytes::from_static(
                br#"{"Attributes":{"VisibilityTimeout":"30","QueueArn":"arn:aws:sqs:eu-central-1:1:bench"}}"#,
            )),
            other => unimplemented!("the canned service has no answer to `{other}`"),
        }
    }
}

fn answered(body: Bytes) -> HttpConnectorFuture {
    HttpConnectorFuture::ready(Ok(response(body)))
}

fn response(body: Bytes) -> HttpResponse {
    HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body))
}

/// The `MaxNumberOfMessages` of a receive.
fn asked(body: &[u8]) -> usize {
    let body = std::str::from_utf8(body).unwrap();
    let (_, number) = body.split_once(r#""MaxNumberOfMessages":"#).unwrap();
    let end = number.find([',', '}']).unwrap();
    number[..end].parse().unwrap()
}

fn receive_answer(entry: &Value, count: usize, with_attributes: bool) -> Bytes {
    let message = |index: usize| {
        let mut message = json!({
            "MessageId": format!("01907c3e-8f2a-7b61-9d4e-2f8a6c1b5d{index:02}"),
            // As long as the service's own.
            "ReceiptHandle": format!("AQEB{index:0180}"),
            "MD5OfBody": "0123456789abcdef0123456789abcdef",
            "Body": entry["MessageBody"],
        });
        if with_attributes {
            message["Attributes"] = json!({
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1795255692123",
                "ApproximateFirstReceiveTimestamp": "1795255692223",
            });
            message["MD5OfMessageAttributes"] = "0123456789abcdef0123456789abcdef".into();
            message["MessageAttributes"] = entry["MessageAttributes"].clone();
        }
        message
    };
    let messages: Vec<Value> = (0..count).map(message).collect();
    let answer = if count == 0 { json!({}) } else { json!({ "Messages": messages }) };
    serde_json::to_vec(&answer).unwrap().into()
}

fn settled() -> String {
    let mut entries = String::new();
    for id in 0..BATCH {
        let comma = if id == 0 { "" } else { "," };
        let _ = write!(
            entries,
            r#"{comma}{{"Id":"{id}","MessageId":"01907c3e-8f2a-7b61-9d4e-2f8a6c1b5d32","MD5OfMessageBody":"0123456789abcdef0123456789abcdef"}}"#
        );
    }
    format!(r#"{{"Successful":[{entries}],"Failed":[]}}"#)
}
