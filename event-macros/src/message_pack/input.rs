//! A pack as it is written: `/// docs  pub Name<EventA, path::EventB as Variant>`.

use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, Path, Token, Visibility};

/// How a pack is written, for messages.
pub(super) const FORM: &str = "`pub MyMessagePack<EventA, EventB as Variant>`";

pub(super) struct Input {
    pub(super) attributes: Vec<Attribute>,
    pub(super) visibility: Visibility,
    pub(super) name: Ident,
    pub(super) events: Punctuated<Listed, Token![,]>,
}

/// One event of the list.
pub(super) struct Listed {
    pub(super) path: Path,
    pub(super) variant: Option<Ident>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Err(syn::Error::new(Span::call_site(), format!("the pack is empty: write {FORM}")));
        }
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let name = input.parse().map_err(|error| explain(&error, "the pack's name"))?;
        input.parse::<Token![<]>().map_err(|error| explain(&error, "`<` and the events"))?;
        let mut events = Punctuated::new();
        while !input.peek(Token![>]) {
            events.push_value(input.parse()?);
            if input.peek(Token![>]) {
                break;
            }
            events.push_punct(input.parse::<Token![,]>().map_err(|error| explain(&error, "`,` or `>`"))?);
        }
        input.parse::<Token![>]>().map_err(|error| explain(&error, "`>`"))?;
        if input.is_empty() {
            return Ok(Self { attributes, visibility, name, events });
        }
        Err(input.error(format!("one `message_pack!` makes one pack, which ends at `>`: write {FORM}, and another `message_pack!` for the next")))
    }
}

impl Parse for Listed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path = input.call(Path::parse_mod_style).map_err(|error| explain(&error, "an event's path"))?;
        let variant = match input.parse::<Option<Token![as]>>()? {
            Some(_) => Some(input.parse().map_err(|error| explain(&error, "the variant's name"))?),
            None => None,
        };
        Ok(Self { path, variant })
    }
}

fn explain(error: &syn::Error, expected: &str) -> syn::Error {
    syn::Error::new(error.span(), format!("expected {expected}: write {FORM}"))
}
