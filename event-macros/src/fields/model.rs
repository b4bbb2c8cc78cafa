//! Fields without a mistake.

use syn::{ExprPath, Member, Type};

use crate::rules::Rule;
use crate::serde_names::Tagging;
use crate::shape::Shape;

/// One field of a struct or of a variant.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) shape: Shape,
    pub(crate) wire: Wire,
    /// The name that writers give, where it is another.
    pub(crate) written_name: Option<String>,
    /// Other names that readers take.
    pub(crate) aliases: Vec<String>,
    pub(crate) absent: Absent,
    /// Whether a payload without it is refused, be it by its rules.
    pub(crate) required: bool,
    pub(crate) description: String,
    pub(crate) rules: Vec<Rule>,
    /// Whether the rules of its type are left out on purpose.
    pub(crate) skips_own_rules: bool,
    pub(crate) pii: Option<Pii>,
    /// Whether its form on the wire and in the schema is its type's own: nothing says otherwise.
    pub(crate) is_plain: bool,
}

/// Where a field is on the wire.
#[derive(Clone, PartialEq)]
pub(crate) enum Wire {
    /// A member of that name.
    Member(String),
    /// An item of that index.
    Item(usize),
    /// Its members are its holder's, or its form is its holder's.
    Flat,
    /// Nowhere.
    Nowhere,
}

/// What stands for a field that is absent.
#[derive(Clone)]
pub(crate) enum Absent {
    /// Nothing: it must be there.
    Error,
    /// `None`.
    OptionNone,
    /// `Default::default()`.
    Default,
    /// The call of a function.
    Call(ExprPath),
    /// The field of the container's default.
    Container,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Pii {
    Personal,
    Secret,
}

/// Which fields a descriptor row belongs to.
#[derive(Clone)]
pub(crate) enum Place {
    /// A struct's own.
    Struct,
    /// An enum's variant's.
    Variant { name: String, tagging: Tagging },
}
