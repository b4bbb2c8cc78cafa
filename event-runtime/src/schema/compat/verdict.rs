//! Answers: three-valued truth, and what a search for a counterexample found.

use serde_json::Value;

/// Yes, no, or "can't tell".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }

    pub(super) fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    /// A "no" counts only where everything was looked at.
    pub(super) fn unless_no(self, complete: bool) -> Self {
        if self == Self::False && !complete { Self::Unknown } else { self }
    }

    /// A "no" that other readers might not share.
    pub(super) fn and_unknown_if_false(self) -> Self {
        if self == Self::True { Self::True } else { Self::Unknown }
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// What a search for an instance found.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// There is none: proved.
    Nothing,
    /// This one: checked.
    Instance(Value),
    /// Can't tell, and why.
    Unclear(Obstacle),
}

/// Why a search could not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The budget of steps or of depth is used up.
    Budget,
    /// A keyword, a pattern or a format that the engine can't reason about.
    Beyond,
}

impl Found {
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    pub(super) fn instance_ref(&self) -> Option<&Value> {
        match self {
            Self::Instance(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn instance(self) -> Option<Value> {
        match self {
            Self::Instance(value) => Some(value),
            _ => None,
        }
    }
}
