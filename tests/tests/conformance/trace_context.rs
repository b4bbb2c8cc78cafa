//! W3C Trace Context: traceparent and tracestate.

use event_runtime::envelope::{TraceParent, TraceState};
use serde_json::Value;

use super::data::{cases, load};

#[test]
fn traceparents_parse_as_the_specification_says() {
    let Some(data) = load("trace-context/parser.json") else { return };
    for (id, case) in cases(&data, "traceparent") {
        let header = case["header"].as_str().unwrap();
        let parser = case["parser"].as_str().unwrap();
        let valid = match parser {
            "strict version-00" => TraceParent::parse_version_00(header).is_ok(),
            parser if parser.starts_with("syntax-only") => TraceParent::parse_fields(header).is_ok(),
            unknown => panic!("{id}: {unknown}"),
        };
        assert_eq!(valid, case["expect"] == "valid", "{id}");
        if header.starts_with("00-") && valid {
            assert_eq!(TraceParent::parse_fields(header).unwrap().to_string(), header, "{id}");
        }
    }
}

#[test]
fn tracestates_parse_as_the_specification_says() {
    let Some(data) = load("trace-context/parser.json") else { return };
    for (id, case) in cases(&data, "tracestate") {
        let header = case["header"].as_str().unwrap();
        let state: Result<TraceState, _> = header.parse();
        assert_eq!(state.is_ok(), case["expect"] == "valid", "{id}");
        if let (Ok(state), Value::String(canonical)) = (state, &case["canonical"]) {
            assert_eq!(state.as_str(), canonical, "{id}");
        }
    }
}
