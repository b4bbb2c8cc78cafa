//! A type with rules and without a mistake.

use proc_macro2::Ident;

use crate::fields::{Field, Place};
use crate::rules::Rule;
use crate::runtime_path::RuntimePath;

pub(super) struct Checked {
    pub(super) runtime: RuntimePath,
    pub(super) shape: Shape,
    /// The rules of the type as a whole.
    pub(super) rules: Vec<Rule>,
}

pub(super) enum Shape {
    Struct(Vec<Field>),
    Enum(Vec<Variant>),
}

impl Shape {
    /// The fields of the struct, or of every variant.
    pub(super) fn fields(&self) -> Vec<&Field> {
        match self {
            Self::Struct(fields) => fields.iter().collect(),
            Self::Enum(variants) => variants.iter().flat_map(|variant| &variant.fields).collect(),
        }
    }
}

pub(super) struct Variant {
    pub(super) name: Ident,
    pub(super) place: Place,
    /// Where the variant's content is on the wire, as path of member names.
    pub(super) content: Vec<String>,
    pub(super) fields: Vec<Field>,
}
