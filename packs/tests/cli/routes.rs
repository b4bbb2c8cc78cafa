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

#[test]
fn values_of_the_wrong_type_are_said_where_they_stand() {
    let file = folder("types").join("config.json");
    let places = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let run = run(&["routes", "check", file.to_str().unwrap(), "--format", "json"]);
        assert_eq!(run.code, 1, "{text}: {}", run.err);
        run.lines().iter().map(|line| (line["place"].clone(), line["mistake"].clone())).collect::<Vec<_>>()
    };
    let list = places("[1, 2]");
    assert!(list.len() == 1 && list[0].1.as_str().unwrap().contains("a list where an object"), "{list:?}");
    let both = places(r#"{ "sqs_consumer_bundle": 5, "sqs_producer_pool_bundle": [] }"#);
    for place in ["sqs_consumer_bundle", "sqs_producer_pool_bundle"] {
        let found = both.iter().find(|(at, _)| at == place).unwrap_or_else(|| panic!("{place} in {both:?}"));
        assert!(found.1.as_str().unwrap().contains("where an object belongs"), "{found:?}");
    }
    let unknown = places(
        r#"{ "embedded_consumer_bundle": {
            "embedded_consumer_cient": {}, "embedded_consumer_configuration": { "queue_url": "q" } } }"#,
    );
    assert!(
        unknown.iter().any(|(at, _)| at == "embedded_consumer_bundle.embedded_consumer_cient"),
        "{unknown:?}"
    );
    let a_folder = folder("types");
    assert_eq!(run(&["routes", "check", a_folder.to_str().unwrap()]).code, 2, "a folder is no file");
}
