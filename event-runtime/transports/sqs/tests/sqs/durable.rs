//! Queues of a folder: what they hold outlives an endpoint, and a process that is killed.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use event_runtime::ManualClock;
use event_transport_sqlite::{SqliteBroker, SqliteError, SqliteErrorKind};
use event_transport_sqs::local::{DATA_FILE, Fault, FaultRule, LocalEndpoint};
use serde_json::{Value, json};

use super::process::Process;
use super::raw::{Listens, call};
use super::served::{Folder, asked, attribute, create, in_flight, open, start, visible};

/// A clock that stands still, and a folder to start endpoints in, one after the other.
struct Restarts {
    clock: ManualClock,
    folder: Folder,
}

impl Restarts {
    fn new() -> Self {
        let clock = ManualClock::new("2026-01-01T00:00:00Z".parse().unwrap());
        Self { clock, folder: Folder::new() }
    }

    async fn start(&self) -> LocalEndpoint<SqliteBroker> {
        start(open(self.folder.path(), self.clock.clock())).await
    }

    async fn restart(&self, endpoint: LocalEndpoint<SqliteBroker>) -> LocalEndpoint<SqliteBroker> {
        let broker = endpoint.broker().clone();
        endpoint.shutdown().await;
        broker.close();
        self.start().await
    }
}

/// The messages that one receive returns, with everything about them.
async fn receive(endpoint: &impl Listens, url: &str) -> Vec<Value> {
    let request = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"],
        "MessageSystemAttributeNames": ["All"] });
    let answer = asked(endpoint, "ReceiveMessage", request).await;
    answer["Messages"].as_array().cloned().unwrap_or_default()
}

async fn send(endpoint: &impl Listens, url: &str, mut message: Value) -> Value {
    message["QueueUrl"] = url.into();
    asked(endpoint, "SendMessage", message).await
}

/// What may differ between two receives of one message.
fn lasting(message: &Value) -> Value {
    let mut message = message.clone();
    message.as_object_mut().unwrap().remove("ReceiptHandle");
    message["Attributes"].as_object_mut().unwrap().remove("ApproximateReceiveCount");
    message
}

