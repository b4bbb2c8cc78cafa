//! What a queue takes: bodies, attributes, ids, names and request parameters against the service's rules.

use std::time::Duration;

use super::error::{QueueError, QueueErrorKind};
use super::limits;
use super::message::{BaseType, MessageAttribute, OutgoingMessage};

/// Everything about a message that does not depend on the queue's present attributes.
pub(super) fn message(message: &OutgoingMessage, fifo: bool) -> Result<(), QueueError> {
    if message.body.is_empty() {
        return Err(QueueError::missing_parameter("MessageBody"));
    }
    if let Some(group) = &message.group {
        id("MessageGroupId", group)?;
    }
    if let Some(deduplication_id) = &message.deduplication_id {
        id("MessageDeduplicationId", deduplication_id)?;
    }
    if fifo && message.group.is_none() {
        return Err(QueueError::missing_parameter("MessageGroupId"));
    }
    if !fifo && message.deduplication_id.is_some() {
        return Err(wrong_queue_type(
            message.deduplication_id.as_deref().unwrap_or(""),
            "MessageDeduplicationId",
        ));
    }
    if let Some(delay) = message.delay {
        self::delay(delay, fifo)?;
    }
    if !is_allowed_text(&message.body) {
        return Err(QueueError::new(
            QueueErrorKind::InvalidMessageContents,
            "Invalid characters found in the message body. Allowed: #x9 | #xA | #xD | #x20 to #xD7FF | \
             #xE000 to #xFFFD | #x10000 to #x10FFFF.",
        ));
    }
    attributes(&message.attributes)
}

fn delay(delay: Duration, fifo: bool) -> Result<(), QueueError> {
    if delay > limits::MAX_DELAY {
        return Err(QueueError::invalid_parameter(
            delay.as_secs_f64(),
            "DelaySeconds",
            "DelaySeconds must be >= 0 and <= 900.",
        ));
    }
    if fifo && !delay.is_zero() {
        return Err(wrong_queue_type(delay.as_secs_f64(), "DelaySeconds"));
    }
    Ok(())
}

fn wrong_queue_type(value: impl std::fmt::Display, parameter: &str) -> QueueError {
    QueueError::invalid_parameter(
        value,
        parameter,
        "The request include parameter that is not valid for this queue type.",
    )
}

fn id(parameter: &str, id: &str) -> Result<(), QueueError> {
    let allowed = (1..=limits::MAX_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if allowed {
        return Ok(());
    }
    let reason = format!(
        "{parameter} can only include alphanumeric and punctuation characters. 1 to {} in length.",
        limits::MAX_ID
    );
    Err(QueueError::invalid_parameter(id, parameter, &reason))
}

fn attributes(attributes: &[MessageAttribute]) -> Result<(), QueueError> {
    let invalid = |text: String| Err(QueueError::new(QueueErrorKind::InvalidParameterValue, text));
    if attributes.len() > limits::MAX_ATTRIBUTES {
        return invalid(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{}].",
            attributes.len(),
            limits::MAX_ATTRIBUTES
        ));
    }
    for (index, attribute) in attributes.iter().enumerate() {
        let name = attribute.name();
        if attributes[..index].iter().any(|other| other.name() == name) {
            return invalid(format!("Message (user) attribute name '{name}' is given more than once."));
        }
        attribute_name(name)?;
        attribute_value(attribute)?;
    }
    Ok(())
}

fn attribute_name(name: &str) -> Result<(), QueueError> {
    if is_plain_name(name) {
        return Ok(());
    }
    let reserved =
        |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let problem = if name.is_empty() || name.len() > limits::MAX_ATTRIBUTE_NAME {
        "must have 1 to 256 characters"
    } else if !name.bytes().all(|byte| byte == b'.' || is_plain(byte)) {
        "can contain A-Z, a-z, 0-9, underscore, hyphen and period only"
    } else if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        "must not start or end with a period, nor have two of them in a row"
    } else if reserved("AWS.") || reserved("Amazon.") {
        "must not start with AWS. or Amazon."
    } else {
        return Ok(());
    };
    let text = format!("Message (user) attribute name '{name}' {problem}.");
    Err(QueueError::new(QueueErrorKind::InvalidParameterValue, text))
}

