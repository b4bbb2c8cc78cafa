//! Texts that come with a message, as an indexed column of either database holds them.

use std::borrow::Cow;

use event_runtime::idempotency::PayloadDigest;

/// In bytes. An entry of a PostgreSQL index has at most 2,704, and there are three texts in the longest.
const LONGEST: usize = 800;
const KEPT: usize = 100;

/// The text; where it is too long for an index or has a NUL, which PostgreSQL's texts don't hold, its beginning and the
/// SHA-256 of the whole.
pub(crate) fn indexed(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST && !text.contains('\0') {
        return Cow::Borrowed(text);
    }
    let digest = PayloadDigest::of_parts("", 0, text.as_bytes());
    let mut short: String = printable(text).chars().take(KEPT).collect();
    short.push_str("… ");
    for byte in digest.as_bytes() {
        short.push_str(&format!("{byte:02x}"));
    }
    Cow::Owned(short)
}

/// The text without a NUL.
pub(crate) fn printable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_does_not_fit_is_changed_and_stays_different() {
        assert_eq!(indexed("id"), "id");
        let long = "ä".repeat(500);
        let texts = ["a\0".to_owned(), "a\0\0".to_owned(), format!("{long}1"), format!("{long}2")];
        let short: std::collections::HashSet<_> = texts.iter().map(|text| indexed(text)).collect();
        assert_eq!(short.len(), 4);
        assert!(short.iter().all(|text| text.len() <= LONGEST && !text.contains('\0')));
    }
}
