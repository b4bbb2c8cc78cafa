//! What a comparison says.

use serde_json::Value;

/// Whether one side reads what the other writes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Every instance that the writer emits is accepted: proved.
    Compatible,
    /// Some instance is refused.
    Breaking {
        /// An instance that the writer emits and the reader refuses.
        counterexample: Value,
    },
    /// Can't tell; it counts as a refusal.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// Whether it is [`Verdict::Compatible`].
    pub fn is_compatible(&self) -> bool {
        matches!(self, Self::Compatible)
    }

    /// An instance that one side emits and the other refuses, for [`Verdict::Breaking`].
    pub fn counterexample(&self) -> Option<&Value> {
        match self {
            Self::Breaking { counterexample } => Some(counterexample),
            _ => None,
        }
    }

    /// The verdict of two: breaking if either is, compatible only if both are.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (breaking @ Self::Breaking { .. }, _) | (_, breaking @ Self::Breaking { .. }) => breaking,
            (unknown @ Self::Unknown { .. }, _) | (_, unknown @ Self::Unknown { .. }) => unknown,
            (Self::Compatible, Self::Compatible) => Self::Compatible,
        }
    }
}

/// What became of an event's schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Whether new code reads old events.
    pub backward: Verdict,
    /// Whether old code reads new events.
    pub forward: Verdict,
    /// What changed, in the order of the schema.
    pub changes: Vec<Change>,
}

impl Report {
    /// Both directions in one verdict.
    pub fn full(&self) -> Verdict {
        self.backward.clone().and(self.forward.clone())
    }
}

/// One change of a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The JSON pointer (RFC 6901) of the changed schema in the new document; in the old one for what was removed.
    pub pointer: String,
    /// The place in the instance in words, for instance `order.items[].sku`; empty for the whole event.
    pub place: String,
    /// What kind of change it is.
    pub kind: ChangeKind,
    /// The change in one sentence, without a full stop.
    pub sentence: String,
    /// What it means for new code that reads old events.
    pub backward: Effect,
    /// What it means for old code that reads new events.
    pub forward: Effect,
}

impl Change {
    /// How much it matters, whichever the direction.
    pub fn severity(&self) -> Severity {
        self.backward.severity().max(self.forward.severity())
    }
}

/// What one change means for one direction.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing breaks.
    None,
    /// Nothing is refused, but what was written under one name is not found under the other: it is lost.
    Lossy,
    /// The direction was not proved, and this change may be the reason.
    Unproven,
    /// It breaks.
    Breaking {
        /// A whole event that one side emits and the other refuses.
        counterexample: Value,
    },
}

impl Effect {
    /// Whether it breaks the direction, as far as is known.
    pub fn breaks(&self) -> bool {
        matches!(self, Self::Unproven | Self::Breaking { .. })
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::None => Severity::Harmless,
            Self::Lossy => Severity::Lossy,
            Self::Unproven => Severity::Unproven,
            Self::Breaking { .. } => Severity::Breaking,
        }
    }
}

/// How much a change matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// No direction breaks by it.
    Harmless,
    /// Nothing is refused, and something is lost: a property that may be absent has another name.
    Lossy,
    /// Nobody knows.
    Unproven,
    /// Some direction breaks, and a counterexample shows it.
    Breaking,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// A property that may be absent is new.
    OptionalPropertyAdded,
    /// A property that must be there is new.
    RequiredPropertyAdded,
    /// A property is gone.
    PropertyRemoved,
    /// A property is gone, and a new one has its schema.
    PropertyRenamed,
    /// A property that might be absent must be there.
    BecameRequired,
    /// A property that had to be there may be absent.
    BecameOptional,
    /// Other types of JSON values.
    TypeChanged,
    /// Other constants.
    ValuesChanged,
    /// Other bounds of a number.
    RangeChanged,
    /// Other bounds of a length or of a count.
    LengthChanged,
    /// Another `multipleOf`.
    MultipleChanged,
    /// Another `pattern`.
    PatternChanged,
    /// Another `format`.
    FormatChanged,
    /// `uniqueItems` came or went.
    UniquenessChanged,
    /// Unknown properties were accepted and are refused, or the other way round, or are described otherwise.
    UnknownPropertiesChanged,
    /// A tuple has more or fewer elements described.
    ElementsChanged,
    /// A union has one alternative more.
    VariantAdded,
    /// A union has one alternative less.
    VariantRemoved,
    /// Any other rule.
    RulesChanged,
}
