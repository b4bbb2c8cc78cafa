//! The part of a JSON string that stands for itself.

/// How many bytes of `text`, from its start, are no quote, no backslash and no control character.
///
/// Eight bytes at a time: this is most of the work of writing and of skipping JSON.
pub(super) fn plain_length(text: &[u8]) -> usize {
    let mut chunks = text.chunks_exact(8);
    let mut length = 0;
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let special = special_bytes(u64::from_le_bytes(word));
        if special != 0 {
            return length + special.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let special = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    length + chunks.remainder().iter().position(special).unwrap_or(chunks.remainder().len())
}

/// The high bit of the lowest byte that is special, and perhaps of bytes above it.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES << 7;
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = zeros(word ^ ONES * b'"' as u64);
    let backslash = zeros(word ^ ONES * b'\\' as u64);
    (control | quote | backslash) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_judged_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                let mut text = [b'a'; 20];
                text[place] = byte;
                let special = byte < b' ' || byte == b'"' || byte == b'\\';
                assert_eq!(plain_length(&text), if special { place } else { 20 }, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn the_first_of_several_counts() {
        assert_eq!(plain_length(b"ab\"c\\\n..."), 2);
        assert_eq!(plain_length(b"\x80\xff!#[]\x1f\""), 6);
        assert_eq!(plain_length(b""), 0);
    }
}
