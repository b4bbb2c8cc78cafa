//! What this engine knows of `format`: the ranges of numeric formats, and text formats it can judge.
//!
//! Formats count as rules on both sides: a Rust reader of `uuid` refuses other text, and a reader of `int32`
//! refuses a larger number, whatever a validator that takes `format` for a remark would say.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::number::{Bound, Num};
use super::verdict::Truth;

/// The least and the greatest number of a numeric format.
pub(super) fn numeric_range(format: &str) -> Option<(Bound, Bound)> {
    let (low, high) = match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" | "int" => (i64::MIN.into(), i64::MAX.into()),
        "int128" => (i128::MIN, i128::MAX),
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint64" | "uint" => (0, u64::MAX.into()),
        "uint128" => {
            let (low, limit) = (Num::Int(0), Num::Real(u128::MAX as f64));
            return Some((Bound { value: low, inclusive: true }, Bound { value: limit, inclusive: false }));
        }
        _ => return None,
    };
    let bound = |value| Bound { value: Num::Int(value), inclusive: true };
    Some((bound(low), bound(high)))
}

/// Formats that are about numbers only; they say nothing of text.
pub(super) fn is_numeric(format: &str) -> bool {
    numeric_range(format).is_some() || matches!(format, "float" | "double")
}

/// Whether every text of `narrow` is a text of `wide`.
pub(super) fn implies(narrow: &str, wide: &str) -> bool {
    narrow == wide
        || matches!(
            (narrow, wide),
            ("ipv4" | "ipv6", "ip")
                | ("uri", "uri-reference" | "iri" | "iri-reference")
                | ("uri-reference" | "iri", "iri-reference")
                | ("email", "idn-email")
                | ("hostname", "idn-hostname")
                | ("partial-time", "local-time")
                | ("local-time", "partial-time")
        )
}

/// The least and the greatest number of code points of a format's texts.
pub(super) fn lengths(format: &str) -> (u64, Option<u64>) {
    match format {
        "uuid" => (36, Some(36)),
        "date" => (10, Some(10)),
        "date-time" => (20, None),
        "time" => (9, None),
        "ipv4" => (7, Some(15)),
        "ipv6" => (2, Some(45)),
        "ip" => (2, Some(45)),
        "email" | "idn-email" => (3, None),
        "uri" | "iri" => (2, None),
        "duration" => (3, None),
        _ => (0, None),
    }
}

/// Texts that have the format.
pub(super) fn samples(format: &str) -> &'static [&'static str] {
    match format {
        "uuid" => &["00000000-0000-4000-8000-000000000000", "6f1c1f9e-3a52-4a7d-9d0c-0f6f5b1c2d3e"],
        "date" => &["2024-02-29", "1999-12-31"],
        "date-time" => &["2024-02-29T12:30:00Z", "1999-12-31T23:59:59.5+02:00"],
        "time" => &["12:30:00Z", "23:59:59.5+02:00"],
        "partial-time" | "local-time" => &["12:30:00", "23:59:59.5"],
        "partial-date-time" => &["2024-02-29T12:30:00", "1999-12-31T23:59:59.5"],
        "ipv4" => &["192.0.2.1", "198.51.100.7"],
        "ipv6" => &["2001:db8::1", "::1"],
        "ip" => &["192.0.2.1", "2001:db8::1"],
        "email" | "idn-email" => &["a@example.com", "someone.else@example.org"],
        "hostname" | "idn-hostname" => &["example.com", "a.example.org"],
        "uri" | "iri" | "uri-reference" | "iri-reference" => &["https://example.com/", "urn:example:a"],
        "duration" => &["PT1H", "P3D"],
        _ => &[],
    }
}

