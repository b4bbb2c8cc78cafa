//! What holds for any bytes that are read as an envelope. Run by the fuzz target and by the replay of its corpus.

use bytes::Bytes;
use event_runtime::envelope::WireFormat;
use event_runtime::event::{DecodeErrorKind, ErrorCategory};
use event_runtime::{Codec, Message};

/// Reads `bytes`: no panic; an error is malformed and says how; and what was read can be written again, in its
/// own format and in every other, without losing metadata or payload.
pub fn check(bytes: &[u8]) {
    // A batch holds the same events; reading one must not panic either.
    if let Ok(messages) = Codec::decode_batch(Bytes::copy_from_slice(bytes)) {
        messages.iter().for_each(survives);
    }
    match Codec::decode(Bytes::copy_from_slice(bytes)) {
        Ok(message) => survives(&message),
        Err(error) => {
            assert_eq!(error.kind(), DecodeErrorKind::Malformed);
            let category = error.category();
            assert!(category.is_some());
            if std::str::from_utf8(bytes).is_ok() {
                assert_ne!(category, Some(ErrorCategory::Encoding));
            }
        }
    }
}

fn survives(message: &Message) {
    let rewritten = message.clone().with_metadata(|_| {}).expect("what was read can be written");
    same(&again(&rewritten), message);
    for &format in WireFormat::ALL {
        let there = Codec::new(format, "fuzz").transcode(message).expect("a payload is JSON");
        let read = again(&there);
        assert_eq!(read.format(), format, "{}", there.body());
        same(&read, &there);
        let metadata = read.metadata();
        assert_eq!(
            (&metadata.id, &metadata.payload_type),
            (&message.metadata().id, &message.metadata().payload_type)
        );
        assert_eq!(metadata.headers, message.metadata().headers);
    }
}

fn again(message: &Message) -> Message {
    Codec::decode(message.body().as_bytes().clone())
        .unwrap_or_else(|error| panic!("{error}: written, not read: {}", message.body()))
}

fn same(read: &Message, written: &Message) {
    assert_eq!(read.metadata(), written.metadata(), "{}", read.body());
    assert_eq!(read.payload(), written.payload(), "{}", read.body());
}
