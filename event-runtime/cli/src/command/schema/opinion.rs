//! The second prover's opinion of a change, where it is built in.

use event_runtime::event::Compatibility;
use event_runtime::schema::compat::Report;
use serde_json::Value;

/// What the second prover says of a change.
#[derive(Default)]
pub(super) struct Opinion {
    /// Both directions as JSON; null where no prover is built in.
    pub(super) json: Value,
    /// One sentence for each direction in which it contradicts the diff: one of them is wrong, and nobody should build
    /// on either.
    pub(super) contradictions: Vec<String>,
}

#[cfg(feature = "prover")]
pub(super) fn opinion(old: &Value, new: &Value, rule: Compatibility, report: &Report) -> Opinion {
    use event_runtime::schema::compat::Writers;
    let writers = match rule {
        Compatibility::Strict { .. } => Writers::AsWritten,
        _ => Writers::Closed,
    };
    let opinions = crate::prover::Opinions::of(old, new, writers);
    let contradicted = |direction: &str| {
        format!(
            "the second prover contradicts the diff ({direction}): one of them is wrong; please report both schemas"
        )
    };
    Opinion {
        json: serde_json::json!({
            "backward": opinions.backward.as_str(),
            "forward": opinions.forward.as_str(),
        }),
        contradictions: opinions.contradictions(report).into_iter().map(contradicted).collect(),
    }
}

#[cfg(not(feature = "prover"))]
pub(super) fn opinion(_: &Value, _: &Value, _: Compatibility, _: &Report) -> Opinion {
    Opinion::default()
}