#[tokio::test]
async fn a_message_and_its_lease_survive_a_restart() {
    let restarts = Restarts::new();
    let endpoint = restarts.start().await;
    create(&endpoint, "orders", json!({ "VisibilityTimeout": "30" })).await;
    let url = endpoint.queue_url("orders");
    let attributes = json!({ "kind": { "DataType": "String", "StringValue": "paid" },
        "proof": { "DataType": "Binary.png", "BinaryValue": "AP8=" } });
    let trace = json!({ "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1" } });
    let message =
        json!({ "MessageBody": "m", "MessageAttributes": attributes, "MessageSystemAttributes": trace });
    send(&endpoint, &url, message).await;
    send(&endpoint, &url, json!({ "MessageBody": "later", "DelaySeconds": 90 })).await;
    let first = receive(&endpoint, &url).await;
    assert_eq!(first.len(), 1);

    let endpoint = restarts.restart(endpoint).await;
    let url = endpoint.queue_url("orders");
    assert!(receive(&endpoint, &url).await.is_empty(), "its lease is not over");
    assert_eq!(in_flight(&endpoint, &url).await, 1);
    restarts.clock.advance(Duration::from_secs(31));
    let second = receive(&endpoint, &url).await;
    assert_eq!(second[0]["Attributes"]["ApproximateReceiveCount"], "2");
    assert_eq!(lasting(&second[0]), lasting(&first[0]));
    assert_eq!(second[0]["MessageAttributes"], attributes);

    // A receipt handle of before is as good as one of now.
    let endpoint = restarts.restart(endpoint).await;
    let url = endpoint.queue_url("orders");
    let handle = &second[0]["ReceiptHandle"];
    let longer = json!({ "QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 3_600 });
    asked(&endpoint, "ChangeMessageVisibility", longer).await;
    asked(&endpoint, "DeleteMessage", json!({ "QueueUrl": url, "ReceiptHandle": handle })).await;
    assert_eq!((visible(&endpoint, &url).await, in_flight(&endpoint, &url).await), (0, 0));
    restarts.clock.advance(Duration::from_secs(60));
    assert_eq!(receive(&endpoint, &url).await[0]["Body"], "later");
}

#[tokio::test]
async fn a_fifo_queue_keeps_its_order_and_knows_what_it_has_seen() {
    let restarts = Restarts::new();
    let endpoint = restarts.start().await;
    let fifo = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    create(&endpoint, "orders.fifo", fifo.clone()).await;
    let url = endpoint.queue_url("orders.fifo");
    let message = |group: &str, body: &str| json!({ "MessageBody": body, "MessageGroupId": group });
    let first = send(&endpoint, &url, message("a", "1")).await;
    send(&endpoint, &url, message("a", "2")).await;
    let head = receive(&endpoint, &url).await;
    assert_eq!(head.len(), 2);

    let endpoint = restarts.restart(endpoint).await;
    assert_eq!(create(&endpoint, "orders.fifo", fifo).await, endpoint.queue_url("orders.fifo"));
    let url = endpoint.queue_url("orders.fifo");
    let again = send(&endpoint, &url, message("a", "1")).await;
    assert_eq!(
        (&again["MessageId"], &again["SequenceNumber"]),
        (&first["MessageId"], &first["SequenceNumber"])
    );
    let third = send(&endpoint, &url, message("a", "3")).await;
    assert!(third["SequenceNumber"].as_str() > head[1]["Attributes"]["SequenceNumber"].as_str());
    send(&endpoint, &url, message("b", "4")).await;
    let received = receive(&endpoint, &url).await;
    assert_eq!((received.len(), &received[0]["Body"]), (1, &json!("4")), "the group in flight is held");
    restarts.clock.advance(Duration::from_secs(30));
    let bodies: Vec<Value> = receive(&endpoint, &url).await.iter().map(|m| m["Body"].clone()).collect();
    let of_a: Vec<&Value> = bodies.iter().filter(|body| **body != "4").collect();
    assert_eq!(of_a, ["1", "2", "3"]);
}

#[tokio::test]
async fn queues_and_their_attributes_survive_and_so_does_that_one_is_gone() {
    let restarts = Restarts::new();
    let endpoint = restarts.start().await;
    let dead = create(&endpoint, "dead", json!({})).await;
    let arn = attribute(&endpoint, &dead, "QueueArn").await;
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 2 }).to_string();
    let attributes = json!({ "VisibilityTimeout": "0", "RedrivePolicy": policy, "DelaySeconds": "0",
        "MessageRetentionPeriod": "60", "KmsMasterKeyId": "alias/a" });
    let source = create(&endpoint, "source", attributes).await;
    create(&endpoint, "gone", json!({})).await;
    asked(&endpoint, "DeleteQueue", json!({ "QueueUrl": endpoint.queue_url("gone") })).await;
    let all = async |endpoint: &LocalEndpoint<SqliteBroker>, name: &str| {
        let request = json!({ "QueueUrl": endpoint.queue_url(name), "AttributeNames": ["All"] });
        asked(endpoint, "GetQueueAttributes", request).await
    };
    send(&endpoint, &source, json!({ "MessageBody": "m" })).await;
    assert_eq!(receive(&endpoint, &source).await.len(), 1);
    let before = (all(&endpoint, "source").await, all(&endpoint, "dead").await);

    let endpoint = restarts.restart(endpoint).await;
    assert_eq!((all(&endpoint, "source").await, all(&endpoint, "dead").await), before);
    let again = call(&endpoint, "CreateQueue", json!({ "QueueName": "gone" })).await;
    assert_eq!(again.code(), "AWS.SimpleQueueService.QueueDeletedRecently");
    // The count that the redrive policy goes by.
    let source = endpoint.queue_url("source");
    assert_eq!(receive(&endpoint, &source).await[0]["Attributes"]["ApproximateReceiveCount"], "2");
    assert!(receive(&endpoint, &source).await.is_empty());
    let letter = &receive(&endpoint, &endpoint.queue_url("dead")).await[0];
    let source_arn = attribute(&endpoint, &source, "QueueArn").await;
    assert_eq!(letter["Attributes"]["DeadLetterQueueSourceArn"], source_arn);
}

