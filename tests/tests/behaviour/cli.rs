//! The command line against queues of another process: SQS's protocol over the local endpoint.

use std::path::PathBuf;
use std::process::Command;

use event_registry::local::LocalRegistry;
use event_runtime::Codec;
use event_runtime::delivery::attribute;
use event_runtime::embedded::{MessageAttribute, OutgoingMessage, Queue, QueueSettings, ReceiveRequest};
use event_transport_sqs::local::LocalEndpoint;
use serde_json::{Value, json};

struct Fixture {
    endpoint: LocalEndpoint,
    config: PathBuf,
    orders: Queue,
    dead: Queue,
}

impl Fixture {
    async fn new(name: &str) -> Self {
        let endpoint = LocalEndpoint::start().await.unwrap();
        let queue = |name| endpoint.broker().create_queue(name, QueueSettings::new()).unwrap();
        let (orders, dead) = (queue("orders"), queue("dead"));
        let client = json!({
            "region": "eu-central-1", "endpoint_url": endpoint.url(), "access_key_id": "x", "secret_access_key": "x",
        });
        let config = json!({
            "sqs_producer_pool_bundle": {
                "sqs_producer_client": client,
                "sqs_producer_configurations": [{ "producer_id": "all", "queue_url": endpoint.queue_url("orders") }],
                "producer_pool": { "producer_pool_id": "main", "supported_payload_types": { "all": ["*"] } },
            },
            "sqs_consumer_bundle": {
                "sqs_consumer_client": client,
                "sqs_consumer_configuration": {
                    "queue_url": endpoint.queue_url("orders"), "dead_letter_queue_url": endpoint.queue_url("dead"),
                },
            },
        });
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, config.to_string()).unwrap();
        Self { endpoint, config: path, orders, dead }
    }

    /// The exit code and the lines of a run.
    async fn run(&self, arguments: &[&str]) -> (i32, Vec<Value>) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_events"));
        command.args(arguments).arg("--config").arg(&self.config).args(["--format", "json"]);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let code = output.status.code().unwrap();
        if code != 0 {
            println!("{}", String::from_utf8_lossy(&output.stderr));
        }
        (code, lines)
    }

    fn bury(&self, id: &str, code: &str) {
        let payload = json!({
            "user_id": "01930001-5c1e-7a40-8b6d-3f2a9c000001", "phone_number": "planted-secret", "otp": "123456",
            "expires_at": "2026-03-05T10:25:00Z",
        });
        let body =
            json!({ "id": id, "payload_type": "PasswordRecoveryOTPSMS", "payload": payload }).to_string();
        let record = json!({
            "error": { "code": code, "message": "why" }, "attempts": 6, "failed_at": "2026-01-01T00:00:00Z", "source": "orders",
        });
        let letter = OutgoingMessage::new(body)
            .with_attribute(MessageAttribute::string(attribute::DEAD_LETTER, record.to_string()));
        self.dead.try_send(letter).unwrap();
    }

    fn counts(&self) -> (usize, usize) {
        (self.orders.counts().unwrap().visible, self.dead.counts().unwrap().visible)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_emitted_counted_and_shown() {
    let fixture = Fixture::new("emit").await;
    let payload = concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/fixtures/UserRegisteredEvent.v3/full.json");
    let (code, lines) = fixture.run(&["emit", "UserRegisteredEvent", payload, "--id", "e-1"]).await;
    assert_eq!((code, &lines[0]["id"]), (0, &json!("e-1")));
    let (_, stats) = fixture.run(&["queue", "stats", "orders"]).await;
    assert_eq!((stats.len(), &stats[0]["visible"]), (1, &json!(1)));
    let (code, shown) = fixture.run(&["tail", "sqs"]).await;
    assert_eq!((code, shown.len(), &shown[0]["id"]), (0, 1, &json!("e-1")));
    // Personal data is hidden, the rest is not.
    assert_eq!(
        (&shown[0]["payload"]["email"], &shown[0]["payload"]["locale"]),
        (&json!("[redacted]"), &json!("de-AT"))
    );
    assert_eq!(fixture.counts(), (1, 0));
    let (_, revealed) = fixture.run(&["tail", "orders", "--reveal"]).await;
    assert_eq!(revealed[0]["payload"]["email"], "ada.brunner@example.com");
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_redriven_and_discarded() {
    let fixture = Fixture::new("dead").await;
    for (id, code) in [("a", "TIMED_OUT"), ("b", "TIMED_OUT"), ("c", "HANDLER_FAILED")] {
        fixture.bury(id, code);
    }
    let (code, listed) = fixture.run(&["dlq", "list", "--code", "timed-out"]).await;
    let ids: Vec<_> = listed.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!((code, ids), (0, vec!["a", "b"]));
    let (code, shown) = fixture.run(&["dlq", "show", "c"]).await;
    assert_eq!((code, &shown[0]["dead_letter"]["error"]["code"]), (0, &json!("HANDLER_FAILED")));
    assert!(!shown[0].to_string().contains("planted-secret"), "{shown:?}");
    assert_eq!(fixture.run(&["dlq", "show", "nobody"]).await.0, 1);

    let (code, dry) = fixture.run(&["dlq", "redrive", "--code", "TIMED_OUT", "--dry-run"]).await;
    assert_eq!((code, &dry[0]["matched"], fixture.counts()), (0, &json!(2), (0, 3)));
    let (code, done) = fixture.run(&["dlq", "redrive", "--code", "TIMED_OUT", "--rate", "50"]).await;
    assert_eq!((code, &done[0]["moved"], fixture.counts()), (0, &json!(2), (2, 1)));
    let back = fixture.orders.try_receive(&ReceiveRequest::new().max(10)).unwrap();
    for message in back {
        let names: Vec<_> = message.attributes().iter().map(MessageAttribute::name).collect();
        assert_eq!(names, [attribute::HOPS]);
        assert!(Codec::decode(message.body().clone()).is_ok());
    }
    let (code, gone) = fixture.run(&["dlq", "discard", "dead", "--older-than", "1d", "--yes"]).await;
    assert_eq!((code, &gone[0]["discarded"], fixture.counts().1), (0, &json!(1), 0));
}

/// Register, check, fetch; and what is emitted carries the id.
#[tokio::test(flavor = "multi_thread")]
async fn schemas_are_registered_and_events_carry_their_ids() {
    let fixture = Fixture::new("registry").await;
    let registry = LocalRegistry::start().await.unwrap();
    let mut config: Value = serde_json::from_str(&std::fs::read_to_string(&fixture.config).unwrap()).unwrap();
    config["schema_registry"] = json!({ "url": registry.url(), "backoff_milliseconds": 0 });
    std::fs::write(&fixture.config, config.to_string()).unwrap();
    let payload = concat!(env!("CARGO_MANIFEST_DIR"), "/../packs/fixtures/UserRegisteredEvent.v3/full.json");
    assert_eq!(fixture.run(&["emit", "UserRegisteredEvent", payload]).await.0, 1, "nothing is registered");

    let (code, checked) = fixture.run(&["registry", "check"]).await;
    assert!(code == 0 && checked.len() > 29 && checked.iter().all(|line| line["state"] == "missing"));
    assert_eq!(fixture.run(&["registry", "check", "--all"]).await.0, 1);
    let (code, planned) = fixture.run(&["registry", "register", "--dry-run"]).await;
    assert_eq!((code, planned.len()), (0, checked.len()));
    let (code, done) = fixture.run(&["registry", "register"]).await;
    assert_eq!((code, done.len()), (0, checked.len()));
    assert_eq!(fixture.run(&["registry", "register"]).await, (0, vec![]));
    assert_eq!(fixture.run(&["registry", "check", "--all"]).await.0, 0);

    assert_eq!(fixture.run(&["emit", "UserRegisteredEvent", payload]).await.0, 0);
    let (_, shown) = fixture.run(&["tail", "sqs"]).await;
    assert_eq!(shown[0]["headers"]["schema-id"], "[redacted]");
    let (_, shown) = fixture.run(&["tail", "sqs", "--reveal"]).await;
    let id = shown[0]["headers"]["schema-id"].as_str().unwrap().to_owned();
    let (code, fetched) = fixture.run(&["registry", "fetch", "--id", &id]).await;
    assert_eq!((code, &fetched[0]["x-event"]["type"]), (0, &json!("UserRegisteredEvent")));
    let (code, fetched) = fixture.run(&["registry", "fetch", "UserRegisteredEvent.v1"]).await;
    assert_eq!((code, &fetched[0]["x-event"]["version"]), (0, &json!(1)));
    assert_eq!(fixture.run(&["registry", "fetch", "NoSuchEvent.v1"]).await.0, 1);
    assert_eq!(
        fixture.run(&["registry", "fetch", "UserRegisteredEvent.v1", "--subject-version", "9"]).await.0,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_refuses_or_does_not_answer_is_said() {
    let fixture = Fixture::new("registry-refuses").await;
    let registry = LocalRegistry::start().await.unwrap();
    registry.require("Bearer other");
    let url = registry.url();
    assert_eq!(fixture.run(&["registry", "check", "--url", &url]).await.0, 1);
    assert_eq!(fixture.run(&["registry", "check"]).await.0, 2, "no registry is named");
    assert_eq!(fixture.run(&["registry", "check", "--url", "nowhere"]).await.0, 2);
    assert_eq!(fixture.run(&["registry", "check", "--url", &url, "--subject", "x"]).await.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_a_missing_queue() {
    let fixture = Fixture::new("doctor").await;
    assert_eq!(fixture.run(&["doctor"]).await.0, 0);
    fixture.endpoint.broker().delete_queue("dead").unwrap();
    let (code, findings) = fixture.run(&["doctor"]).await;
    let wrong: Vec<_> = findings.iter().filter(|finding| finding["state"] == "wrong").collect();
    assert_eq!((code, wrong.len()), (1, 1), "{findings:?}");
    assert!(wrong[0]["text"].as_str().unwrap().contains("dead_letter_queue_url"));
}
