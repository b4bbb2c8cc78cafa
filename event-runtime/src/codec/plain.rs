//! The part of a JSON string that stands for itself.

/// The first place from `at` on that holds a quote, a backslash or a control character; the end where none does.
///
/// Eight bytes at a time: this is most of the work of writing and of skipping JSON.
#[inline]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let special = |byte: &u8| *byte < b' ' || matches!(byte, b'"' | b'\\');
    while text.get(at).is_some_and(|byte| !special(byte)) {
        at += 1;
    }
    at
}

/// The high bit of the lowest byte that is special, and perhaps of bytes above it.
///
/// Flipping bit 1 brings the quote (0x22) next to the control characters and no other byte below 0x21.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    let control_or_quote = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (control_or_quote | backslash) & !word & (ONES << 7)
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
                assert_eq!(plain_end(&text, 0), if special { place } else { 20 }, "{byte:#x} at {place}");
            }
        }
    }

    #[test]
    fn the_first_of_several_counts() {
        assert_eq!(plain_end(b"ab\"c\\\n...", 0), 2);
        assert_eq!(plain_end(b"\x80\xff!#[]\x1f\"", 0), 6);
        assert_eq!(plain_end(b"", 0), 0);
    }
}