#[tokio::test]
async fn a_move_task_goes_on_after_a_restart() {
    let restarts = Restarts::new();
    let endpoint = restarts.start().await;
    let dead = create(&endpoint, "dead", json!({})).await;
    let arn = attribute(&endpoint, &dead, "QueueArn").await;
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 1 }).to_string();
    create(&endpoint, "source", json!({ "VisibilityTimeout": "0", "RedrivePolicy": policy })).await;
    let source = endpoint.queue_url("source");
    for n in 0..3 {
        send(&endpoint, &source, json!({ "MessageBody": n.to_string() })).await;
    }
    receive(&endpoint, &source).await;
    assert!(receive(&endpoint, &source).await.is_empty(), "all went to the dead letters");
    let task = json!({ "SourceArn": arn, "MaxNumberOfMessagesPerSecond": 1 });
    let handle = asked(&endpoint, "StartMessageMoveTask", task).await["TaskHandle"].clone();
    assert_eq!(visible(&endpoint, &source).await, 1);

    let endpoint = restarts.restart(endpoint).await;
    let list = async |endpoint: &LocalEndpoint<SqliteBroker>| {
        asked(endpoint, "ListMessageMoveTasks", json!({ "SourceArn": arn })).await["Results"][0].clone()
    };
    let running = list(&endpoint).await;
    assert_eq!((&running["Status"], &running["TaskHandle"]), (&json!("RUNNING"), &handle));
    restarts.clock.advance(Duration::from_secs(2));
    let done = list(&endpoint).await;
    assert_eq!(
        (&done["Status"], &done["ApproximateNumberOfMessagesMoved"]),
        (&json!("COMPLETED"), &json!(3))
    );
    assert_eq!(visible(&endpoint, &endpoint.queue_url("source")).await, 3);
}

#[tokio::test]
async fn two_endpoints_share_a_folder() {
    let folder = Folder::new();
    let first = LocalEndpoint::start_in(folder.path()).await.unwrap();
    let second = LocalEndpoint::start_in(folder.path()).await.unwrap();
    create(&first, "orders", json!({})).await;
    let url = second.queue_url("orders");
    let poll = json!({ "QueueUrl": url, "WaitTimeSeconds": 20 });
    let message = json!({ "QueueUrl": url, "MessageBody": "m" });
    let (received, _) =
        tokio::join!(asked(&second, "ReceiveMessage", poll), asked(&first, "SendMessage", message));
    assert_eq!(received["Messages"][0]["Body"], "m");
}

/// Why the queues of a folder can't be served.
async fn refused(folder: &Path) -> (ErrorKind, SqliteErrorKind) {
    let error = LocalEndpoint::start_in(folder).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains(folder.to_str().unwrap()) && text.contains(DATA_FILE), "{text}");
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<SqliteError>()).unwrap();
    (error.kind(), cause.kind())
}

#[tokio::test]
async fn a_folder_that_can_not_be_used_is_named() {
    let folder = Folder::new();
    let below = |name: &str| folder.path().join(name);
    LocalEndpoint::start_in(below("new/and/deep")).await.unwrap();
    std::fs::write(below("file"), "").unwrap();
    assert_eq!(refused(&below("file")).await, (ErrorKind::Other, SqliteErrorKind::Unavailable));
    assert_eq!(refused(&below("file/below")).await, (ErrorKind::Other, SqliteErrorKind::Unavailable));
    std::fs::create_dir_all(below("folder").join(DATA_FILE)).unwrap();
    assert_eq!(refused(&below("folder")).await, (ErrorKind::Other, SqliteErrorKind::Unavailable));
    std::fs::create_dir(below("text")).unwrap();
    std::fs::write(below("text").join(DATA_FILE), "no database ".repeat(500)).unwrap();
    assert_eq!(refused(&below("text")).await, (ErrorKind::InvalidData, SqliteErrorKind::NotADatabase));
}

#[tokio::test]
async fn a_file_that_fails_is_an_answer_and_no_broken_connection() {
    let folder = Folder::new();
    let endpoint = LocalEndpoint::start_in(folder.path()).await.unwrap();
    let url = create(&endpoint, "orders", json!({})).await;
    endpoint.broker().close();
    let answer = call(&endpoint, "SendMessage", json!({ "QueueUrl": url, "MessageBody": "m" })).await;
    assert_eq!((answer.status, answer.code()), (500, "InternalError"));
    assert!(answer.message().contains(DATA_FILE), "{answer:?}");
    assert_eq!(call(&endpoint, "ListQueues", json!({})).await.status, 500);
}

