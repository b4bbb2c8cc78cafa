//! What a failed row is due: another try, a count against it, or to be set aside.

use std::sync::Arc;
use std::time::Duration;

use crate::outbox::progress::Progress;
use crate::outbox::rows::{Claimed, Failed, PENDING, SET_ASIDE};
use event_runtime::Message;
use event_runtime::codec::Codec;
use event_runtime::pool::{EmitError, EmitErrorKind, Remaining};
use event_runtime::transport::{ProduceError, ProduceErrorKind};

use super::RelaySettings;

/// An error's text in the table is at most this long, in characters.
const MAX_ERROR: usize = 2_000;

/// The row's message, as it is to be sent now.
pub(super) fn message_of(row: &Claimed, codec: &Codec, now: i64) -> Result<Message, String> {
    let message = Codec::decode(row.body.clone().into()).map_err(|error| chain(&error))?;
    let message = message.with_hops(u32::try_from(row.hops).unwrap_or_default());
    let message = codec.transcode(&message).map_err(|error| chain(&error))?;
    let left = row.deliver_at.map_or(0, |deliver_at| deliver_at.saturating_sub(now));
    Ok(message.with_delay(Duration::from_millis(u64::try_from(left).unwrap_or_default())))
}

/// What an earlier attempt left to be done, as the error that it ended with.
pub(super) fn earlier_attempt(row: &Claimed, message: Message) -> Result<EmitError, Message> {
    let progress = row.progress.as_deref().and_then(|text| serde_json::from_str::<Progress>(text).ok());
    let Some(progress) = progress.filter(|progress| !progress.remaining.is_empty()) else {
        return Err(message);
    };
    let taken = progress.taken.into_iter().map(Arc::from).collect();
    let unsent = || ProduceError::new(ProduceErrorKind::Unavailable, "not sent by the last attempt");
    let remaining =
        progress.remaining.into_iter().map(|producer| Remaining::new(producer, unsent())).collect();
    Ok(EmitError::undelivered(message, taken, remaining))
}

/// The row after an emit that failed.
pub(super) fn after(error: &EmitError, row: &Claimed, settings: &RelaySettings, now: i64) -> Failed {
    let progress = (error.kind() == EmitErrorKind::Partial).then(|| Progress {
        taken: error.taken().map(str::to_owned).collect(),
        remaining: error.remaining().iter().map(|remaining| remaining.producer().to_owned()).collect(),
    });
    let progress = progress.and_then(|progress| serde_json::to_string(&progress).ok());
    // Why each did not take it: a row that waits for a producer which the pool does not know says so.
    let mut text = chain(error);
    for remaining in error.remaining() {
        text.push_str(&format!("; `{}`: {}", remaining.producer(), chain(remaining.error())));
    }
    failed(is_refusal(error), text, progress, row, settings, now)
}

/// The row after it could not even be read.
pub(super) fn unreadable(reason: String, row: &Claimed, settings: &RelaySettings, now: i64) -> Failed {
    failed(true, reason, row.progress.clone(), row, settings, now)
}

/// Whether the failure is the row's own. A destination that is missing, closed or refuses the credentials fails for every row:
/// somebody will mend it, and the rows wait.
fn is_refusal(error: &EmitError) -> bool {
    match error.kind() {
        EmitErrorKind::Produce | EmitErrorKind::Partial => error.remaining().iter().all(|remaining| {
            matches!(remaining.error().kind(), ProduceErrorKind::TooLarge | ProduceErrorKind::Refused)
        }),
        EmitErrorKind::NoRoute
        | EmitErrorKind::Invalid
        | EmitErrorKind::Encode
        | EmitErrorKind::Unsupported => true,
        _ => false,
    }
}

fn failed(
    refused: bool,
    error: String,
    progress: Option<String>,
    row: &Claimed,
    settings: &RelaySettings,
    now: i64,
) -> Failed {
    let refusals = row.refusals.saturating_add(i32::from(refused));
    let set_aside = refused && i64::from(refusals) >= i64::from(settings.max_refusals.max(1));
    let attempts = u32::try_from(row.attempts).unwrap_or_default().saturating_add(1);
    let delay = i64::try_from(settings.retry_after(attempts).as_millis()).unwrap_or(i64::MAX);
    Failed {
        sequence: row.sequence,
        refusals,
        state: if set_aside { SET_ASIDE } else { PENDING },
        // Never zero, which stands for a row that did not fail.
        available_at: if set_aside { 0 } else { now.saturating_add(delay.max(1)) },
        settled_at: set_aside.then_some(now),
        // PostgreSQL's texts hold no NUL.
        error: error.replace('\0', "\u{fffd}").chars().take(MAX_ERROR).collect(),
        progress,
    }
}

/// The error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_runtime::Metadata;

    fn row(refusals: i32) -> Claimed {
        let columns = (1, "id".into(), "t".into(), None, "{}".into(), 0, None, 0, refusals, refusals, None);
        Claimed::from(columns)
    }

    fn error(kinds: &[ProduceErrorKind]) -> EmitError {
        let message = Codec::Native.encode_raw(Metadata::new("t", 1), "{}", None).unwrap();
        let remaining = kinds.iter().map(|kind| Remaining::new("p", ProduceError::new(*kind, "no")));
        EmitError::undelivered(message, Vec::new(), remaining.collect())
    }

    #[test]
    fn what_passes_by_itself_is_never_counted_against_a_row() {
        use ProduceErrorKind::{Closed, NotFound, Refused, Throttled, TooLarge, Unauthorized, Unavailable};
        for kind in [Unavailable, Throttled, NotFound, Unauthorized, Closed] {
            let failed = after(&error(&[kind]), &row(9), &RelaySettings::default(), 1_000);
            assert_eq!((failed.refusals, failed.state), (9, PENDING), "{kind:?}");
            assert!(failed.available_at > 1_000, "{kind:?}");
        }
        for kind in [Refused, TooLarge] {
            let failed = after(&error(&[kind]), &row(0), &RelaySettings::default(), 1_000);
            assert_eq!((failed.refusals, failed.state), (1, PENDING), "{kind:?}");
        }
        assert!(!is_refusal(&error(&[Refused, Unavailable])), "the other producer may still take it");
        let failed = after(&error(&[NotFound]), &row(0), &RelaySettings::default(), 1_000);
        assert!(failed.error.ends_with("; `p`: no"), "{}", failed.error);
    }

    #[test]
    fn the_last_refusal_sets_a_row_aside() {
        let settings = RelaySettings { max_refusals: 3, ..RelaySettings::default() };
        let failed = after(&error(&[ProduceErrorKind::TooLarge]), &row(2), &settings, 1_000);
        assert_eq!((failed.state, failed.settled_at), (SET_ASIDE, Some(1_000)));
    }

    #[test]
    fn a_body_that_nobody_can_read_counts_against_its_row() {
        let mut broken = row(0);
        broken.body = "no json".into();
        let reason = message_of(&broken, &Codec::Native, 0).unwrap_err();
        broken.progress = Some(r#"{"taken":["a"],"remaining":["b"]}"#.into());
        let failed = unreadable(reason, &broken, &RelaySettings::default(), 0);
        assert_eq!(
            (failed.refusals, failed.progress),
            (1, broken.progress),
            "who has it already stays known"
        );
    }
}
