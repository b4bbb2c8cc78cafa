//! RFC 3339, strictly: what brokers and other languages read.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::Offset;

/// The printer is stateless; one constant serves everybody.
const PRINTER: DateTimePrinter = DateTimePrinter::new();

/// Reads an RFC 3339 date-time: seconds and an offset are there, a fraction may be. Digits beyond
/// nanoseconds are cut, a leap second is the second before it.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let separators = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(index, separator)| bytes.get(index) != Some(&separator))
        || !matches!(bytes.get(10), Some(b'T' | b't'))
    {
        return None;
    }
    let two = |at: usize| number(bytes.get(at..at + 2)?).and_then(|value| i8::try_from(value).ok());
    let year = i16::try_from(number(bytes.get(..4)?)?).ok()?;
    let second = match two(17)? {
        60 => 59,
        second => second,
    };
    let (nanosecond, offset) = fraction(bytes.get(19..)?)?;
    let civil = DateTime::new(year, two(5)?, two(8)?, two(11)?, two(14)?, second, nanosecond).ok()?;
    // An offset can move the first hours of the year 0 before it, where RFC 3339 has no words for them.
    Offset::from_seconds(seconds_east(offset)?).ok()?.to_timestamp(civil).ok().filter(is_printable)
}

/// Appends `timestamp` in UTC, for instance `2026-01-01T00:00:00.5Z`.
pub(super) fn push(out: &mut Vec<u8>, timestamp: &Timestamp) {
    // Writing to a vector does not fail.
    let _ = PRINTER.print_timestamp(timestamp, out);
}

/// Whether RFC 3339 can say it: it has four digits for the year.
pub(super) fn is_printable(timestamp: &Timestamp) -> bool {
    /// 0000-01-01T00:00:00Z.
    const YEAR_ZERO: i64 = -62_167_219_200;
    timestamp.as_second() >= YEAR_ZERO
}

/// The nanoseconds of `.123…` and what stands behind them.
fn fraction(rest: &[u8]) -> Option<(i32, &[u8])> {
    let Some(digits) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let length = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, offset) = digits.split_at(length);
    let mut nanosecond = number(digits.get(..length.min(9))?)?;
    for _ in length..9 {
        nanosecond *= 10;
    }
    Some((nanosecond, offset))
}

fn seconds_east(offset: &[u8]) -> Option<i32> {
    let (sign, hour, minute) = match offset {
        b"Z" | b"z" => return Some(0),
        [b'+', hour @ .., b':', m, n] => (1, hour, [*m, *n]),
        [b'-', hour @ .., b':', m, n] => (-1, hour, [*m, *n]),
        _ => return None,
    };
    let (hour, minute) = (number(hour).filter(|_| hour.len() == 2)?, number(&minute)?);
    (hour < 24 && minute < 60).then_some(sign * (hour * 3600 + minute * 60))
}

/// At least one digit, and nothing but digits; at most nine.
fn number(digits: &[u8]) -> Option<i32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits
        .iter()
        .try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + i32::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_fractions_and_lower_case_are_read() {
        for (text, expected) in [
            ("2018-04-05T17:31:00Z", "2018-04-05T17:31:00Z"),
            ("2018-04-05t17:31:00z", "2018-04-05T17:31:00Z"),
            ("2018-04-05T18:31:00+01:00", "2018-04-05T17:31:00Z"),
            ("2018-04-05T16:31:00-01:00", "2018-04-05T17:31:00Z"),
            ("2018-04-05T17:31:00.000000000Z", "2018-04-05T17:31:00Z"),
            ("2018-04-05T17:31:00.5Z", "2018-04-05T17:31:00.5Z"),
            ("2018-04-05T17:31:00.1234567899999Z", "2018-04-05T17:31:00.123456789Z"),
            ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
            ("0000-01-01T00:00:00-00:00", "0000-01-01T00:00:00Z"),
        ] {
            let mut printed = Vec::new();
            push(&mut printed, &parse(text).unwrap_or_else(|| panic!("{text}")));
            assert_eq!(String::from_utf8(printed).unwrap(), expected);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "lunchtime",
            "2018-04-05",
            "2018-04-05T18:31Z",
            "2018-04-05T18:31:00",
            "2018-04-05 18:31:00Z",
            "2018-04-05T18:31:00X",
            "2018-04-05T18:31:00+25:00",
            "2018-04-05T18:31:00+01:60",
            "2018-04-05T18:31:00+xx:00",
            "2018-04-05T18:31:00+05",
            "2018-04-05T18:31:00+0500",
            "2018-04-05T18:31:00+005:00",
            "2018-04-05T18:31:00.Z",
            "2018-04-05T18:31:00,5Z",
            "2018-04-05T18:31:61Z",
            "2018-04-05T24:31:00Z",
            "2018-02-30T18:31:00Z",
            "2018-13-05T18:31:00Z",
            "+002018-04-05T18:31:00Z",
            "2018-04-05T18:31:00Z[UTC]",
            "2018-04-05T18:31:00Z ",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-23:59",
            "２018-04-05T18:31:00Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