/// Whether `text` has the format. It answers only where every reader would answer the same.
pub(super) fn check(format: &str, text: &str) -> Truth {
    match format {
        "uuid" => is_uuid(text).into(),
        "date" => is_date(text).into(),
        "time" => is_time(text, true),
        "partial-time" | "local-time" => is_time(text, false),
        "date-time" => is_date_time(text, true),
        "partial-date-time" => is_date_time(text, false),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok().into(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok().into(),
        "ip" => (text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok()).into(),
        "email" | "idn-email" => is_email(text),
        "hostname" | "idn-hostname" => is_hostname(text),
        "uri" | "iri" => is_uri(text),
        "uri-reference" | "iri-reference" => match is_uri(text) {
            Truth::True => Truth::True,
            _ => Truth::Unknown,
        },
        "duration" => is_duration(text),
        _ if is_numeric(format) => Truth::True,
        _ => Truth::Unknown,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Reads `count` digits at `start`.
fn digits(text: &[u8], start: usize, count: usize) -> Option<u32> {
    let part = text.get(start..start + count)?;
    part.iter().try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
}

fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) =
        (digits(bytes, 0, 4), digits(bytes, 5, 2), digits(bytes, 8, 2))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}

fn is_time(text: &str, zoned: bool) -> Truth {
    let bytes = text.as_bytes();
    let fields = (digits(bytes, 0, 2), digits(bytes, 3, 2), digits(bytes, 6, 2));
    let (Some(hour), Some(minute), Some(second)) = fields else {
        // Readers differ on times without seconds.
        return if zoned { Truth::False } else { Truth::Unknown };
    };
    if bytes[2] != b':' || bytes[5] != b':' || hour > 23 || minute > 59 || second > 60 {
        return Truth::False;
    }
    if second == 60 {
        return Truth::Unknown;
    }
    let mut rest = &bytes[8..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        match length {
            0 => return Truth::False,
            1..=9 => {}
            _ => return Truth::Unknown,
        }
        rest = &fraction[length..];
    }
    match (zoned, rest) {
        (true, b"Z") | (false, b"") => Truth::True,
        (true, b"z") => Truth::Unknown,
        (true, [b'+' | b'-', offset @ ..]) => is_offset(offset),
        _ => Truth::False,
    }
}

fn is_offset(offset: &[u8]) -> Truth {
    match (offset.len(), digits(offset, 0, 2), digits(offset, 3, 2)) {
        (5, Some(hour), Some(minute)) => (offset[2] == b':' && hour < 24 && minute < 60).into(),
        _ => Truth::False,
    }
}

fn is_date_time(text: &str, zoned: bool) -> Truth {
    let (Some(date), Some(separator), Some(time)) = (text.get(..10), text.get(10..11), text.get(11..)) else {
        return Truth::False;
    };
    let date = Truth::from(is_date(date));
    match separator {
        "T" => date.and(is_time(time, zoned)),
        "t" | " " => date.and(is_time(time, zoned)).and(Truth::Unknown),
        _ => Truth::False,
    }
}

fn is_email(text: &str) -> Truth {
    let Some((local, domain)) = text.rsplit_once('@') else { return Truth::False };
    if local.is_empty() || domain.is_empty() || local.len() > 64 {
        return Truth::False;
    }
    let plain =
        local.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if plain { is_hostname(domain).and_unknown_if_false() } else { Truth::Unknown }
}

fn is_hostname(text: &str) -> Truth {
    if text.is_empty() || text.contains(' ') {
        return Truth::False;
    }
    let label =
        |part: &str| !part.is_empty() && part.len() < 63 && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let plain =
        text.len() < 250 && text.split('.').all(label) && text.bytes().any(|b| b.is_ascii_alphabetic());
    if plain { Truth::True } else { Truth::Unknown }
}

fn is_uri(text: &str) -> Truth {
    let Some((scheme, rest)) = text.split_once(':') else { return Truth::False };
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || text.contains(' ') {
        return Truth::False;
    }
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b':' | b'_');
    let plain =
        scheme.bytes().all(|b| b.is_ascii_alphanumeric()) && !rest.is_empty() && rest.bytes().all(safe);
    if plain && !rest.contains("///") { Truth::True } else { Truth::Unknown }
}

fn is_duration(text: &str) -> Truth {
    match text {
        "PT1H" | "P3D" => Truth::True,
        _ if !text.trim_start_matches(['-', '+']).starts_with(['P', 'p']) => Truth::False,
        _ => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_its_format_and_its_length() {
        for format in [
            "uuid",
            "date",
            "date-time",
            "time",
            "partial-time",
            "partial-date-time",
            "ipv4",
            "ipv6",
            "ip",
            "email",
            "hostname",
            "uri",
            "uri-reference",
            "duration",
        ] {
            let (least, greatest) = lengths(format);
            assert!(!samples(format).is_empty(), "{format}");
            for sample in samples(format) {
                let length = sample.chars().count() as u64;
                assert_eq!(check(format, sample), Truth::True, "{format} {sample}");
                assert!(length >= least && greatest.is_none_or(|most| length <= most), "{format} {sample}");
            }
        }
    }

    #[test]
    fn what_is_certainly_wrong_is_refused() {
        for (format, text) in [
            ("uuid", "x"),
            ("date", "2023-02-29"),
            ("date-time", "2024-01-01"),
            ("time", "25:00:00Z"),
            ("ipv4", "1.2.3"),
            ("ipv6", "x"),
            ("email", "nobody"),
            ("uri", "no scheme"),
            ("duration", "1h"),
        ] {
            assert_eq!(check(format, text), Truth::False, "{format} {text}");
        }
        assert_eq!(check("postcode", "12345"), Truth::Unknown);
    }
}
