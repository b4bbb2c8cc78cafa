//! Bad input: an error that names the place, nothing quoted, nothing lost, no panic.

use bytes::Bytes;
use event_runtime::Codec;
use event_runtime::event::{DecodeError, DecodeErrorKind, ErrorCategory};

const NATIVE: &str = r#"{"id":"ü1","payload_type":"T","headers":{"a":"b"},"payload":{"c":[1,"é"]}}"#;
const CLOUD_EVENT: &str = r#"{"specversion":"1.0","id":"1","source":"/","type":"T","data":{"a":"é"}}"#;
const EVENT_BRIDGE: &str =
    r#"{"id":"1","detail-type":"T","source":"s","detail":{"eventmeta":{"id":"2"},"data":[]}}"#;

fn refused(body: impl Into<Bytes>) -> DecodeError {
    let body = body.into();
    let error = Codec::decode(body.clone()).expect_err(&String::from_utf8_lossy(&body));
    assert_eq!(error.kind(), DecodeErrorKind::Malformed);
    error
}

#[test]
fn a_truncated_body_ends_early_wherever_it_is_cut() {
    for body in [NATIVE, CLOUD_EVENT, EVENT_BRIDGE] {
        assert!(Codec::decode(Bytes::from(body)).is_ok());
        for length in 0..body.len() {
            let error = refused(Bytes::copy_from_slice(&body.as_bytes()[..length]));
            assert_eq!(error.category(), Some(ErrorCategory::Eof), "cut at {length}: {error}");
        }
    }
}

#[test]
fn text_that_is_no_json_is_a_syntax_error() {
    for body in [
        "no json",
        "{'id':'1'}",
        "{\"id\":\"1\",}",
        "{\"id\" \"1\"}",
        "{\"id\":01}",
        "\u{feff}{}",
        "{\"id\":\"\u{1}\"}",
        "{\"id\":\"\\x\"}",
        "{\"id\":\"\\ud800\",\"payload_type\":\"T\",\"payload\":{}}",
        "{\"id\":\"1\",\"payload_type\":\"T\",\"payload\":{\"a\":tru}}",
        "{\"id\":\"1\",\"payload_type\":\"T\",\"payload\":{}} {}",
        "{\"id\":\"1\",\"payload_type\":\"T\",\"payload\":{\"a\":[}}",
    ] {
        assert_eq!(refused(body).category(), Some(ErrorCategory::Syntax), "{body}");
    }
}

#[test]
fn json_that_is_no_object_is_of_the_wrong_shape() {
    for body in ["null", "[]", "1", "\"text\"", "[{\"id\":\"1\"}]"] {
        assert_eq!(refused(body).category(), Some(ErrorCategory::Data), "{body}");
    }
}

#[test]
fn bytes_that_are_no_utf_8_are_an_encoding_error_with_its_place() {
    let mut body = b"{\n\"id\":\"a\xff\"}".to_vec();
    let error = refused(body.clone());
    assert_eq!(error.category(), Some(ErrorCategory::Encoding));
    assert!(error.to_string().contains("line 2 column 8"), "{error}");
    // An overlong spelling and a surrogate are none either.
    for wrong in [&b"\xc0\xaf"[..], b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
        body.splice(9..10, wrong.iter().copied());
        assert_eq!(refused(body.clone()).category(), Some(ErrorCategory::Encoding));
    }
}

#[test]
fn members_of_another_type_are_refused_by_name() {
    for (member, value) in [
        ("id", "1"),
        ("id", "null"),
        ("payload_type", "[]"),
        ("version", "\"1\""),
        ("version", "-1"),
        ("version", "1.5"),
        ("version", "4294967296"),
        ("version", "null"),
        ("occurred_at", "1767225600"),
        ("source", "{}"),
        ("correlation_id", "7"),
        ("causation_id", "true"),
        ("traceparent", "[]"),
        ("tracestate", "0"),
        ("partition_key", "1"),
        ("tenant_id", "{}"),
        ("user_id", "12"),
        ("sender", "[\"a\"]"),
        ("to", "\"a\""),
        ("to", "[1]"),
        ("headers", "[]"),
        ("headers", "{\"a\":1}"),
        ("extensions", "[]"),
    ] {
        let members: String = [("id", "\"1\""), ("payload_type", "\"T\"")]
            .iter()
            .filter(|(name, _)| *name != member)
            .map(|(name, value)| format!("\"{name}\":{value},"))
            .collect();
        let error = refused(format!("{{{members}\"{member}\":{value},\"payload\":{{}}}}"));
        assert_eq!(error.category(), Some(ErrorCategory::Data), "{member}: {value}");
        assert!(error.to_string().contains(&format!("`{member}`")), "{member}: {error}");
    }
}

#[test]
fn absent_and_null_are_the_same_for_what_is_optional() {
    let optional = "\"source\":null,\"to\":null,\"headers\":null,\"occurred_at\":null,\"tenant_id\":null,";
    let body = format!("{{{optional}\"id\":\"1\",\"payload_type\":\"T\",\"payload\":null}}");
    let message = Codec::decode(Bytes::from(body)).unwrap();
    assert_eq!(message.metadata().source, None);
    assert_eq!((message.payload(), message.metadata().version), ("null", 1));
}

