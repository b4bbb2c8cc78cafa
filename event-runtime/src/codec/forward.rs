//! Forwarding: the same payload under other metadata, never parsed.

use bytestring::ByteString;

use super::check;
use super::draft::Draft;
use super::error::EncodeError;
use crate::envelope::{Message, Metadata};

impl Message {
    /// The same payload under changed metadata, in the same format. Costs one new body; changing several fields
    /// in one call costs no more.
    ///
    /// ```
    /// # use event_runtime::{Codec, Metadata};
    /// # let message = Codec::Native.encode_raw(Metadata::new("orders.order.paid", 1), "{}", None)?;
    /// let forwarded = message.with_metadata(|metadata| {
    ///     metadata.source = Some("archive".into());
    ///     metadata.headers.insert("forwarded".to_owned(), "true".to_owned());
    /// })?;
    /// assert_eq!(forwarded.payload(), "{}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`EncodeErrorKind::Metadata`](super::EncodeErrorKind::Metadata) where nobody could read the metadata again:
    /// an empty id, for instance.
    pub fn with_metadata(self, change: impl FnOnce(&mut Metadata)) -> Result<Self, EncodeError> {
        let mut metadata = self.metadata().clone();
        change(&mut metadata);
        check(&metadata)?;
        Ok(self.rewritten(metadata))
    }

    /// The same message with a header, replacing an earlier one of that name.
    #[must_use]
    pub fn with_header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let mut metadata = self.metadata().clone();
        metadata.headers.insert(name.into(), value.into());
        self.rewritten(metadata)
    }

    /// The same message as another event: brokers and inboxes that knew the old id take it as new.
    ///
    /// # Errors
    /// [`EncodeErrorKind::Metadata`](super::EncodeErrorKind::Metadata) where `id` is empty.
    pub fn with_id(self, id: impl Into<ByteString>) -> Result<Self, EncodeError> {
        self.with_metadata(|metadata| metadata.id = id.into())
    }

    fn rewritten(self, metadata: Metadata) -> Self {
        let mut draft = Draft::open(self.format(), &metadata, self.payload().len());
        draft.payload().extend_from_slice(self.payload().as_bytes());
        let (body, payload) = draft.close(&metadata);
        let declared = self.declared().filter(|declared| metadata.payload_type == *declared);
        let message =
            Self::begin(metadata, self.delay()).finish(body, payload, self.format()).with_hops(self.hops());
        declared.into_iter().fold(message, Self::declared_as)
    }
}
