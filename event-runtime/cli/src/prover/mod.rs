//! A second prover: what the project's own [`compat`](event_runtime::schema::compat) says of a change, checked by one
//! that shares no line with it.
//!
//! It wraps the containment check of the crate `jsonschema`, which is experimental, pinned to one version, and too
//! large for the core. It answers less often than our own search does (recursion, unevaluated properties and most
//! mixtures of `allOf` and closed objects are beyond it), so it never decides: where both answer they must agree, and a
//! disagreement is a bug of one of them that `schema diff` and `schema check` refuse to hide.

mod bounds;
mod closing;
mod numbers;

use event_runtime::schema::compat::{Report, Verdict, Writers};
use jsonschema::Draft;
use jsonschema::canonical::{CanonicalSchema, Containment, options};
use serde_json::Value;

/// Whether a reader's schema accepts everything that a writer's emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opinion {
    /// It does: proved.
    Yes,
    /// It does not: proved.
    No,
    /// Can't tell.
    Unknown,
}

impl Opinion {
    /// Whether it contradicts a verdict; can't tell contradicts nothing.
    pub fn contradicts(self, verdict: &Verdict) -> bool {
        matches!((self, verdict), (Self::Yes, Verdict::Breaking { .. }) | (Self::No, Verdict::Compatible))
    }

    /// `yes`, `no`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// The second opinion on both directions of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opinions {
    /// Whether new code reads old events.
    pub backward: Opinion,
    /// Whether old code reads new events.
    pub forward: Opinion,
}

impl Opinions {
    /// What the prover says of a change; arguments are those of
    /// [`compare`](event_runtime::schema::compat::compare).
    ///
    /// ```
    /// use event_cli::prover::{Opinion, Opinions};
    /// use event_runtime::schema::compat::Writers;
    /// use serde_json::json;
    ///
    /// let old = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    /// let new = json!({ "type": "object", "properties": { "n": { "type": ["integer", "string"] } } });
    /// let opinions = Opinions::of(&old, &new, Writers::Closed);
    /// assert_eq!((opinions.backward, opinions.forward), (Opinion::Yes, Opinion::No));
    /// ```
    pub fn of(old: &Value, new: &Value, writers: Writers) -> Self {
        Self { backward: reads(new, old, writers), forward: reads(old, new, writers) }
    }

    /// The directions in which it contradicts a report, by name.
    pub fn contradictions(&self, report: &Report) -> Vec<&'static str> {
        let directions =
            [("backward", self.backward, &report.backward), ("forward", self.forward, &report.forward)];
        let contradicting =
            directions.into_iter().filter(|(_, opinion, verdict)| opinion.contradicts(verdict));
        contradicting.map(|(name, ..)| name).collect()
    }
}

/// Whether `reader` accepts everything that `writer` emits; of the writer's, `x-writer` counts where it has one.
pub fn reads(reader: &Value, writer: &Value, writers: Writers) -> Opinion {
    let written = contract(writer);
    let written = match writers {
        Writers::AsWritten => Some(written),
        Writers::Closed => closing::closed(&written),
    };
    let (Some(written), Some(read)) = (written.as_ref().and_then(canonical), canonical(reader)) else {
        return Opinion::Unknown;
    };
    match read.covers(&written) {
        Ok(Containment::Yes) => Opinion::Yes,
        Ok(Containment::No) => Opinion::No,
        _ => Opinion::Unknown,
    }
}

/// What a writer emits: `x-writer` where it has one, with the definitions around it.
fn contract(whole: &Value) -> Value {
    let Some(contract) = whole.get("x-writer") else { return whole.clone() };
    let mut contract = contract.clone();
    if let Some(contract) = contract.as_object_mut() {
        for (keyword, value) in whole.as_object().into_iter().flatten() {
            if matches!(keyword.as_str(), "$schema" | "$defs" | "definitions")
                && !contract.contains_key(keyword)
            {
                contract.insert(keyword.clone(), value.clone());
            }
        }
    }
    contract
}

/// The schema in canonical form; `None` where there is no such form.
fn canonical(schema: &Value) -> Option<CanonicalSchema> {
    if !bounds::within(schema) {
        return None;
    }
    let schema = numbers::with_ranges(schema);
    let draft = if schema.get("$schema").is_some() { None } else { Some(Draft::Draft202012) };
    let mut options = options().offline().should_validate_formats(true);
    if let Some(draft) = draft {
        options = options.with_draft(draft);
    }
    options.canonicalize(&schema).ok()
}
