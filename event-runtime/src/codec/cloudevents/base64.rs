//! Base64 (RFC 4648, with padding): what `data_base64` holds.

/// The bytes of `text`; `None` where it is no base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    let padding = bytes.iter().rev().take_while(|&&byte| byte == b'=').count();
    if !bytes.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for &byte in bytes.get(..bytes.len() - padding)? {
        bits = bits << 6 | sextet(byte)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    // What is left belongs to no byte: it is zero in what an encoder writes.
    (bits == 0).then_some(out)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_decode() {
        let vectors = [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar")];
        for (text, expected) in vectors {
            assert_eq!(decode(text).unwrap(), expected.as_bytes(), "{text}");
        }
        assert_eq!(decode("/+8=").unwrap(), [0xff, 0xef]);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in
            ["Z", "Zg", "Zg=", "Zg===", "====", "Z=g=", "Zg==Zg==", "Zh==", "Zm9=", "Zm-v", "Zm v", "é==="]
        {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