/// Whether nothing can be wrong with `name`: most names have no period, and all that is reserved has one.
fn is_plain_name(name: &str) -> bool {
    (1..=limits::MAX_ATTRIBUTE_NAME).contains(&name.len()) && name.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn attribute_value(attribute: &MessageAttribute) -> Result<(), QueueError> {
    let (name, data_type, value) = (attribute.name(), attribute.data_type(), attribute.value());
    let base = attribute.base();
    if base.is_none() || data_type.len() > limits::MAX_ATTRIBUTE_NAME {
        let text = format!(
            "Message (user) attribute '{name}' has an invalid message attribute type, the set of supported type \
             prefixes is Binary, Number, and String."
        );
        return Err(QueueError::new(QueueErrorKind::InvalidParameterValue, text));
    }
    if value.is_empty() {
        let text = format!(
            "Message (user) attribute '{name}' must contain a non-empty value of type '{data_type}'."
        );
        return Err(QueueError::new(QueueErrorKind::InvalidParameterValue, text));
    }
    if base != Some(BaseType::Binary) && !is_allowed_text(value) {
        let text = format!("Invalid characters found in the value of message attribute '{name}'.");
        return Err(QueueError::new(QueueErrorKind::InvalidMessageContents, text));
    }
    let reads_as_number =
        || std::str::from_utf8(value).is_ok_and(|text| text.trim().parse::<f64>().is_ok_and(f64::is_finite));
    if base == Some(BaseType::Number) && !reads_as_number() {
        let text = format!("Can't cast the value of message (user) attribute '{name}' to a number.");
        return Err(QueueError::new(QueueErrorKind::InvalidParameterValue, text));
    }
    Ok(())
}

/// Whether the bytes are UTF-8 of the characters that XML 1.0 allows, which is what the service takes.
fn is_allowed_text(bytes: &[u8]) -> bool {
    // Few texts need a closer look.
    if is_printable_ascii(bytes) {
        return true;
    }
    let is_forbidden = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    if bytes.iter().any(is_forbidden) {
        return false;
    }
    std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(['\u{FFFE}', '\u{FFFF}']))
}

/// Whether every byte is one of 0x20 to 0x7F: without branches and sixteen at a time, which the compiler makes SIMD of.
fn is_printable_ascii(bytes: &[u8]) -> bool {
    const LANES: usize = 16;
    let Some(last) = bytes.last_chunk::<LANES>() else {
        return bytes.iter().all(|byte| (0x20..0x80).contains(byte));
    };
    let (mut least, mut every) = ([u8::MAX; LANES], [0; LANES]);
    let mut look = |chunk: &[u8; LANES]| {
        for lane in 0..LANES {
            least[lane] = least[lane].min(chunk[lane]);
            every[lane] |= chunk[lane];
        }
    };
    let (fours, rest) = bytes.as_chunks::<{ 4 * LANES }>();
    for four in fours {
        four.as_chunks().0.iter().for_each(&mut look);
    }
    rest.as_chunks().0.iter().for_each(&mut look);
    look(last);
    // A byte below 0x20 wraps to one above 0x7F.
    for lane in 0..LANES {
        every[lane] |= least[lane].wrapping_sub(0x20);
    }
    u128::from_ne_bytes(every) & (u128::MAX / 0xFF * 0x80) == 0
}

