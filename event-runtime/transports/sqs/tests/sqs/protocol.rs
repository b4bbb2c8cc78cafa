//! The local endpoint's protocol: answers as the service gives them, whatever the request.

use std::time::Duration;

use event_transport_sqs::local::{Action, Fault, FaultRule, LocalEndpoint};
use serde_json::{Value, json};

use super::fixture::soon;
use super::raw::{call, exchange, parse, request};
use super::served::{Kept, Served, asked, attribute, create, over_both, visible};

async fn endpoint(kept: Kept) -> Served {
    let endpoint = Served::new(kept).await;
    endpoint.create("orders", json!({})).await;
    endpoint
}

over_both! {
    a_broken_request_gets_an_error_and_the_endpoint_goes_on
    every_action_survives_odd_values_in_every_field
    digests_are_those_of_the_service
    attributes_come_only_when_they_are_asked_for
    lists_come_in_pages
    dead_letters_are_moved_back_by_a_task
    tags_and_attributes_of_a_queue
    a_client_that_leaves_during_a_long_poll_takes_nothing_along
    faults_look_to_the_client_like_those_of_a_network
}

async fn a_broken_request_gets_an_error_and_the_endpoint_goes_on(kept: Kept) {
    let endpoint = endpoint(kept).await;
    let send = Some("AmazonSQS.SendMessage");
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    /// Method, target, body; status and code of the answer.
    type Case<'a> = (&'a str, Option<&'a str>, &'a [u8], u16, &'a str);
    let cases: [Case<'_>; 16] = [
        ("GET", send, b"{}", 405, "MethodNotAllowedException"),
        ("POST", None, b"{}", 400, "UnknownOperationException"),
        ("POST", Some(""), b"{}", 400, "UnknownOperationException"),
        ("POST", Some("SendMessage"), b"{}", 400, "UnknownOperationException"),
        ("POST", Some("AmazonSQS.Explode"), b"{}", 400, "UnknownOperationException"),
        ("POST", send, b"", 400, "MissingRequiredParameterException"),
        ("POST", send, b"{", 400, "SerializationException"),
        ("POST", send, b"[]", 400, "SerializationException"),
        ("POST", send, b"\"x\"", 400, "SerializationException"),
        ("POST", send, b"\xff\xfe{}", 400, "SerializationException"),
        ("POST", send, deep.as_bytes(), 400, "SerializationException"),
        ("POST", send, br#"{"QueueUrl":1}"#, 400, "SerializationException"),
        ("POST", send, br#"{"QueueUrl":"/1/orders","DelaySeconds":"x"}"#, 400, "SerializationException"),
        (
            "POST",
            send,
            br#"{"QueueUrl":"/1/orders","DelaySeconds":99999999999999999999}"#,
            400,
            "SerializationException",
        ),
        ("POST", send, br#"{"QueueUrl":"/1/orders"}"#, 400, "MissingRequiredParameterException"),
        ("POST", send, br#"{"QueueUrl":"/1/nowhere","MessageBody":"m"}"#, 400, "QueueDoesNotExist"),
    ];
    for (method, target, body, status, shape) in cases {
        let answer = soon(request(&endpoint, method, target, body)).await;
        let what = format!(
            "{method} {target:?} {:?}: {answer:?}",
            String::from_utf8_lossy(&body[..body.len().min(80)])
        );
        assert_eq!((answer.status, answer.shape()), (status, shape), "{what}");
        assert_eq!(answer.header("content-type"), Some("application/x-amz-json-1.0"), "{what}");
        assert!(answer.header("x-amzn-requestid").is_some(), "{what}");
    }
    assert_eq!(call(&endpoint, "ListQueues", json!({})).await.status, 200);
}

async fn every_action_survives_odd_values_in_every_field(kept: Kept) {
    let endpoint = Served::new(kept).await;
    let fields = [
        "QueueName",
        "QueueUrl",
        "Attributes",
        "AttributeNames",
        "MessageBody",
        "DelaySeconds",
        "MessageAttributes",
        "MessageSystemAttributes",
        "MessageDeduplicationId",
        "MessageGroupId",
        "MaxNumberOfMessages",
        "VisibilityTimeout",
        "WaitTimeSeconds",
        "ReceiveRequestAttemptId",
        "ReceiptHandle",
        "Entries",
        "MaxResults",
        "NextToken",
        "SourceArn",
        "DestinationArn",
        "MaxNumberOfMessagesPerSecond",
        "TaskHandle",
        "Tags",
        "MessageSystemAttributeNames",
    ];
    let values = [
        Value::Null,
        json!(-1),
        json!(0),
        json!(i64::MIN),
        json!(1e300),
        json!(true),
        json!(""),
        json!("é\u{0}"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"a": null}),
        json!({"a": {"DataType": "Binary", "BinaryValue": "%"}}),
        json!([{"Id": "a", "MessageBody": "m", "DelaySeconds": -5, "ReceiptHandle": "x"}]),
        json!(["All", "nonsense"]),
    ];
    for action in Action::ALL {
        // Its own: a queue that was deleted can't come back at once.
        let url = endpoint.create(&format!("for-{action}"), json!({})).await;
        for field in fields {
            for value in &values {
                let mut body = json!({ "QueueUrl": url });
                body[field] = value.clone();
                let answer = soon(call(&endpoint, action.as_str(), body.clone())).await;
                let expected =
                    answer.status == 200 || (400..404).contains(&answer.status) || answer.status == 404;
                assert!(expected, "{action} {body}: {answer:?}");
                assert!(answer.status == 200 || !answer.shape().is_empty(), "{action} {body}: {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_http_is_answered_too() {
    let endpoint = endpoint(Kept::InMemory).await;
    let answer = soon(exchange(&endpoint, b"\x16\x03\x01 hello\r\n\r\n")).await;
    assert_eq!(parse(&answer).status, 400);
    let half = soon(exchange(&endpoint, b"POST / HTTP/1.1\r\nHost: x\r\nX: \x01\r\n\r\n")).await;
    assert_eq!(parse(&half).status, 400);
    assert_eq!(call(&endpoint, "ListQueues", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_request_beyond_all_measure_is_refused() {
    let endpoint = endpoint(Kept::InMemory).await;
    let body = vec![b' '; (16 << 20) + 1];
    let answer = soon(request(&endpoint, "POST", Some("AmazonSQS.SendMessage"), &body)).await;
    assert_eq!(answer.status, 413);
}

async fn digests_are_those_of_the_service(kept: Kept) {
    let endpoint = endpoint(kept).await;
    let url = endpoint.queue_url("orders");
    let attributes = json!({ "timestamp": { "DataType": "Number", "StringValue": "1493147359900" } });
    let sent = call(
        &endpoint,
        "SendMessage",
        json!({ "QueueUrl": url, "MessageBody": "Test", "MessageAttributes": attributes,
            "MessageSystemAttributes": { "AWSTraceHeader": { "DataType": "String", "StringValue": "Root=1" } } }),
    )
    .await;
    assert_eq!(sent.body["MD5OfMessageBody"], "0cbc6611f5540bd0809a388dc95a615b");
    assert_eq!(sent.body["MD5OfMessageAttributes"], "235c5c510d26fb653d073faed50ae77c");
    assert!(sent.body["MD5OfMessageSystemAttributes"].is_string());
    let request = json!({ "QueueUrl": url, "MessageAttributeNames": ["time.*", "All"], "MessageSystemAttributeNames": ["All"] });
    let received = call(&endpoint, "ReceiveMessage", request).await;
    let message = &received.body["Messages"][0];
    assert_eq!(message["MD5OfBody"], sent.body["MD5OfMessageBody"]);
    assert_eq!(message["MD5OfMessageAttributes"], sent.body["MD5OfMessageAttributes"]);
    assert_eq!(message["Attributes"]["AWSTraceHeader"], "Root=1");
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
}

async fn attributes_come_only_when_they_are_asked_for(kept: Kept) {
    let endpoint = endpoint(kept).await;
    let url = endpoint.queue_url("orders");
    let attributes = json!({ "a.x": { "DataType": "Number.int", "StringValue": "7" },
        "b": { "DataType": "Binary", "BinaryValue": "AP8=" } });
    let body = json!({ "QueueUrl": url, "MessageBody": "m", "MessageAttributes": attributes });
    assert_eq!(call(&endpoint, "SendMessage", body).await.status, 200);
    let receive = async |names: Value| {
        let request = json!({ "QueueUrl": url, "VisibilityTimeout": 0, "MessageAttributeNames": names });
        call(&endpoint, "ReceiveMessage", request).await.body["Messages"][0].clone()
    };
    let plain = receive(json!([])).await;
    assert!(plain.get("MessageAttributes").is_none() && plain.get("Attributes").is_none());
    assert_eq!(receive(json!(["a.*"])).await["MessageAttributes"], json!({ "a.x": attributes["a.x"] }));
    assert_eq!(receive(json!(["b"])).await["MessageAttributes"], json!({ "b": attributes["b"] }));
    assert_eq!(receive(json!(["All"])).await["MessageAttributes"], attributes);
}

async fn lists_come_in_pages(kept: Kept) {
    let endpoint = Served::new(kept).await;
    for n in 0..5 {
        endpoint.create(&format!("a-{n}"), json!({})).await;
    }
    endpoint.create("b", json!({})).await;
    let mut urls = Vec::new();
    let mut token = Value::Null;
    loop {
        let request = json!({ "QueueNamePrefix": "a-", "MaxResults": 2, "NextToken": token });
        let page = call(&endpoint, "ListQueues", request).await.body;
        urls.extend(page["QueueUrls"].as_array().unwrap().clone());
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let expected: Vec<Value> = (0..5).map(|n| endpoint.queue_url(&format!("a-{n}")).into()).collect();
    assert_eq!(urls, expected);
    assert_eq!(
        call(&endpoint, "ListQueues", json!({ "MaxResults": 0 })).await.code(),
        "InvalidParameterValue"
    );
    assert_eq!(
        call(&endpoint, "ListQueues", json!({ "NextToken": "%" })).await.code(),
        "InvalidParameterValue"
    );
}

async fn dead_letters_are_moved_back_by_a_task(kept: Kept) {
    let endpoint = endpoint(kept).await;
    let dead = endpoint.create("dead", json!({})).await;
    let arn = attribute(&endpoint, &dead, "QueueArn").await;
    let policy = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": 1 }).to_string();
    let source = endpoint.create("source", json!({ "RedrivePolicy": policy })).await;
    asked(&endpoint, "SendMessage", json!({ "QueueUrl": source, "MessageBody": "m" })).await;
    for _ in 0..2 {
        asked(&endpoint, "ReceiveMessage", json!({ "QueueUrl": source, "VisibilityTimeout": 0 })).await;
    }
    let sources = asked(&endpoint, "ListDeadLetterSourceQueues", json!({ "QueueUrl": dead })).await;
    assert_eq!(sources["queueUrls"], json!([source]));
    let started = call(&endpoint, "StartMessageMoveTask", json!({ "SourceArn": arn })).await;
    assert!(started.body["TaskHandle"].is_string(), "{started:?}");
    let listed = call(&endpoint, "ListMessageMoveTasks", json!({ "SourceArn": arn })).await;
    assert_eq!(listed.body["Results"][0]["Status"], "COMPLETED");
    assert_eq!(listed.body["Results"][0]["ApproximateNumberOfMessagesMoved"], 1);
    let unknown = call(&endpoint, "CancelMessageMoveTask", json!({ "TaskHandle": "none" })).await;
    assert_eq!((unknown.status, unknown.code()), (404, "ResourceNotFoundException"));
    assert_eq!(visible(&endpoint, &source).await, 1);
}

async fn tags_and_attributes_of_a_queue(kept: Kept) {
    let endpoint = endpoint(kept).await;
    let url = endpoint.queue_url("orders");
    for action in ["TagQueue", "UntagQueue", "ListQueueTags"] {
        assert_eq!(call(&endpoint, action, json!({ "QueueUrl": url, "Tags": {} })).await.status, 200);
    }
    let ask = async |names: Value| {
        call(&endpoint, "GetQueueAttributes", json!({ "QueueUrl": url, "AttributeNames": names })).await
    };
    assert_eq!(
        ask(json!(["VisibilityTimeout"])).await.body,
        json!({ "Attributes": { "VisibilityTimeout": "30" } })
    );
    assert_eq!(ask(json!([])).await.body, json!({}));
    assert_eq!(ask(json!(["Nonsense"])).await.code(), "InvalidAttributeName");
    let set = call(
        &endpoint,
        "SetQueueAttributes",
        json!({ "QueueUrl": url, "Attributes": { "VisibilityTimeout": "9" } }),
    )
    .await;
    assert_eq!(set.status, 200);
    assert_eq!(ask(json!(["All"])).await.body["Attributes"]["VisibilityTimeout"], "9");
}

async fn a_client_that_leaves_during_a_long_poll_takes_nothing_along(kept: Kept) {
    let endpoint = endpoint(kept).await;
    let url = endpoint.queue_url("orders");
    let client = endpoint.client();
    let poll = client.receive_message().queue_url(&url).wait_time_seconds(20).send();
    tokio::select! {
        _ = poll => panic!("the queue is empty"),
        () = async {
            while !endpoint.calls().contains_key(&Action::ReceiveMessage) {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    drop(client);
    // The connection ends some time after its client did; until then the poll may still take the message.
    asked(&endpoint, "SendMessage", json!({ "QueueUrl": url, "MessageBody": "m" })).await;
    let request = json!({ "QueueUrl": url, "WaitTimeSeconds": 20, "VisibilityTimeout": 0 });
    soon(async { while asked(&endpoint, "ReceiveMessage", request.clone()).await["Messages"].is_null() {} })
        .await;
}

async fn faults_look_to_the_client_like_those_of_a_network(kept: Kept) {
    let endpoint = endpoint(kept).await;
    let faults = endpoint.faults();
    faults.inject(FaultRule::new(Fault::Reset).times(1));
    assert!(
        soon(exchange(
            &endpoint,
            b"POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 0\r\n\r\n"
        ))
        .await
        .is_empty()
    );
    faults.inject(FaultRule::new(Fault::Throttle).times(1));
    let throttled = call(&endpoint, "ListQueues", json!({})).await;
    assert_eq!((throttled.status, throttled.code()), (400, "RequestThrottled"));
    faults.inject(FaultRule::new(Fault::InternalError).times(1));
    let failed = call(&endpoint, "ListQueues", json!({})).await;
    assert_eq!((failed.status, failed.header("x-amzn-query-error")), (500, Some("InternalError;Receiver")));
    faults.inject(FaultRule::new(Fault::Slow(Duration::from_millis(1))).times(1));
    assert_eq!(call(&endpoint, "ListQueues", json!({})).await.status, 200);
    assert_eq!(faults.injected(), 4);
}

#[tokio::test]
async fn a_stopped_endpoint_frees_its_port() {
    let endpoint = LocalEndpoint::start().await.unwrap();
    create(&endpoint, "orders", json!({})).await;
    let (broker, address) = (endpoint.broker().clone(), endpoint.address());
    endpoint.shutdown().await;
    let again = LocalEndpoint::start_with(broker, address).await.unwrap();
    assert_eq!(call(&again, "ListQueues", json!({})).await.body["QueueUrls"].as_array().unwrap().len(), 1);
}
