//! The text formats: what JSON Schema calls `email`, `uri`, `uuid`, `ipv4` and `ipv6`.

use std::net::{Ipv4Addr, Ipv6Addr};

/// RFC 5321, 4.5.3.1.1: the longest local part, in bytes.
const MAX_LOCAL_PART: usize = 64;
/// RFC 1035, 2.3.4: the longest label and the longest name, in bytes.
const MAX_LABEL: usize = 63;
const MAX_DOMAIN: usize = 253;

/// Whether the text is a mailbox of RFC 5321: `local@domain`, the local part also quoted, the domain also an
/// address literal such as `[127.0.0.1]`.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    local.len() <= MAX_LOCAL_PART
        && (is_dot_string(local) || is_quoted_string(local))
        && is_mail_domain(domain)
}

fn is_dot_string(text: &str) -> bool {
    let is_atom_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    text.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
}

fn is_quoted_string(text: &str) -> bool {
    let Some(inside) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return false };
    if text.len() < 2 {
        return false;
    }
    let mut bytes = inside.bytes();
    while let Some(byte) = bytes.next() {
        let accepted = match byte {
            b'"' => false,
            b'\\' => bytes.next().is_some_and(|byte| (b' '..=b'~').contains(&byte)),
            _ => (b' '..=b'~').contains(&byte),
        };
        if !accepted {
            return false;
        }
    }
    true
}

fn is_mail_domain(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        Some(literal) => match literal.strip_prefix("IPv6:") {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => literal.parse::<Ipv4Addr>().is_ok(),
        },
        None => text.len() <= MAX_DOMAIN && text.split('.').all(is_label),
    }
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=MAX_LABEL).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

/// Whether the text is a UUID as RFC 9562 writes it: 8-4-4-4-12 hexadecimal digits.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether the text is an IPv4 or an IPv6 address.
pub(crate) fn is_ip(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok()
}

/// Whether the text is a URI of RFC 3986 with a scheme.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, fragment)| (rest, fragment));
    let (hierarchy, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
    is_scheme(scheme)
        && is_hierarchy(hierarchy)
        && is_made_of(query, |byte| is_path_byte(byte) || matches!(byte, b'/' | b'?'))
        && is_made_of(fragment, |byte| is_path_byte(byte) || matches!(byte, b'/' | b'?'))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn is_hierarchy(text: &str) -> bool {
    let is_path = |path: &str| is_made_of(path, |byte| is_path_byte(byte) || byte == b'/');
    match text.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at(end);
            is_authority(authority) && is_path(path)
        }
        None => is_path(text),
    }
}

fn is_authority(text: &str) -> bool {
    let (user, host) = text.rsplit_once('@').map_or(("", text), |(user, host)| (user, host));
    let (host, port) = match host.rfind(']') {
        Some(end) => host.split_at(end + 1),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = port.strip_prefix(':').unwrap_or(port);
    is_made_of(user, |byte| is_name_byte(byte) || byte == b':')
        && is_host(host)
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(literal) => literal.strip_suffix(']').is_some_and(is_address_literal),
        None => is_made_of(text, is_name_byte),
    }
}

fn is_address_literal(text: &str) -> bool {
    let future = |rest: &str| {
        rest.split_once('.').is_some_and(|(version, address)| {
            !version.is_empty()
                && version.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !address.is_empty()
                && address.bytes().all(|byte| is_name_byte(byte) || byte == b':')
        })
    };
    text.parse::<Ipv6Addr>().is_ok() || text.strip_prefix(['v', 'V']).is_some_and(future)
}

/// `unreserved` and `sub-delims` of RFC 3986.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

/// `pchar` of RFC 3986, percent-encoding aside.
fn is_path_byte(byte: u8) -> bool {
    is_name_byte(byte) || matches!(byte, b':' | b'@')
}

/// Whether every byte is accepted or percent-encoded.
fn is_made_of(text: &str, accepts: impl Fn(u8) -> bool) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut hex = || bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        if !(accepts(byte) || byte == b'%' && hex() && hex()) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes() {
        for good in
            ["ann@example.com", "a.b+c@x", "\"two words\"@example.com", "ann@[127.0.0.1]", "a@[IPv6:::1]"]
        {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["", "ann", "@x", "ann@", "a..b@x", ".a@x", "a@-x.y", "a@x..y", "two words@x", "\"@x", "ä@x"]
        {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@x", "a".repeat(MAX_LOCAL_PART + 1))));
    }

    #[test]
    fn uris() {
        for good in
            ["https://example.com/a?b#c", "urn:isbn:1", "http://[::1]:80/", "mailto:a@b", "a:", "ftp://u:p@h"]
        {
            assert!(is_uri(good), "{good}");
        }
        for bad in [
            "",
            "/path",
            "example.com",
            "http://x y",
            "http://[::1",
            "http://a:b/",
            "1a:x",
            "a:%zz",
            "a:ü",
            "a:[1]",
        ] {
            assert!(!is_uri(bad), "{bad}");
        }
    }

    #[test]
    fn uuids_and_addresses() {
        assert!(is_uuid("018F4B2E-0000-7000-8000-00000000000a"));
        assert!(!is_uuid("018f4b2e000070008000000000000000"));
        assert!(!is_uuid("018f4b2e-0000-7000-8000-00000000000g"));
        assert!(is_ip("127.0.0.1") && is_ip("::1") && !is_ip("127.0.0") && !is_ip("01.0.0.1"));
    }
}
