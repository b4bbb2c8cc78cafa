//! A candidate against the versions that are committed.

use serde_json::Value;

use super::report::{ChangeKind, Report, Verdict};
use super::{Options, Writers, compare};
use crate::event::Compatibility;

/// A candidate compared with what came before it.
#[derive(Clone, Debug)]
pub struct History {
    /// One comparison for each version that the rule asks about, the newest first.
    pub comparisons: Vec<Comparison>,
}

/// A candidate compared with one earlier version.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The index of the version in the list that was given.
    pub version: usize,
    /// What changed since.
    pub report: Report,
    /// Why the rule refuses the candidate because of this version, one sentence each; empty where it does not.
    pub refusals: Vec<String>,
}

impl History {
    /// Whether the rule allows the candidate.
    pub fn is_allowed(&self) -> bool {
        self.comparisons.iter().all(|comparison| comparison.refusals.is_empty())
    }

    /// Whether new code reads the events of every version that was looked at.
    pub fn backward(&self) -> Verdict {
        self.all(|report| report.backward.clone())
    }

    /// Whether the code of every version that was looked at reads new events.
    pub fn forward(&self) -> Verdict {
        self.all(|report| report.forward.clone())
    }

    /// Both directions in one verdict.
    pub fn full(&self) -> Verdict {
        self.backward().and(self.forward())
    }

    fn all(&self, side: fn(&Report) -> Verdict) -> Verdict {
        let verdicts = self.comparisons.iter().map(|comparison| side(&comparison.report));
        verdicts.fold(Verdict::Compatible, Verdict::and)
    }
}

/// Checks `candidate` against its committed `versions`, oldest first, as `rule` asks: against the newest one, or against
/// all of them where the rule is transitive. "Can't tell" is a refusal.
///
/// Under [`Compatibility::Strict`] writers are taken [as written](Writers::AsWritten), and a new optional property is
/// refused.
///
/// ```
/// use event_runtime::event::Compatibility;
/// use event_runtime::schema::compat::{Options, check_history};
/// use serde_json::json;
///
/// let first = json!({ "type": "object", "properties": { "id": { "type": "integer", "format": "int32" } } });
/// let second = json!({ "type": "object", "properties": { "id": { "type": "integer", "format": "int64" } } });
/// let history = check_history(Compatibility::Backward { transitive: true }, &[&first], &second, &Options::default());
/// assert!(history.is_allowed());
/// let history = check_history(Compatibility::Full { transitive: true }, &[&first], &second, &Options::default());
/// assert!(!history.is_allowed());
/// ```
pub fn check_history(
    rule: Compatibility,
    versions: &[&Value],
    candidate: &Value,
    options: &Options,
) -> History {
    let transitive = match rule {
        Compatibility::None => return History { comparisons: Vec::new() },
        Compatibility::Backward { transitive }
        | Compatibility::Forward { transitive }
        | Compatibility::Full { transitive }
        | Compatibility::Strict { transitive } => transitive,
    };
    let mut options = options.clone();
    if matches!(rule, Compatibility::Strict { .. }) {
        options.writers = Writers::AsWritten;
    }
    let count = if transitive { versions.len() } else { 1 };
    let newest_first = versions.iter().enumerate().rev().take(count);
    let comparisons = newest_first.map(|(version, old)| {
        let report = compare(old, candidate, &options);
        let refusals = refusals(rule, &report);
        Comparison { version, report, refusals }
    });
    History { comparisons: comparisons.collect() }
}

fn refusals(rule: Compatibility, report: &Report) -> Vec<String> {
    let (asks_backward, asks_forward) = match rule {
        Compatibility::Backward { .. } => (true, false),
        Compatibility::Forward { .. } => (false, true),
        Compatibility::Full { .. } | Compatibility::Strict { .. } => (true, true),
        Compatibility::None => (false, false),
    };
    let mut refusals = Vec::new();
    if asks_backward {
        refusals.extend(refusal("new code can't read old events", &report.backward));
    }
    if asks_forward {
        refusals.extend(refusal("old code can't read new events", &report.forward));
    }
    if matches!(rule, Compatibility::Strict { .. }) {
        let added = report.changes.iter().filter(|change| change.kind == ChangeKind::OptionalPropertyAdded);
        refusals.extend(added.map(|change| format!("{}, which the strict rule refuses", change.sentence)));
    }
    refusals
}

fn refusal(what: &str, verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Compatible => None,
        Verdict::Breaking { counterexample } => Some(format!("{what}, for instance {counterexample}")),
        Verdict::Unknown { reason } => Some(format!("no proof either way ({what}?): {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(fields: &[&str]) -> Value {
        let properties: serde_json::Map<_, _> =
            fields.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        json!({ "type": "object", "properties": properties })
    }

    #[test]
    fn transitive_rules_look_behind_the_newest_version() {
        let first = json!({ "type": "object", "properties": { "a": { "type": "integer" } } });
        let (second, third) = (with(&["b"]), with(&["a"]));
        let versions = [&first, &second];
        let newest =
            check_history(Compatibility::Full { transitive: false }, &versions, &third, &Options::default());
        assert!(newest.is_allowed() && newest.comparisons.len() == 1);
        let all =
            check_history(Compatibility::Full { transitive: true }, &versions, &third, &Options::default());
        assert!(!all.is_allowed());
        assert_eq!(all.comparisons[1].version, 0);
        assert!(all.backward().counterexample().is_some() && all.forward().counterexample().is_some());
    }

    #[test]
    fn strict_refuses_what_full_allows() {
        let (old, new) = (with(&["a"]), with(&["a", "b"]));
        let check = |rule| check_history(rule, &[&old], &new, &Options::default()).is_allowed();
        assert!(check(Compatibility::Full { transitive: true }));
        assert!(!check(Compatibility::Strict { transitive: true }));
        assert!(check(Compatibility::None));
    }
}
