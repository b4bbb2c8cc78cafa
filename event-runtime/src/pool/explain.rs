//! Answers to "where does this event go, and why not there?".

use std::fmt;
use std::sync::Arc;

use crate::pool::deliver::Member;
use crate::pool::routes::{ALL, Routes, Rule, UNMATCHED, Wants};

/// What a pool does with one payload type; `Display` writes it as one line a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The payload type.
    pub payload_type: String,
    /// Whether the pool knows it: a pack lists it, or it was declared as external.
    pub known: bool,
    /// Every producer of the pool, in its order.
    pub producers: Vec<ProducerExplanation>,
}

/// What one producer does with the payload type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerExplanation {
    /// The producer's id.
    pub producer: Arc<str>,
    /// Whether it takes the payload type, and why.
    pub verdict: Verdict,
}

/// Whether a producer takes a payload type, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It does, by this rule.
    Takes(Rule),
    /// It does not: its lists name other types and packs.
    NotListed,
    /// It does not: its `?` gives way to the named producer's rule.
    Matched {
        /// Another producer's id.
        by: Arc<str>,
        /// That producer's rule.
        rule: Rule,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Takes(rule) => write!(formatter, "takes it: {rule}"),
            Self::NotListed => {
                write!(formatter, "does not: neither the type, nor its pack, nor `{ALL}` is listed")
            }
            Self::Matched { by, rule } => {
                write!(formatter, "does not: its `{UNMATCHED}` gives way to `{by}`, which {rule}")
            }
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = if self.known { "" } else { " (no pack lists it)" };
        write!(formatter, "{}{known}", self.payload_type)?;
        for producer in &self.producers {
            write!(formatter, "\n  {} {}", producer.producer, producer.verdict)?;
        }
        Ok(())
    }
}

pub(super) fn explain(
    payload_type: &str,
    members: &[Member],
    wants: &[Wants],
    routes: &Routes,
) -> Explanation {
    let entry = routes.of(payload_type);
    let rule_of = |index: usize| {
        let position = entry.targets.iter().position(|target| *target == index)?;
        entry.rules.get(position).copied()
    };
    let named = entry.targets.iter().zip(&entry.rules).find_map(|(target, rule)| match rule {
        Rule::PayloadType | Rule::Pack(_) => Some((members.get(*target)?.id.clone(), *rule)),
        Rule::All | Rule::Unmatched => None,
    });
    let verdict = |index: usize, wants: &Wants| match (rule_of(index), &named) {
        (Some(rule), _) => Verdict::Takes(rule),
        (None, Some((by, rule))) if wants.lists(UNMATCHED) => {
            Verdict::Matched { by: by.clone(), rule: *rule }
        }
        (None, _) => Verdict::NotListed,
    };
    let producers = members.iter().zip(wants).enumerate().map(|(index, (member, wants))| {
        ProducerExplanation { producer: member.id.clone(), verdict: verdict(index, wants) }
    });
    Explanation {
        payload_type: payload_type.into(),
        known: routes.knows(payload_type),
        producers: producers.collect(),
    }
}
