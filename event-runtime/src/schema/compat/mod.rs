//! Compatibility of JSON Schemas: may code with the new schema read what code with the old one wrote, and the other
//! way round?
//!
//! Judged by instances: a change breaks a direction when there is one instance that the writer's schema emits and the
//! reader's schema refuses, and that instance is shown. It owns the search for such instances, the proof that there is
//! none, and the explanation of each change in words. It does not know events, files or versions; see
//! [`check_history`] for a candidate against its committed versions.
//!
//! - **Writers** emit objects closed ([`Writers::Closed`]): properties that their schema lists and no others, unless it says
//!   `additionalProperties`, `unevaluatedProperties`, or lists none. So a reader may add an optional property.
//! - **Readers** accept what their schema says, with unknown properties where it does not forbid them.
//! - **Formats** are rules: `uint32` has a range, `uuid` refuses other text.
//! - A schema with an `x-writer` member is a reader's schema; the member is what its writers emit.
//! - A property that may be absent and has another name now breaks nothing and is told as [`Effect::Lossy`].
//! - Whatever can't be told within the budget ([`Options::steps`]) is [`Verdict::Unknown`], which counts as a refusal.
//!
//! ```
//! use event_runtime::schema::compat::{Options, compare};
//! use serde_json::json;
//!
//! let old = json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] });
//! let new = json!({
//!     "type": "object",
//!     "properties": { "id": { "type": "string" }, "amount": { "type": "integer" } },
//!     "required": ["id", "amount"]
//! });
//! let report = compare(&old, &new, &Options::default());
//! assert!(!report.backward.is_compatible()); // an old event has no amount
//! assert!(report.forward.is_compatible());
//! assert_eq!(report.changes[0].pointer, "/properties/amount");
//! ```

mod diff;
mod direction;
mod document;
mod engine;
mod format;
mod history;
mod number;
mod pattern;
mod report;
mod room;
mod same;
mod shape;
mod solve;
mod validate;
mod verdict;
mod wellfounded;

pub use history::{Comparison, History, check_history};
pub use report::{Change, ChangeKind, Effect, Report, Severity, Verdict};

use serde_json::Value;

use diff::Explainer;
use direction::Direction;

/// How schemas are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What writers put into objects.
    pub writers: Writers,
    /// The budget of one direction, in steps of the search. Ordinary schemas take some thousands; the default is used
    /// up within seconds, also by unoptimised code.
    pub steps: u64,
}

/// What a writer puts into an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// The properties that its schema lists, as code generated from a type does.
    Closed,
    /// Whatever its schema accepts: also properties that only a later schema gives a meaning.
    AsWritten,
}

impl Default for Options {
    /// Closed writers, 500,000 steps.
    fn default() -> Self {
        Self { writers: Writers::Closed, steps: 500_000 }
    }
}

/// Compares two schemas of one event: which code reads whose events, what changed, and what each change breaks.
pub fn compare(old: &Value, new: &Value, options: &Options) -> Report {
    room::with_room(|max_depth| {
        let mut old_to_new = Direction::new(old, new, options, max_depth);
        let mut new_to_old = Direction::new(new, old, options, max_depth);
        let (backward, forward) = (old_to_new.verdict(), new_to_old.verdict());
        // Explaining has a budget of its own, so that a verdict never depends on it.
        old_to_new.engine.steps = options.steps;
        new_to_old.engine.steps = options.steps;
        let explainer = Explainer::new(&mut old_to_new, &mut new_to_old, (&backward, &forward));
        let changes = explainer.explain(old, new);
        Report { backward, forward, changes }
    })
}