#[tokio::test]
async fn faults_leave_no_trace_in_the_file_but_what_was_carried_out() {
    let folder = Folder::new();
    let endpoint = LocalEndpoint::start_in(folder.path()).await.unwrap();
    let url = create(&endpoint, "orders", json!({})).await;
    let client = endpoint.client();
    for fault in [Fault::Throttle, Fault::InternalError, Fault::Reset, Fault::LostAnswer] {
        endpoint.faults().inject(FaultRule::new(fault).times(1));
        assert!(client.send_message().queue_url(&url).message_body("m").send().await.is_err(), "{fault:?}");
    }
    let entries: Vec<Value> = (0..10).map(|n| json!({ "Id": n.to_string(), "MessageBody": "m" })).collect();
    endpoint.faults().inject(FaultRule::new(Fault::PartialFailure).times(1));
    let sent = asked(&endpoint, "SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
    let taken = sent["Successful"].as_array().unwrap().len();
    endpoint.shutdown().await;
    let endpoint = LocalEndpoint::start_in(folder.path()).await.unwrap();
    assert_eq!(endpoint.faults().injected(), 0);
    let url = endpoint.queue_url("orders");
    assert_eq!(visible(&endpoint, &url).await, taken + 1, "the one whose answer was lost is there");
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_confirmed() {
    const ROUNDS: usize = 4;
    let folder = Folder::new();
    let data = folder.path().join("queues");
    let configuration = folder.path().join("queues.json");
    let queue = |timeout: u32| {
        json!({ "embedded": { "queues": [
            { "name": "orders", "visibility_timeout_seconds": timeout }, { "name": "held" } ] } })
    };
    std::fs::write(&configuration, queue(600).to_string()).unwrap();
    let arguments = [Path::new("--data"), &data, &configuration];

    let mut process = Process::start(arguments);
    let held = process.queue_url("held");
    send(&process, &held, json!({ "MessageBody": "m" })).await;
    let receipt = receive(&process, &held).await[0]["ReceiptHandle"].clone();
    let (mut confirmed, mut tried) = (0, 0);
    for round in 0..ROUNDS {
        // Some wait for their answers when it dies.
        let client = process.client().await;
        let url = process.queue_url("orders");
        let mut sends = tokio::task::JoinSet::new();
        for _ in 0..40 {
            let request = client.send_message().queue_url(&url).message_body("m");
            sends.spawn(async move { request.send().await.is_ok() });
            tried += 1;
        }
        let mut answers = 0;
        while let Some(answered) = sends.join_next().await {
            let answered = answered.unwrap();
            confirmed += usize::from(answered);
            answers += usize::from(answered);
            if answers == 5 * (round + 1) && answered {
                process.kill();
            }
        }
        assert!(answers >= 5 * (round + 1), "{answers}");
        process = Process::start(arguments);
        let there = visible(&process, &process.queue_url("orders")).await;
        assert!((confirmed..=tried).contains(&there), "{confirmed} confirmed of {tried}, {there} are there");
        // A send without an answer may have been carried out.
        confirmed = there;
        tried = there;
    }
    let held = process.queue_url("held");
    assert_eq!(in_flight(&process, &held).await, 1, "the lease outlives {ROUNDS} deaths");
    asked(&process, "DeleteMessage", json!({ "QueueUrl": held, "ReceiptHandle": receipt })).await;
    assert_eq!(in_flight(&process, &held).await, 0);

    // A changed configuration changes the queues, and what they hold stays.
    std::fs::write(&configuration, queue(7).to_string()).unwrap();
    assert!(process.interrupt().success());
    let process = Process::start(arguments);
    let url = process.queue_url("orders");
    assert_eq!(attribute(&process, &url, "VisibilityTimeout").await, "7");
    assert_eq!(visible(&process, &url).await, confirmed);
}

#[test]
fn a_process_that_can_not_serve_says_why() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (code, text) = Process::refused([Path::new("--data"), &file]);
    assert_eq!(code, Some(1));
    assert!(text.contains(file.to_str().unwrap()), "{text}");
    let configuration = folder.path().join("queues.json");
    std::fs::write(
        &configuration,
        r#"{ "embedded": { "queues": [ { "name": "a", "delay_seconds": 901 } ] } }"#,
    )
    .unwrap();
    let data = folder.path().join("data");
    let (code, text) = Process::refused([Path::new("--data"), &data, &configuration]);
    assert_eq!(code, Some(1));
    assert!(text.contains("embedded.queues[0].delay_seconds"), "{text}");
    assert!(!data.exists(), "a wrong configuration makes no file");
    assert_eq!(Process::refused([Path::new("--data")]).0, Some(2));
}
