//! Routing: payload type → producers, worked out once when the pool is built.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use metrics::SharedString;

use crate::factory::PackDescriptor;
use crate::pool::telemetry::UNREGISTERED;

/// The rule for every payload type.
pub(super) const ALL: &str = "*";
/// The rule for payload types that no type or pack rule matches.
pub(super) const UNMATCHED: &str = "?";

/// Why a producer takes a payload type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The producer lists the payload type.
    PayloadType,
    /// The producer lists a pack that the event stands in.
    Pack(&'static str),
    /// The producer lists `*`.
    All,
    /// The producer lists `?`, and no producer lists the type or its pack.
    Unmatched,
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PayloadType => formatter.write_str("lists the payload type"),
            Self::Pack(pack) => write!(formatter, "lists the pack `{pack}`"),
            Self::All => formatter.write_str("lists `*`"),
            Self::Unmatched => formatter.write_str("lists `?`, and no type or pack rule matches"),
        }
    }
}

/// A producer that takes a payload type, and the rule by which it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The producer's id.
    pub producer: Arc<str>,
    /// The most specific of its rules that match.
    pub rule: Rule,
}

/// What one producer asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Wants {
    pub(super) types: Vec<String>,
    pub(super) packs: Vec<String>,
}

impl Wants {
    pub(super) fn lists(&self, payload_type: &str) -> bool {
        self.types.iter().any(|listed| listed == payload_type)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.types.is_empty() && self.packs.is_empty()
    }

    /// The rule that names the type or its pack, if there is one.
    fn named(&self, payload_type: &str, known: &Known) -> Option<Rule> {
        if self.lists(payload_type) {
            return Some(Rule::PayloadType);
        }
        let pack = known.packs.iter().find(|pack| self.packs.iter().any(|listed| listed == *pack))?;
        Some(Rule::Pack(pack))
    }
}

/// The payload types and packs that a pool knows.
#[derive(Clone, Default)]
pub(super) struct Catalogue {
    pub(super) types: BTreeMap<Cow<'static, str>, Known>,
    pub(super) packs: Vec<&'static str>,
}

/// What is known of one payload type.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// The packs that list it: one, unless packs of several crates share a payload type.
    pub(super) packs: Vec<&'static str>,
    /// Known to have no ordering key; external types are not known to.
    pub(super) keyless: bool,
}

impl Catalogue {
    pub(super) fn add_pack(&mut self, pack: &'static PackDescriptor) {
        if !self.packs.contains(&pack.name) {
            self.packs.push(pack.name);
        }
        for event in pack.events {
            let known = self.types.entry(Cow::Borrowed(event.payload_type)).or_default();
            known.keyless |= event.key.is_none();
            if !known.packs.contains(&pack.name) {
                known.packs.push(pack.name);
            }
        }
    }

    pub(super) fn add_external(&mut self, payload_type: String) {
        self.types.entry(Cow::Owned(payload_type)).or_default();
    }
}

/// The finished table.
pub(super) struct Routes {
    by_type: HashMap<Cow<'static, str>, Entry, foldhash::fast::RandomState>,
    unknown: Entry,
}

/// Who takes one payload type.
pub(super) struct Entry {
    pub(super) label: SharedString,
    pub(super) targets: Arc<[usize]>,
    /// One a target.
    pub(super) rules: Vec<Rule>,
}

impl Routes {
    /// The table for producers that want `wants`, each at its index.
    pub(super) fn new(catalogue: &Catalogue, wants: &[Wants]) -> Self {
        let entries = catalogue.types.iter().map(|(payload_type, known)| {
            let label = SharedString::from_owned(payload_type.to_string());
            (payload_type.clone(), Entry::new(label, payload_type, known, wants))
        });
        let unregistered = SharedString::const_str(UNREGISTERED);
        Self { by_type: entries.collect(), unknown: Entry::new(unregistered, "", &Known::default(), wants) }
    }

    /// Who takes `payload_type`; one that nobody knows can only match `*` and `?`.
    pub(super) fn of(&self, payload_type: &str) -> &Entry {
        self.by_type.get(payload_type).unwrap_or(&self.unknown)
    }

    pub(super) fn knows(&self, payload_type: &str) -> bool {
        self.by_type.contains_key(payload_type)
    }

    /// Every payload type that the pool knows.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.by_type.keys().map(AsRef::as_ref)
    }
}

impl Entry {
    fn new(label: SharedString, payload_type: &str, known: &Known, wants: &[Wants]) -> Self {
        let named: Vec<_> = wants.iter().map(|wants| wants.named(payload_type, known)).collect();
        let unmatched = named.iter().all(Option::is_none);
        let rules = wants.iter().zip(named).map(|(wants, named)| {
            named
                .or_else(|| wants.lists(ALL).then_some(Rule::All))
                .or_else(|| (unmatched && wants.lists(UNMATCHED)).then_some(Rule::Unmatched))
        });
        let (targets, rules): (Vec<_>, _) =
            rules.enumerate().filter_map(|(index, rule)| Some((index, rule?))).unzip();
        Self { label, targets: targets.into(), rules }
    }
}
