//! An event without a mistake.

use syn::{Expr, Ident, Path, Visibility};

use crate::committed::Protected;
use crate::fields::Field;
use crate::rules::Rule;
use crate::runtime_path::RuntimePath;

pub(super) struct Event {
    pub(super) runtime: RuntimePath,
    pub(super) name: Ident,
    pub(super) visibility: Visibility,
    pub(super) description: String,
    /// Whether the description is the struct's documentation.
    pub(super) is_documented: bool,
    pub(super) payload_type: String,
    pub(super) version: u32,
    pub(super) upcast_from: Option<Path>,
    pub(super) key: Option<Key>,
    pub(super) topic: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) schemas: Option<String>,
    /// The constructor's name, unless there is none.
    pub(super) constructor: Option<Ident>,
    /// The variant of `Compatibility` and whether it is transitive.
    pub(super) compatibility: Compatibility,
    pub(super) fields: Vec<Field>,
    pub(super) rules: Vec<Rule>,
    /// What the container's default is, where fields take theirs from it.
    pub(super) container_default: Option<Expr>,
    /// The member that names the struct on the wire, by `#[serde(tag = "…")]`.
    pub(super) tag: Option<String>,
    pub(super) is_unit: bool,
}

pub(super) struct Key {
    pub(super) field: Ident,
    pub(super) wire_name: String,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Compatibility {
    Rule { name: &'static str, transitive: bool },
    None,
}

impl Compatibility {
    pub(super) const DEFAULT: Self = Self::Rule { name: "Full", transitive: true };

    /// Which readers it protects.
    pub(super) fn protected(self) -> Protected {
        let name = match self {
            Self::Rule { name, .. } => name,
            Self::None => return Protected { backward: false, forward: false },
        };
        Protected { backward: name != "Forward", forward: name != "Backward" }
    }
}
