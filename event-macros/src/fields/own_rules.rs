//! What refuses a field whose type is not what its name lets the derive believe.
//!
//! The schema carries the rules of nested types whether or not they are asked, so that a forgotten `nested` would
//! promise what nobody keeps; and an `Option` under another name may be absent, which the constructor, the schema and
//! the catalogue would deny. Only the compiler knows what a type is: a constant a field asks it.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, GenericParam, Member};

use super::expand::type_name;
use super::model::{Absent, Field, Wire};
use crate::rules::Rule;
use crate::runtime_path::{RuntimePath, located_at};
use crate::shape::Shape;

/// The checks of `fields`, which are of the type that `input` declares.
pub(crate) fn own_rules<'a>(
    runtime: &RuntimePath,
    input: &DeriveInput,
    fields: impl IntoIterator<Item = &'a Field>,
) -> TokenStream {
    let unknown: Vec<_> = input.generics.params.iter().map(name_of).collect();
    let asked = fields.into_iter().filter(|field| may_be_forgotten(field) || may_be_option(field));
    let checks: TokenStream =
        asked.filter_map(|field| check(runtime, &input.ident, &unknown, field)).collect();
    let import = (!checks.is_empty()).then(|| {
        quote! {
            #[allow(unused_imports)]
            use #runtime::{AlwaysThere as _, WithoutRules as _};
        }
    });
    quote!(#import #checks)
}

/// Whether the field is one for which `nested` could be forgotten.
fn may_be_forgotten(field: &Field) -> bool {
    let is_unknown = *field.shape.innermost() == Shape::Other;
    is_unknown && field.wire != Wire::Nowhere && !field.skips_own_rules && !asks(&field.rules)
}

/// Whether the field counts as required although its type may be an `Option` under another name.
fn may_be_option(field: &Field) -> bool {
    let is_required = matches!(field.absent, Absent::Error) && matches!(field.wire, Wire::Member(_));
    is_required && field.shape == Shape::Other && field.is_plain
}

fn asks(rules: &[Rule]) -> bool {
    rules.iter().any(|rule| match rule {
        Rule::Nested => true,
        Rule::Inner(rules) => asks(rules),
        _ => false,
    })
}

/// The check of a field; none where its type depends on parameters, of which a constant knows nothing.
fn check(runtime: &RuntimePath, owner: &Ident, unknown: &[Ident], field: &Field) -> Option<TokenStream> {
    let ty = resolved(field.ty.to_token_stream(), &mut |name| {
        let is_own = name == "Self";
        let depends = unknown.contains(name) || (is_own && !unknown.is_empty());
        (!depends).then(|| if is_own { owner.clone() } else { name.clone() })
    })?;
    let (span, written) = (located_at(field.ty.span()), type_name(&field.ty));
    let subject = match &field.member {
        Member::Named(name) => format!("field `{}`", name.unraw()),
        Member::Unnamed(index) => format!("field {}", index.index),
    };
    let runtime = runtime.at(span);
    let own_rules = may_be_forgotten(field).then(|| {
        let message = format!(
            "{subject}: `{written}` has validation rules: write `#[validate(nested)]` to ask them, or `#[validate(skip)]` not to"
        );
        quote_spanned!(span=> #runtime::refuse_own_rules(<#runtime::OwnRules<#ty>>::ARE_THERE, #message);)
    });
    let option = may_be_option(field).then(|| {
        let message = format!(
            "{subject}: `{written}` is an `Option` under another name, which the derive cannot see: write `Option<…>`, or add `#[serde(default)]`"
        );
        quote_spanned!(span=> #runtime::refuse_option(<#runtime::Presence<#ty>>::EMPTINESS, #message);)
    });
    Some(quote_spanned! {span=>
        const _: () = {
            #own_rules
            #option
        };
    })
}

fn name_of(parameter: &GenericParam) -> Ident {
    match parameter {
        GenericParam::Type(parameter) => parameter.ident.clone(),
        GenericParam::Const(parameter) => parameter.ident.clone(),
        GenericParam::Lifetime(parameter) => parameter.lifetime.ident.clone(),
    }
}

/// The tokens with every name replaced; `None` where one cannot be.
fn resolved(tokens: TokenStream, replace: &mut impl FnMut(&Ident) -> Option<Ident>) -> Option<TokenStream> {
    let replaced = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(name) => replace(&name).map(TokenTree::Ident),
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), resolved(group.stream(), replace)?);
            inner.set_span(group.span());
            Some(TokenTree::Group(inner))
        }
        other => Some(other),
    });
    replaced.collect()
}
