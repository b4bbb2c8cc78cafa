//! What CloudEvents 1.0 allows as the name and the value of a context attribute.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// Whether `name` may be an attribute's name: lower-case ASCII letters and digits.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Whether an attribute may have this value: a string, a boolean, or an integer of 32 bits.
pub(super) fn is_value(value: &RawValue) -> bool {
    let json = value.get();
    json.starts_with('"') || matches!(json, "true" | "false") || json.parse::<i32>().is_ok()
}

/// Whether an attribute that the specification itself defines may have this text.
pub(super) fn is_valid(name: &str, text: &str) -> bool {
    match name {
        "source" => is_uri_reference(text),
        "dataschema" => is_uri(text),
        "datacontenttype" => media_type(text).is_some(),
        _ => !text.is_empty(),
    }
}

/// The text of a JSON string.
pub(super) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let inner = value.get().strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(value.get()).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Whether data of this content type is JSON: the subtype is `json` or ends in `+json`, under a registered
/// top-level type.
pub(super) fn is_json(content_type: &str) -> bool {
    const REGISTERED: [&str; 10] = [
        "application",
        "audio",
        "font",
        "haptics",
        "image",
        "message",
        "model",
        "multipart",
        "text",
        "video",
    ];
    let Some((kind, subtype)) = media_type(content_type) else { return false };
    let json = subtype.len().checked_sub(5).and_then(|start| subtype.get(start..));
    REGISTERED.iter().any(|registered| kind.eq_ignore_ascii_case(registered))
        && (subtype.eq_ignore_ascii_case("json") || json.is_some_and(|end| end.eq_ignore_ascii_case("+json")))
}

/// Type and subtype of a media type (RFC 2046); its parameters are not looked into.
fn media_type(text: &str) -> Option<(&str, &str)> {
    let is_token = |token: &str| {
        !token.is_empty()
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte))
    };
    let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
    let (kind, subtype) = essence.split_once('/')?;
    let printable = parameters.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    (is_token(kind) && is_token(subtype) && printable).then_some((kind, subtype))
}

/// RFC 3986: not empty, only characters of a URI, every `%` followed by two hexadecimal digits, one `#` at most.
fn is_uri_reference(text: &str) -> bool {
    let mut bytes = text.bytes();
    let mut fragments = 0;
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => {
                let (first, second) = (bytes.next(), bytes.next());
                [first, second].iter().all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit()))
            }
            b'#' => {
                fragments += 1;
                fragments == 1
            }
            byte => is_uri_character(byte),
        };
        if !fits {
            return false;
        }
    }
    !text.is_empty() && (scheme_length(text).is_some() || !has_colon_in_first_segment(text))
}

/// A URI-reference that begins with a scheme.
fn is_uri(text: &str) -> bool {
    scheme_length(text).is_some() && is_uri_reference(text)
}

fn scheme_length(text: &str) -> Option<usize> {
    let (scheme, _) = text.split_once(':')?;
    let mut bytes = scheme.bytes();
    let starts = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic());
    (starts && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)))
        .then_some(scheme.len())
}

/// `1:2/3` is neither a URI (no scheme begins with a digit) nor a relative reference.
fn has_colon_in_first_segment(text: &str) -> bool {
    text.split(['/', '?', '#']).next().is_some_and(|segment| segment.contains(':'))
}

fn is_uri_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=".contains(&byte)
}

/// Appends `text`, what a URI's path segment can't hold as percent codes.
pub(super) fn push_uri_segment(uri: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uri_references_follow_rfc_3986() {
        for valid in [
            "https://github.com/cloudevents",
            "mailto:cncf-wg-serverless@lists.cncf.io",
            "urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66",
            "cloudevents/spec/pull/123",
            "/sensors/tn-1234567/alerts",
            "1-555-123-4567",
            "#fragment",
            "//authority/path?query=%C3%A9",
            "http://[::1]/",
        ] {
            assert!(is_uri_reference(valid), "{valid}");
        }
        for invalid in ["", "a b", "é", "a%2", "a%zz", "a#b#c", "<x>", "a\\b", "1:2/3", "a\n"] {
            assert!(!is_uri_reference(invalid), "{invalid}");
        }
        assert!(is_uri("https://example.com/schema") && !is_uri("/schema") && !is_uri(""));
    }

    #[test]
    fn media_types_have_a_type_and_a_subtype() {
        for valid in ["application/json", "text/plain; charset=us-ascii", "image/svg+xml", "text/json;"] {
            assert!(media_type(valid).is_some(), "{valid}");
        }
        for invalid in
            ["", "xyz", "/", "text/", "/json", "a b/c", "text/json ", "text/json ;", "text/x;\u{1}"]
        {
            assert!(media_type(invalid).is_none(), "{invalid}");
        }
    }

    #[test]
    fn json_is_recognised_by_the_subtype() {
        for json in ["application/json", "TEXT/JSON; x", "application/cloudevents+JSON", "model/gltf+json"] {
            assert!(is_json(json), "{json}");
        }
        for other in
            ["application/jsom", "application/jsonwrong", "applications/json", "text/plain", "a/é+jso"]
        {
            assert!(!is_json(other), "{other}");
        }
    }

    #[test]
    fn values_are_strings_booleans_and_integers_of_32_bits() {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).unwrap();
        for valid in ["\"text\"", "\"\"", "true", "0", "-2147483648", "2147483647"] {
            assert!(is_value(&raw(valid)), "{valid}");
        }
        for invalid in ["1.5", "1e3", "2147483648", "null", "{}", "[]"] {
            assert!(!is_value(&raw(invalid)), "{invalid}");
        }
    }
}
