//! Where generated code finds the runtime.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

/// `::event_runtime`, or what `crate = …` says.
#[derive(Clone)]
pub(crate) struct RuntimePath(Option<Path>);

impl RuntimePath {
    pub(crate) fn default_path() -> Self {
        Self(None)
    }

    /// The runtime under another name; `None` where the path is not absolute.
    pub(crate) fn absolute(path: Path) -> Option<Self> {
        let first = path.segments.first()?.ident.to_string();
        let is_absolute = path.leading_colon.is_some() || matches!(first.as_str(), "crate" | "$crate");
        is_absolute.then_some(Self(Some(path)))
    }
}

/// The path of what generated code calls.
impl ToTokens for RuntimePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match &self.0 {
            None => quote!(::event_runtime::__private).to_tokens(tokens),
            Some(path) => quote!(#path::__private).to_tokens(tokens),
        }
    }
}
