//! What a payload is recognised by.

use sha2::{Digest, Sha256};

use crate::envelope::Message;

/// SHA-256 over a payload's type, its version and its bytes.
///
/// Two deliveries of one message have the same digest. A message that comes under the id of another one has not, and
/// neither has a payload that was written anew on its way (other white space, another order of members).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PayloadDigest([u8; 32]);

impl PayloadDigest {
    /// The digest of a message's payload.
    pub fn of(message: &Message) -> Self {
        let metadata = message.metadata();
        Self::of_parts(&metadata.payload_type, metadata.version, message.payload().as_bytes())
    }

    /// The digest of a payload by its parts.
    ///
    /// ```
    /// use event_runtime::idempotency::PayloadDigest;
    ///
    /// let digest = PayloadDigest::of_parts("order.paid", 1, b"{}");
    /// assert_ne!(digest, PayloadDigest::of_parts("order.paid", 2, b"{}"));
    /// ```
    pub fn of_parts(payload_type: &str, version: u32, payload: &[u8]) -> Self {
        let mut hash = Sha256::new();
        // The length keeps a type's end from being read as the payload's beginning.
        hash.update((payload_type.len() as u64).to_be_bytes());
        hash.update(payload_type.as_bytes());
        hash.update(version.to_be_bytes());
        hash.update(payload);
        Self(hash.finalize().into())
    }

    /// The 32 bytes, for stores.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts() {
        let digest = PayloadDigest::of_parts("a", 1, b"bc");
        assert_eq!(digest, PayloadDigest::of_parts("a", 1, b"bc"));
        assert_ne!(digest, PayloadDigest::of_parts("ab", 1, b"c"));
        assert_ne!(digest, PayloadDigest::of_parts("a", 2, b"bc"));
        assert_ne!(digest, PayloadDigest::of_parts("a", 1, b"bd"));
    }
}
