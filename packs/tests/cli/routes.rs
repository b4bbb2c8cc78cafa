//! `routes explain` and `routes check`.

use super::{CONFIG, folder, run};

#[test]
fn explain_says_who_takes_an_event_and_who_does_not() {
    let run = run(&["routes", "explain", "OrderPaidEvent", "-c", CONFIG, "--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let takes = |producer: &str| {
        let lines = run.lines();
        let line = lines.iter().find(|line| line["producer"] == producer).unwrap().clone();
        (line["takes"].as_bool().unwrap(), line["queue"].as_str().unwrap().to_owned())
    };
    assert_eq!(takes("orders_producer"), (true, "orders.fifo".to_owned()));
    assert_eq!(takes("audit_producer"), (true, "audit".to_owned()));
    assert_eq!(takes("rest_producer"), (false, "rest".to_owned()));
}

#[test]
fn an_unknown_event_gets_the_nearest_name() {
    let run = run(&["routes", "explain", "OrderPaydEvent", "-c", CONFIG]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("OrderPaidEvent"), "{}", run.err);
}

#[test]
fn a_right_configuration_has_no_mistakes() {
    let run = run(&["routes", "check", CONFIG, "--format", "json"]);
    assert_eq!((run.code, run.lines().len()), (0, 0), "{}{}", run.out, run.err);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let file = folder("routes").join("wrong.json");
    let text = std::fs::read_to_string(CONFIG).unwrap();
    let text = text
        .replace("\"CampaignPushNotificationEvent\"", "\"CampaignPushNotificationEvnt\"")
        .replace("[\"OrderMessagePack\"]", "[\"OrdersMessagePack\"]")
        .replace("\"requeue_max_retries\": 5", "\"requeue_max_retries\": -1")
        .replace(
            "\"queue_url\": \"rest\", \"wait_time_seconds\"",
            "\"queue_url\": \"rest\", \"wait_seconds\"",
        );
    std::fs::write(&file, text).unwrap();
    let run = run(&["routes", "check", file.to_str().unwrap(), "--format", "json"]);
    assert_eq!(run.code, 1, "{}", run.err);
    let places: Vec<_> = run.lines().iter().map(|line| line["place"].as_str().unwrap().to_owned()).collect();
    for part in ["notifications_producer[1]", "orders_producer[0]", "requeue_max_retries", "wait_seconds"] {
        assert!(places.iter().any(|place| place.contains(part)), "{part} in {places:?}");
    }
}

#[test]
fn a_missing_or_broken_file_is_said() {
    assert_eq!(run(&["routes", "check", "nowhere.json"]).code, 2);
    let file = folder("broken").join("broken.json");
    std::fs::write(&file, "{ \"embedded\": ").unwrap();
    assert_eq!(run(&["routes", "check", file.to_str().unwrap()]).code, 1);
}

#[test]
fn sqs_routing_is_checked_without_sqs() {
    let file = folder("sqs").join("config.json");
    let text = r#"{ "sqs_producer_pool_bundle": {
        "sqs_producer_client": { "region": "eu-central-1" },
        "sqs_producer_configurations": [{ "producer_id": "all", "queue_url": "https://x/1/all.fifo", "is_fifo": true }],
        "producer_pool": { "producer_pool_id": "main", "supported_payload_types": { "al": ["*"] } } } }"#;
    std::fs::write(&file, text).unwrap();
    let wrong = run(&["routes", "check", file.to_str().unwrap()]);
    assert_eq!(wrong.code, 1, "{}", wrong.out);
    assert!(wrong.out.contains("did you mean `all`"), "{}", wrong.out);
    std::fs::write(&file, text.replace("\"al\"", "\"all\"")).unwrap();
    let right = run(&["routes", "check", file.to_str().unwrap(), "--every-event"]);
    assert_eq!(right.code, 0, "{}", right.out);
}
