//! Sizes, characters and attributes of messages.

use super::under_test::*;

pub async fn max(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    // Name, type and value count: 1 + 6 + 3 bytes.
    let with_attribute = |body: usize| Send::body("m".repeat(body)).attribute("a", "String", "xyz");
    q.send(&queue, with_attribute((1 << 20) - 10)).await.unwrap();
    vec![fault(q.send(&queue, with_attribute((1 << 20) - 9)).await)]
}

pub async fn queue_limit(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[("MaximumMessageSize", "1024")]).await;
    q.send(&queue, Send::body("m".repeat(1024))).await.unwrap();
    let over = Send::body("m".repeat(1015)).attribute("a", "String", "xyz");
    refused(q.send(&queue, over).await, "InvalidParameterValue");
    for limit in ["1023", "1048577"] {
        let result = q.set_attributes(&queue, &[("MaximumMessageSize", limit)]).await;
        refused(result, "InvalidAttributeValue");
    }
    NO_FAULT
}

pub async fn content_empty(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    vec![fault(q.send(&queue, Send::body("")).await)]
}

pub async fn content_charset(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    for character in ['\0', '\u{8}', '\u{13}', '\u{FFFF}'] {
        let result = q.send(&queue, Send::body(format!("a{character}ü"))).await;
        refused(result, "InvalidMessageContents");
    }
    let all = "\t\n\r \u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}";
    q.put(&queue, all).await;
    assert_eq!(q.take_one(&queue).await.body, all);
    NO_FAULT
}

pub async fn attributes_max_10(q: &impl QueueUnderTest) -> Faults {
    let queue = q.standard(&[]).await;
    let many = |count: usize| {
        (0..count).fold(Send::body("m"), |message, n| message.attribute(&format!("a{n}"), "String", "x"))
    };
    q.send(&queue, many(10)).await.unwrap();
    refused(q.send(&queue, many(11)).await, "InvalidParameterValue");
    let long = "n".repeat(257);
    for name in ["", "AWS.x", "Amazon.x", ".a", "a.", "a b", &long] {
        let result = q.send(&queue, Send::body("m").attribute(name, "String", "x")).await;
        refused(result, "InvalidParameterValue");
    }
    for (data_type, value) in [("Stringy", "x"), ("Number", "x"), ("String", "")] {
        let result = q.send(&queue, Send::body("m").attribute("a", data_type, value)).await;
        refused(result, "InvalidParameterValue");
    }
    NO_FAULT
}