#[test]
fn a_member_that_appears_twice_is_refused() {
    for body in [
        r#"{"id":"1","id":"1","payload_type":"T","payload":{}}"#,
        r#"{"id":"1","\u0069d":"2","payload_type":"T","payload":{}}"#,
        r#"{"id":"1","payload_type":"T","payload":{},"payload":{}}"#,
        r#"{"id":"1","payload_type":"T","new":1,"new":2,"payload":{}}"#,
        r#"{"id":"1","payload_type":"T","new":1,"extensions":{"new":2},"payload":{}}"#,
        r#"{"id":"1","payload_type":"T","headers":{"a":"1","a":"2"},"payload":{}}"#,
        r#"{"specversion":"1.0","specversion":"1.0","id":"1","source":"/","type":"T"}"#,
        r#"{"specversion":"1.0","id":"1","source":"/","type":"T","data":1,"data":2}"#,
        r#"{"specversion":"1.0","id":"1","source":"/","type":"T","ext":1,"ext":2}"#,
        r#"{"id":"1","detail-type":"T","detail":{},"detail":{}}"#,
        r#"{"id":"1","detail-type":"T","detail":{},"account":"1","account":"2"}"#,
    ] {
        assert_eq!(refused(body).category(), Some(ErrorCategory::Data), "{body}");
    }
}

#[test]
fn missing_members_are_named() {
    for (member, body) in [
        ("id", r#"{"payload_type":"T","payload":{}}"#),
        ("payload_type", r#"{"id":"1","payload":{}}"#),
        ("payload", r#"{"id":"1","payload_type":"T"}"#),
        ("source", r#"{"specversion":"1.0","id":"1","type":"T"}"#),
        ("type", r#"{"specversion":"1.0","id":"1","source":"/"}"#),
        ("specversion", r#"{"specversion":null,"id":"1","source":"/","type":"T"}"#),
        ("id", r#"{"detail-type":"T","detail":{}}"#),
    ] {
        let error = refused(body);
        assert!(error.to_string().contains(&format!("`{member}` is missing")), "{body}: {error}");
    }
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    const DEPTH: usize = 500_000;
    let (open, close) = ("[".repeat(DEPTH), "]".repeat(DEPTH));
    let objects = format!("{}1{}", "{\"a\":".repeat(DEPTH), "}".repeat(DEPTH));
    for nested in [format!("{open}{close}"), objects] {
        let body = format!("{{\"id\":\"1\",\"payload_type\":\"T\",\"new\":{nested},\"payload\":{nested}}}");
        let message = Codec::decode(Bytes::from(body)).unwrap();
        assert_eq!(message.payload(), nested, "the payload is not parsed");
        assert!(serde_json::from_str::<serde_json::Value>(message.payload()).is_err());
        for codec in [Codec::cloud_events("s"), Codec::event_bridge("s")] {
            let there = codec.transcode(&message).unwrap();
            let back = Codec::decode(there.body().as_bytes().clone()).unwrap();
            assert_eq!(back.payload(), nested);
        }
    }
    for body in [
        open.clone(),
        format!("{{\"payload\":{open}"),
        format!("{{\"id\":{open}{close}}}"),
        format!("{{\"headers\":{open}{close}}}"),
        format!(
            "{{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/\",\"type\":\"T\",\"eventmeta\":\"{open}\",\"data\":{open}"
        ),
        format!("{{\"id\":\"1\",\"detail-type\":\"T\",\"detail\":{{\"eventmeta\":{open}"),
    ] {
        refused(body);
    }
}

#[test]
fn no_error_quotes_a_value() {
    const PLANTED: &str = "4111-1111-1111-1111";
    for body in [
        format!(r#"{{"id":"1","payload_type":"T","version":"{PLANTED}","payload":{{}}}}"#),
        format!(r#"{{"id":"1","payload_type":"T","occurred_at":"{PLANTED}","payload":{{}}}}"#),
        format!(r#"{{"id":"1","payload_type":"T","headers":{{"{PLANTED}":1}},"payload":{{}}}}"#),
        format!(r#"{{"id":"1","payload_type":"T","{PLANTED}":1,"{PLANTED}":2,"payload":{{}}}}"#),
        format!(r#"{{"id":"1","payload_type":"T","payload":"{PLANTED}" x"#),
        format!(r#"{{"specversion":"{PLANTED}","id":"1","source":"/","type":"T"}}"#),
        format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"T","{PLANTED}":1}}"#),
        format!(r#"{{"specversion":"1.0","id":"1","source":"/","type":"T","eventversion":"{PLANTED}"}}"#),
        format!(r#"{{"id":"1","detail-type":"T","detail":1,"time":"{PLANTED}"}}"#),
        format!("\"{PLANTED}\""),
    ] {
        let error = refused(body);
        assert!(!format!("{error} {error:?}").contains(PLANTED), "{error:?}");
    }
}

#[test]
fn the_event_of_a_batch_that_is_wrong_is_named_by_its_index() {
    let body = format!("[\n  {CLOUD_EVENT},\n  {{\"specversion\":\"1.0\"}}\n]");
    let error = Codec::decode_batch(Bytes::from(body)).unwrap_err();
    assert_eq!(error.category(), Some(ErrorCategory::Data));
    assert!(error.to_string().contains("line 3"), "{error}");
    for (body, category) in [
        ("{}", ErrorCategory::Data),
        ("[", ErrorCategory::Eof),
        ("[1]", ErrorCategory::Data),
        (NATIVE, ErrorCategory::Data),
        ("[]]", ErrorCategory::Syntax),
    ] {
        assert_eq!(Codec::decode_batch(Bytes::from(body)).unwrap_err().category(), Some(category), "{body}");
    }
    let native = Codec::decode_batch(Bytes::from(format!("[{NATIVE}]")));
    assert!(native.is_err(), "a batch holds CloudEvents");
}
