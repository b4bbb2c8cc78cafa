//! Which characters SQS takes in bodies and attribute values.

/// The first character that SQS refuses, with its byte offset.
///
/// Allowed are `#x9`, `#xA`, `#xD`, `#x20` to `#xD7FF`, `#xE000` to `#xFFFD` and `#x10000` to `#x10FFFF`: Developer
/// Guide, "Amazon SQS message quotas", *Message content*.
pub(crate) fn refused_character(text: &str) -> Option<(usize, char)> {
    // Bytes first: what is refused is a control character, or U+FFFE and U+FFFF, which begin with 0xEF 0xBF. One pass
    // without branches, which the compiler makes SIMD of; few texts need a closer look.
    let suspicious = text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == 0xEF));
    if !suspicious {
        return None;
    }
    text.char_indices().find(|(_, character)| !is_allowed(*character))
}

fn is_allowed(character: char) -> bool {
    !matches!(character, '\u{0}'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// `text` with U+FFFD in the place of every character that SQS refuses.
pub(crate) fn replace_refused(text: String) -> String {
    if refused_character(&text).is_none() {
        return text;
    }
    text.chars().map(|character| if is_allowed(character) { character } else { '\u{FFFD}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_refused_character_is_named_with_its_place() {
        assert_eq!(refused_character("ok\t\r\n ü \u{E000} \u{FFFD} \u{10FFFF} \u{D7FF}"), None);
        assert_eq!(refused_character("{\"a\":\"\u{0}\"}"), Some((6, '\u{0}')));
        assert_eq!(refused_character("ü\u{FFFF}\u{0}"), Some((2, '\u{FFFF}')));
        for bad in ['\u{8}', '\u{B}', '\u{1F}', '\u{FFFE}'] {
            assert_eq!(refused_character(&format!("é{bad}")), Some((2, bad)));
        }
    }

    #[test]
    fn replacing_leaves_allowed_text_alone() {
        assert_eq!(replace_refused("a\tü\u{FFFF}b\u{1}".to_owned()), "a\tü\u{FFFD}b\u{FFFD}");
    }
}
