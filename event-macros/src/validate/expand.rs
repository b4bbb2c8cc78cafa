//! The code of a type with rules.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{DeriveInput, Member};

use super::model::{Checked, Shape, Variant};
use crate::fields::{self, Field, Place};
use crate::rules;
use crate::runtime_path::{RuntimePath, located_at};

pub(super) fn expand(input: &DeriveInput, checked: &Checked) -> TokenStream {
    let (import, runtime) = (checked.runtime.import(), &RuntimePath::Imported);
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    let (rows, checks) = match &checked.shape {
        Shape::Struct(fields) => {
            let checks = fields::checks(runtime, fields, fields::of_self);
            (fields::descriptors(runtime, fields, &Place::Struct), checks)
        }
        Shape::Enum(variants) => {
            let rows = variants
                .iter()
                .flat_map(|variant| fields::descriptors(runtime, &variant.fields, &variant.place));
            (rows.collect(), check_variants(runtime, variants))
        }
    };
    let own = rules::container_calls(runtime, &checked.rules);
    let is_empty = checks.is_empty() && own.is_empty();
    let validator = if is_empty { format_ident!("_validator") } else { format_ident!("__validator") };
    let has_required = checks.to_string().contains("IS_MISSING");
    let has_rules = fields::has_rules(checked.shape.fields(), !is_empty);
    let own_rules = fields::own_rules(runtime, input, checked.shape.fields());
    let presence = has_required.then(|| quote!(#[allow(unused_imports)] use #runtime::AlwaysThere as _;));
    quote! {
        const _: () = {
            #import
            #presence

            #[automatically_derived]
            impl #impl_generics #runtime::Validate for #name #type_generics #where_clause {
                const FIELDS: &'static [#runtime::FieldDescriptor] = &[#(#rows),*];
                #has_rules

                fn validate_into(&self, #validator: &mut #runtime::Validator) {
                    #checks
                    #own
                }
            }

            #own_rules
        };
    }
}

/// One arm a variant with rules; nothing where none has any.
fn check_variants(runtime: &RuntimePath, variants: &[Variant]) -> TokenStream {
    let arms: Vec<_> = variants.iter().filter_map(|variant| check_variant(runtime, variant)).collect();
    if arms.is_empty() {
        return TokenStream::new();
    }
    let rest = (arms.len() < variants.len()).then(|| quote!(_ => {}));
    quote! {
        match self {
            #(#arms)*
            #rest
        }
    }
}

fn check_variant(runtime: &RuntimePath, variant: &Variant) -> Option<TokenStream> {
    let ruled: Vec<_> = variant.fields.iter().filter(|field| !field.rules.is_empty()).collect();
    if ruled.is_empty() {
        return None;
    }
    let checks = fields::checks(runtime, &variant.fields, |field| {
        let mut binding = binding(field);
        binding.set_span(located_at(field.ty.span()));
        quote!(#binding)
    });
    let name = &variant.name;
    let bindings = ruled.iter().map(|field| {
        let (member, binding) = (&field.member, binding(field));
        quote!(#member: #binding)
    });
    let checks = variant
        .content
        .iter()
        .rev()
        .fold(checks, |checks, member| quote!(__validator.declared(#member, |__validator| { #checks });));
    Some(quote! {
        Self::#name { #(#bindings,)* .. } => { #checks }
    })
}

fn binding(field: &Field) -> syn::Ident {
    match &field.member {
        Member::Named(name) => format_ident!("__field_{}", name),
        Member::Unnamed(index) => format_ident!("__field_{}", index.index),
    }
}
