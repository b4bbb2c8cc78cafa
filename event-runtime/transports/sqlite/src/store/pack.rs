//! Attributes and receipts as bytes in a column.

use std::borrow::Cow;

use bytes::Bytes;
use event_runtime::delivery::attribute;
use event_runtime::embedded::MessageAttribute;

/// Attributes one after another: name, type and value, each behind its length in four bytes. `None` = no attribute.
pub(super) fn attributes(attributes: &[MessageAttribute]) -> Option<Vec<u8>> {
    if attributes.is_empty() {
        return None;
    }
    let size = |attribute: &MessageAttribute| {
        12 + attribute.name().len() + attribute.data_type().len() + attribute.value().len()
    };
    let mut packed = Vec::with_capacity(attributes.iter().map(size).sum());
    for attribute in attributes {
        for part in [attribute.name().as_bytes(), attribute.data_type().as_bytes(), attribute.value()] {
            // A message has at most 1 MiB.
            packed.extend_from_slice(&(part.len() as u32).to_le_bytes());
            packed.extend_from_slice(part);
        }
    }
    Some(packed)
}

/// What [`attributes`] packed; `None` for bytes that it never wrote.
pub(super) fn unpack_attributes(packed: &[u8]) -> Option<Vec<MessageAttribute>> {
    let mut rest = packed;
    let mut attributes = Vec::with_capacity(8);
    while !rest.is_empty() {
        let name = std::str::from_utf8(part(&mut rest)?).ok()?;
        let name = attribute::known(name).map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed);
        let data_type = std::str::from_utf8(part(&mut rest)?).ok()?;
        let value = part(&mut rest)?;
        attributes.push(match data_type {
            "String" => MessageAttribute::string(name, std::str::from_utf8(value).ok()?),
            _ => MessageAttribute::typed(name, data_type.to_owned(), Bytes::copy_from_slice(value)),
        });
    }
    Some(attributes)
}

fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    Some(part)
}

/// Messages with the number of their receive, twelve bytes each.
pub(super) fn receives(receives: &[(i64, u32)]) -> Vec<u8> {
    let pack = |(sequence, receive): &(i64, u32)| {
        [sequence.to_le_bytes().as_slice(), &receive.to_le_bytes()].concat()
    };
    receives.iter().flat_map(pack).collect()
}

/// What [`receives`] packed.
pub(super) fn unpack_receives(packed: &[u8]) -> Vec<(i64, u32)> {
    let (chunks, _) = packed.as_chunks::<12>();
    let unpack = |chunk: &[u8; 12]| {
        let (sequence, receive) = chunk.split_first_chunk::<8>()?;
        Some((i64::from_le_bytes(*sequence), u32::from_le_bytes(receive.try_into().ok()?)))
    };
    chunks.iter().filter_map(unpack).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_survive_their_bytes() {
        let given = vec![
            MessageAttribute::string("payload_type", "Ü"),
            MessageAttribute::typed("n", "Number.int", "7"),
            MessageAttribute::typed("b", "Binary", &b"\0\xff"[..]),
        ];
        assert_eq!(unpack_attributes(&attributes(&given).unwrap()), Some(given));
        assert_eq!(attributes(&[]), None);
    }

    #[test]
    fn broken_bytes_are_noticed() {
        let packed = attributes(&[MessageAttribute::string("a", "b")]).unwrap();
        for cut in 1..packed.len() {
            assert_eq!(unpack_attributes(&packed[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn receives_survive_their_bytes() {
        let given = [(7, 1), (i64::MAX, u32::MAX)];
        assert_eq!(unpack_receives(&receives(&given)), given);
    }
}