/// A queue's name: 1 to 80 characters, `.fifo` at the end of a FIFO queue's and of no other.
pub(super) fn queue_name(name: &str, fifo: bool) -> Result<(), QueueError> {
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match stem {
        Some(stem)
            if !stem.is_empty() && name.len() <= limits::MAX_QUEUE_NAME && stem.bytes().all(allowed) =>
        {
            Ok(())
        }
        None => Err(QueueError::invalid_parameter(
            name,
            "QueueName",
            "The name of a FIFO queue must end with the .fifo suffix.",
        )),
        Some(_) => Err(QueueError::invalid_parameter(
            name,
            "QueueName",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length. \
             A name that ends in .fifo needs FifoQueue set to true.",
        )),
    }
}

pub(super) fn visibility_timeout(timeout: Duration) -> Result<(), QueueError> {
    if timeout <= limits::MAX_VISIBILITY_TIMEOUT {
        return Ok(());
    }
    Err(QueueError::invalid_parameter(
        timeout.as_secs_f64(),
        "VisibilityTimeout",
        "VisibilityTimeout must be an integer between 0 and 43200",
    ))
}

/// Whether the size is within the queue's own limit.
pub(super) fn message_size(size: usize, most: usize) -> Result<(), QueueError> {
    if size <= most {
        return Ok(());
    }
    let text =
        format!("One or more parameters are invalid. Reason: Message must be shorter than {most} bytes.");
    Err(QueueError::new(QueueErrorKind::MessageTooLong, text))
}

pub(super) fn max_messages(max: usize) -> Result<(), QueueError> {
    if (1..=limits::MAX_BATCH).contains(&max) {
        return Ok(());
    }
    Err(QueueError::invalid_parameter(max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."))
}

pub(super) fn wait(wait: Duration) -> Result<(), QueueError> {
    if wait <= limits::MAX_WAIT {
        return Ok(());
    }
    Err(QueueError::invalid_parameter(
        wait.as_secs_f64(),
        "WaitTimeSeconds",
        "Must be >= 0 and <= 20, if provided.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_xml_allows() {
        for good in ["a", "\t\n\r", "Ünïcödé ✓ 🦀", "\u{7f}\u{85}\u{FFFD}\u{D7FF}\u{E000}\u{10FFFF}"]
        {
            assert!(is_allowed_text(good.as_bytes()), "{good:?}");
        }
        for bad in ["\0", "a\u{8}", "\u{13}ü", "ü\u{FFFF}", "\u{FFFE}", "\u{1f}"] {
            assert!(!is_allowed_text(bad.as_bytes()), "{bad:?}");
        }
        for bad in [&b"\xff"[..], b"ok \xed\xa0\x80", b"\xc3"] {
            assert!(!is_allowed_text(bad), "{bad:?}");
        }
    }

    #[test]
    fn an_attribute_is_checked_by_name_type_and_value() {
        let check = |attribute| attributes(&[attribute]).map_err(|error| error.kind());
        let string = |name: &'static str| check(MessageAttribute::string(name, "v"));
        for good in ["a", "A-b_c.9", "awsx", "amazonian"] {
            assert_eq!(string(good), Ok(()), "{good}");
        }
        for bad in ["", ".a", "a.", "a..b", "AWS.x", "aws.x", "Amazon.x", "a b", "ä", &"n".repeat(257)] {
            let result = check(MessageAttribute::string(bad.to_owned(), "v"));
            assert_eq!(result, Err(QueueErrorKind::InvalidParameterValue), "{bad}");
        }
        let typed = |data_type, value: &'static str| check(MessageAttribute::typed("a", data_type, value));
        assert_eq!(typed("String.mine", "v"), Ok(()));
        assert_eq!(typed("Number.int", "-1.5e3"), Ok(()));
        assert_eq!(typed("Binary", "\0"), Ok(()));
        assert_eq!(typed("Number", "one"), Err(QueueErrorKind::InvalidParameterValue));
        assert_eq!(typed("Strings", "v"), Err(QueueErrorKind::InvalidParameterValue));
        assert_eq!(typed("String", ""), Err(QueueErrorKind::InvalidParameterValue));
        assert_eq!(typed("String", "\0"), Err(QueueErrorKind::InvalidMessageContents));
    }
}
