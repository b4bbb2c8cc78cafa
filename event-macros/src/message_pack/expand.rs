//! The code of a pack: its type, its constant data, its decoder.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Path;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::model::{Listed, Pack};
use crate::runtime_path::{RuntimePath, located_at};

pub(super) fn expand(pack: &Pack<'_>) -> TokenStream {
    let (import, runtime) = (pack.runtime.import(), &RuntimePath::Imported);
    let (ty, registrations, gate) = (enumeration(pack, true), registrations(pack), gate(pack));
    let Pack { name, description, events, .. } = pack;
    let text = name.unraw().to_string();
    let descriptors = events.iter().map(|listed| {
        let path = listed.path;
        quote!(<#path as #runtime::Event>::DESCRIPTOR)
    });
    let count = events.len();
    let clashes = events.iter().enumerate().skip(1).map(|(index, listed)| clash(index, listed));
    let readers = events.iter().enumerate().map(
        |(index, Listed { variant, .. })| quote!(#index => #runtime::to_variant(message, Self::#variant)),
    );
    let printed = events.iter().map(|Listed { path, variant }| {
        let (text, span) = (variant.unraw().to_string(), located_at(path.span()));
        quote_spanned!(span=> Self::#variant(event) => (#text, event))
    });
    quote! {
        #ty

        const _: () = {
            #import

            const EVENTS: &[&#runtime::EventDescriptor; #count] = &[#(#descriptors),*];
            const CLASH: #runtime::Clash = #runtime::Clash::find(#text, EVENTS);
            const _: () = {
                #(#clashes)*
            };

            #[automatically_derived]
            impl #runtime::MessagePack for #name {
                const NAME: &'static str = #text;
                const DESCRIPTOR: &'static #runtime::PackDescriptor =
                    &#runtime::PackDescriptor { name: #text, description: #description, events: EVENTS };

                fn decode(message: &#runtime::Message) -> #runtime::Result<Self, #runtime::DecodeError> {
                    match #runtime::place_in(EVENTS, message) {
                        #(#readers,)*
                        _ => #runtime::Err(#runtime::not_in_pack(<Self as #runtime::MessagePack>::DESCRIPTOR, message)),
                    }
                }
            }

            #[automatically_derived]
            impl #runtime::core::fmt::Debug for #name {
                #[inline]
                fn fmt(&self, formatter: &mut #runtime::core::fmt::Formatter<'_>) -> #runtime::core::fmt::Result {
                    #runtime::debug_variant(formatter, match self { #(#printed,)* })
                }
            }

            #registrations
        };

        #gate
    }
}

/// The test of the pack's committed schemas and fixtures.
fn gate(pack: &Pack<'_>) -> TokenStream {
    let (runtime, name) = (&pack.runtime, pack.name);
    let test = format_ident!("schemas_of_{}", name.unraw());
    quote! {
        #[cfg(test)]
        #[test]
        #[allow(non_snake_case, unnameable_test_items)]
        fn #test() {
            let checked = #runtime::schema_gate(
                <#name as #runtime::MessagePack>::DESCRIPTOR,
                #runtime::core::env!("CARGO_MANIFEST_DIR"),
            );
            if let #runtime::Err(error) = checked {
                #runtime::core::panic!("{error}");
            }
        }
    }
}

/// The pack's type, with the table of its events unless their rows cannot be trusted.
pub(super) fn enumeration(pack: &Pack<'_>, with_table: bool) -> TokenStream {
    let runtime = &pack.runtime;
    let Pack { attributes, visibility, name, events, .. } = pack;
    let rows = events.iter().map(|listed| row(listed.path));
    let table = with_table.then(|| {
        quote! {
            #[doc = ""]
            #[doc = " | event | payload type | version | description |"]
            #[doc = " |---|---|---|---|"]
            #(#rows)*
        }
    });
    // What stands in for a pack has no code of its own.
    let debug = (!with_table).then(|| quote!(#[derive(#runtime::core::fmt::Debug)]));
    let variants = events.iter().map(|Listed { path, variant }| {
        let doc = format!(" [`{0}`]({0})", path_text(path));
        quote! {
            #[doc = #doc]
            #variant(#runtime::Envelope<#path>)
        }
    });
    quote! {
        #(#attributes)*
        #table
        #debug
        #[allow(clippy::large_enum_variant)]
        #visibility enum #name {
            #(#variants),*
        }
    }
}

fn row(path: &Path) -> TokenStream {
    let link = format!(
        " | [`{}`]({}) |",
        path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default(),
        path_text(path)
    );
    quote!(#[doc = ::core::concat!(#link, #path!())])
}

fn path_text(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

pub(super) fn registrations(pack: &Pack<'_>) -> TokenStream {
    let runtime = &pack.runtime;
    let text = pack.name.unraw().to_string();
    let each = pack.events.iter().map(|listed| {
        let path = listed.path;
        quote! {
            impl #runtime::Registered for #path {
                const PACK: &'static str = #text;
            }
        }
    });
    each.collect()
}

/// What refuses an event where one before it has its payload type.
fn clash(index: usize, listed: &Listed<'_>) -> TokenStream {
    let event = path_text(listed.path);
    let span = located_at(listed.path.span());
    quote_spanned!(span=> CLASH.refuse(#index, #event);)
}
