//! Fields, which both derives share: their names on the wire, rules, descriptions and marks.

mod check;
mod expand;
mod model;
mod own_rules;

pub(crate) use check::check_fields;
pub(crate) use expand::{checks, descriptors, has_rules, of_self, type_name};
pub(crate) use model::{Absent, Field, Pii, Place, Wire};
pub(crate) use own_rules::own_rules;
