//! Ordering keys as brokers take them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The longest key that every broker takes, in bytes: SQS's `MessageGroupId`
/// (AWS, *Amazon SQS API Reference*, SendMessage).
const LONGEST: usize = 128;

/// `key` where every broker takes it: 1 to 128 visible ASCII characters. Any other key travels as its SHA-256
/// in hexadecimal digits, so that equal keys stay equal.
pub(crate) fn broker_safe(key: String) -> String {
    if (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return key;
    }
    Sha256::digest(key).iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_brokers_take_stays() {
        let longest = "k".repeat(LONGEST);
        for key in ["a", "wallet-1", "a/b:c@d~!", longest.as_str()] {
            assert_eq!(broker_safe(key.to_owned()), key);
        }
    }

    #[test]
    fn another_key_travels_as_its_digest() {
        assert_eq!(
            broker_safe("a b".to_owned()),
            "c8687a08aa5d6ed2044328fa6a697ab8e96dc34291e8c2034ae8c38e6fcc6d65"
        );
        let keys = ["", "a b", "né", "a\n", "a\u{7f}", &"k".repeat(LONGEST + 1)];
        for key in keys {
            let safe = broker_safe(key.to_owned());
            assert!(safe.len() == 64 && safe.bytes().all(|byte| byte.is_ascii_hexdigit()), "{key:?}");
        }
    }
}
