//! The rules `email`, `url`, `uuid` and `ip` against the formats of the JSON Schema test suite.

use event_runtime::Validate;

use super::data;

#[derive(Validate)]
struct Email(#[validate(email)] String);

#[derive(Validate)]
struct Url(#[validate(url)] String);

#[derive(Validate)]
struct Uuid(#[validate(uuid)] String);

#[derive(Validate)]
struct Ip(#[validate(ip)] String);

/// Whether the rule of a format accepts a text; `None` where no rule stands for the format.
fn accepts(format: &str, text: &str) -> Option<bool> {
    let text = text.to_owned();
    Some(match format {
        "email" => Email(text).validate().is_ok(),
        "uri" => Url(text).validate().is_ok(),
        "uuid" => Uuid(text).validate().is_ok(),
        // `ip` accepts both kinds; that a text of the one kind is none of the other is no rule here.
        "ipv4" => Ip(text.clone()).validate().is_ok() && text.parse::<std::net::Ipv6Addr>().is_err(),
        "ipv6" => Ip(text.clone()).validate().is_ok() && text.parse::<std::net::Ipv4Addr>().is_err(),
        _ => return None,
    })
}

#[test]
fn formats() {
    let Some(suite) = data::load("json-schema/formats.json") else { return };
    let (mut checked, mut wrong) = (0, Vec::new());
    for group in suite["groups"].as_array().unwrap() {
        let format = group["schema"]["format"].as_str().unwrap();
        for test in group["tests"].as_array().unwrap() {
            let Some(text) = test["data"].as_str() else { continue };
            let Some(accepted) = accepts(format, text) else { continue };
            checked += 1;
            if accepted != test["valid"].as_bool().unwrap() {
                wrong.push(format!("{format}: {} ({text:?})", test["description"]));
            }
        }
    }
    assert!(checked > 80, "{checked} cases");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
