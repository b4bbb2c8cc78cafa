//! Ordering keys: from a field to what every broker takes.

use std::fmt::{Display, Write};

use sha2::{Digest, Sha256};

/// The longest message group id of SQS, in characters; the narrowest of the brokers.
const MAX_KEY_LENGTH: usize = 128;

/// A field that can be an ordering key: whatever prints itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an ordering key",
    label = "an ordering key is written out as text, and this type does not implement `Display`",
    note = "implement `std::fmt::Display` for it, or name another field in `#[event(key = …)]`"
)]
pub trait OrderingKey {
    /// The key, fit to be sent to any broker.
    fn to_key(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Display> OrderingKey for T {
    fn to_key(&self) -> String {
        broker_safe(self.to_string())
    }
}

/// The key as it is, or its SHA-256 in hex where a broker would refuse it.
pub(crate) fn broker_safe<T: AsRef<str> + From<String>>(key: T) -> T {
    let text = key.as_ref();
    let accepted = (1..=MAX_KEY_LENGTH).contains(&text.len()) && is_graphic(text);
    if accepted { key } else { hex(&Sha256::digest(text.as_bytes())).into() }
}

/// Without an early end, so that the compiler looks at many bytes at once.
fn is_graphic(text: &str) -> bool {
    text.bytes().fold(true, |graphic, byte| graphic & byte.is_ascii_graphic())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_brokers_take_is_left_alone() {
        assert_eq!("order-17".to_key(), "order-17");
        assert_eq!(17.to_key(), "17");
        let longest = "~".repeat(MAX_KEY_LENGTH);
        assert_eq!(longest.to_key(), longest);
    }

    #[test]
    fn any_other_key_travels_as_its_digest() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!("".to_key(), empty);
        for key in ["two words", "größe", "tab\t", &"x".repeat(MAX_KEY_LENGTH + 1)] {
            let fitted = key.to_key();
            assert_eq!(fitted.len(), 64, "{key}");
            assert!(fitted.bytes().all(|byte| byte.is_ascii_hexdigit()));
        }
        assert_ne!("two words".to_key(), "two  words".to_key());
    }
}
