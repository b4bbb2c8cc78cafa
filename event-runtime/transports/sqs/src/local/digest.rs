//! The MD5 digests that the service returns, so that clients can tell what arrived.

use std::fmt::Write as _;

use event_runtime::embedded::MessageAttribute;
use md5::{Digest as _, Md5};

/// The digest of a body.
pub(crate) fn of_body(body: &[u8]) -> String {
    hexadecimal(&Md5::digest(body))
}

/// The digest of attributes: each by name, with lengths before name, type and value. Developer Guide, "Calculating
/// the MD5 message digest for message attributes". `None` where there are none.
pub(crate) fn of_attributes<'a>(
    attributes: impl IntoIterator<Item = &'a MessageAttribute>,
) -> Option<String> {
    let mut sorted: Vec<&MessageAttribute> = attributes.into_iter().collect();
    if sorted.is_empty() {
        return None;
    }
    sorted.sort_unstable_by_key(|attribute| attribute.name());
    let mut digest = Md5::new();
    for attribute in sorted {
        part(&mut digest, attribute.name().as_bytes());
        part(&mut digest, attribute.data_type().as_bytes());
        digest.update([if attribute.is_binary() { 2 } else { 1 }]);
        part(&mut digest, attribute.value());
    }
    Some(hexadecimal(&digest.finalize()))
}

fn part(digest: &mut Md5, bytes: &[u8]) {
    digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    digest.update(bytes);
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
    fn a_body_has_the_digest_that_the_service_gives() {
        assert_eq!(of_body(b"foobar"), "3858f62230ac3c915f300c664312c63f");
    }

    #[test]
    fn the_order_of_attributes_does_not_matter_and_their_types_do() {
        let (a, b) = (MessageAttribute::string("a", "1"), MessageAttribute::string("b", "2"));
        assert_eq!(of_attributes([&a, &b]), of_attributes([&b, &a]));
        let number = MessageAttribute::typed("a", "Number", "1");
        let binary = MessageAttribute::typed("a", "Binary", "1");
        assert_ne!(of_attributes([&a]), of_attributes([&number]));
        assert_ne!(of_attributes([&number]), of_attributes([&binary]));
        assert_eq!(of_attributes([]), None);
    }
}
