//! Group and deduplication ids: what SQS takes as it is, and what stands in for the rest.

use std::borrow::Cow;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::limits::MAX_IDENTIFIER;

/// `text` where SQS takes it as a group or deduplication id, else its SHA-256 in hexadecimal.
///
/// The same text always gives the same identifier, so that order and deduplication hold either way.
pub(crate) fn identifier(text: &str) -> Cow<'_, str> {
    if is_identifier(text) { Cow::Borrowed(text) } else { Cow::Owned(hexadecimal(&Sha256::digest(text))) }
}

/// 1 to 128 of ASCII letters, digits and punctuation. API Reference, `SendMessage`.
fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_IDENTIFIER && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_takes_is_left_alone() {
        for good in ["a", "customer-4", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", &"x".repeat(128)] {
            assert_eq!(identifier(good), good);
        }
    }

    #[test]
    fn the_rest_becomes_its_digest_and_stays_distinct() {
        let long = "x".repeat(129);
        let mut seen = Vec::new();
        for bad in ["", "group 123", "käse", "a\n", long.as_str()] {
            let identifier = identifier(bad).into_owned();
            assert_eq!(identifier.len(), 64, "{bad:?}");
            assert!(is_identifier(&identifier));
            assert!(!seen.contains(&identifier));
            seen.push(identifier);
        }
        assert_eq!(seen[0], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
