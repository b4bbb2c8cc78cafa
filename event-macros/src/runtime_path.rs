//! Where generated code finds the runtime.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Path;

use crate::attribute::Argument;
use crate::diagnostics::Diagnostics;

const FORM: &str = "`crate = ::path::to::event_runtime`";

/// `::event_runtime`, or what `crate = …` says.
#[derive(Clone, Default)]
pub(crate) enum RuntimePath {
    #[default]
    EventRuntime,
    Renamed(Path),
    /// What [`RuntimePath::import`] imports.
    Imported,
}

impl RuntimePath {
    /// What `crate = …` says, where it is given.
    pub(crate) fn of(argument: Option<&Argument>, errors: &mut Diagnostics) -> Self {
        let Some(path) = argument.and_then(|argument| argument.value::<Path>(FORM, errors)) else {
            return Self::EventRuntime;
        };
        if !is_absolute(&path) {
            errors.on(path, format!("the path must be absolute: write {FORM}"));
            return Self::EventRuntime;
        }
        Self::Renamed(path)
    }

    /// The import of what generated code calls under a short name, for a block of its own.
    pub(crate) fn import(&self) -> TokenStream {
        quote!(use #self as __event;)
    }

    /// The path of what generated code calls, where errors about it point to `span`.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let span = located_at(span);
        match self {
            Self::EventRuntime => quote_spanned!(span=> ::event_runtime::__private),
            Self::Imported => quote_spanned!(span=> __event),
            Self::Renamed(path) => {
                let mut path = path.clone();
                path.segments.iter_mut().for_each(|segment| {
                    let place = segment.ident.span().located_at(span);
                    segment.ident.set_span(place);
                });
                quote_spanned!(span=> #path::__private)
            }
        }
    }
}

/// A place for generated tokens: errors about them point to `span`, names in them resolve as the macro's own.
pub(crate) fn located_at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

fn is_absolute(path: &Path) -> bool {
    let first = path.segments.first().map(|segment| segment.ident.to_string());
    path.leading_colon.is_some() || matches!(first.as_deref(), Some("crate" | "$crate"))
}

/// The path of what generated code calls.
impl ToTokens for RuntimePath {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.at(Span::call_site()).to_tokens(tokens);
    }
}
