//! Fields as code: a row a field for the descriptor, the calls that check them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Index, Member, Type};

use super::model::{Field, Pii, Place, Wire};
use crate::rules::{self, Rule, Subject};
use crate::runtime_path::{RuntimePath, located_at};
use crate::serde_names::Tagging;

/// The rows of a descriptor; a field that is nowhere on the wire has none.
pub(crate) fn descriptors(runtime: &RuntimePath, fields: &[Field], place: &Place) -> Vec<TokenStream> {
    let on_wire = fields.iter().filter(|field| field.wire != Wire::Nowhere);
    on_wire.map(|field| descriptor(runtime, field, place)).collect()
}

fn descriptor(runtime: &RuntimePath, field: &Field, place: &Place) -> TokenStream {
    let name = match &field.wire {
        Wire::Member(name) => name.clone(),
        Wire::Item(index) => index.to_string(),
        Wire::Flat | Wire::Nowhere => String::new(),
    };
    let (ty, description) = (type_name(&field.ty), &field.description);
    let mut row = quote!(#runtime::field(#name, #ty, #description));
    if let Some(written_name) = &field.written_name {
        row.extend(quote!(.written_as(#written_name)));
    }
    if !field.aliases.is_empty() {
        let aliases = &field.aliases;
        row.extend(quote!(.aliases(&[#(#aliases),*])));
    }
    if !field.required {
        row.extend(quote!(.optional()));
    }
    if !field.rules.is_empty() {
        let rules = field.rules.iter().map(|rule| rules::data(runtime, rule, &field.ty));
        row.extend(quote!(.rules(&[#(#rules),*])));
    }
    match field.pii {
        Some(Pii::Personal) => row.extend(quote!(.pii(#runtime::Pii::Personal))),
        Some(Pii::Secret) => row.extend(quote!(.pii(#runtime::Pii::Secret))),
        None => {}
    }
    if let Place::Variant { name, tagging } = place {
        let tagging = self::tagging(runtime, tagging);
        row.extend(quote!(.variant(#name, #tagging)));
    }
    row
}

/// Whether there is anything to check, where the rows of the fields do not say it.
pub(crate) fn has_rules<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    has_rules: bool,
) -> Option<TokenStream> {
    let mut on_wire = fields.into_iter().filter(|field| field.wire != Wire::Nowhere).peekable();
    // The trait takes a type without rows for one that is written by hand.
    let is_said = on_wire.peek().is_none() || on_wire.any(|field| !field.rules.is_empty());
    (is_said != has_rules).then(|| quote!(const HAS_RULES: bool = #has_rules;))
}

fn tagging(runtime: &RuntimePath, tagging: &Tagging) -> TokenStream {
    match tagging {
        Tagging::External => quote!(#runtime::Tagging::External),
        Tagging::Internal { tag } => quote!(#runtime::Tagging::Internal { tag: #tag }),
        Tagging::Adjacent { tag, content } => {
            quote!(#runtime::Tagging::Adjacent { tag: #tag, content: #content })
        }
        Tagging::Untagged => quote!(#runtime::Tagging::Untagged),
    }
}

/// A type as it is written, without the blanks that tokens leave.
pub(crate) fn type_name(ty: &Type) -> String {
    let spaced = ty.to_token_stream().to_string();
    let mut name = String::with_capacity(spaced.len());
    let mut characters = spaced.chars().peekable();
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let before = name.chars().last();
        let is_word = |character: Option<char>| {
            character.is_some_and(|character| character.is_alphanumeric() || character == '_')
        };
        let separates = is_word(before) && (is_word(next) || next == Some('\''))
            || before.is_some_and(|before| ",;=".contains(before));
        if character != ' ' || separates {
            name.push(character);
        }
    }
    name
}

/// `&self.field`, where errors about it point to the field's type.
pub(crate) fn of_self(field: &Field) -> TokenStream {
    let span = located_at(field.ty.span());
    let member = match &field.member {
        Member::Named(name) => {
            let mut name = name.clone();
            name.set_span(name.span().located_at(span));
            Member::Named(name)
        }
        Member::Unnamed(index) => Member::Unnamed(Index { index: index.index, span }),
    };
    quote_spanned!(span=> &self.#member)
}

/// The calls that check fields; `value` gives an expression of a reference to a field's value.
pub(crate) fn checks(
    runtime: &RuntimePath,
    fields: &[Field],
    value: impl Fn(&Field) -> TokenStream,
) -> TokenStream {
    let checked = fields.iter().filter(|field| !field.rules.is_empty() && field.wire != Wire::Nowhere);
    checked.map(|field| check(runtime, field, &value(field))).collect()
}

fn check(runtime: &RuntimePath, field: &Field, value: &TokenStream) -> TokenStream {
    let at = match &field.wire {
        Wire::Member(name) => quote!(#runtime::At::Member(#name)),
        Wire::Item(index) => quote!(#runtime::At::Item(#index)),
        Wire::Flat | Wire::Nowhere => quote!(#runtime::At::Here),
    };
    let calls = |at: &TokenStream| {
        let subject =
            Subject { value, at, ty: &field.ty, is_option: field.shape.is_option(), span: field.ty.span() };
        rules::calls(runtime, &field.rules, &subject)
    };
    let descends =
        field.rules.iter().any(|rule| matches!(rule, Rule::Inner(_) | Rule::Nested | Rule::Custom(_)));
    if field.pii.is_none() || !descends {
        return calls(&at);
    }
    let inside = calls(&quote!(#runtime::At::Here));
    quote!(#runtime::check::personal(__validator, #at, |__validator| { #inside });)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_as_written() {
        for ty in [
            "Option<Vec<String>>",
            "HashMap<String, u32>",
            "Cow<'static, str>",
            "[u8; 3]",
            "&'static str",
            "a::B",
        ] {
            assert_eq!(type_name(&syn::parse_str(ty).unwrap()), ty);
        }
        assert_eq!(
            type_name(&syn::parse_str("Box<dyn Fn(u8) -> u8 + Send>").unwrap()),
            "Box<dyn Fn(u8)->u8+Send>"
        );
    }
}
