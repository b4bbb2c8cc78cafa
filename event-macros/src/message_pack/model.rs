//! A pack without a mistake that its tokens show.

use syn::{Attribute, Ident, Path, Visibility};

use crate::runtime_path::RuntimePath;

pub(super) struct Pack<'a> {
    pub(super) runtime: RuntimePath,
    /// Everything but the runtime's own.
    pub(super) attributes: Vec<&'a Attribute>,
    pub(super) visibility: &'a Visibility,
    pub(super) name: &'a Ident,
    pub(super) description: String,
    pub(super) events: Vec<Listed<'a>>,
}

pub(super) struct Listed<'a> {
    pub(super) path: &'a Path,
    pub(super) variant: Ident,
}
