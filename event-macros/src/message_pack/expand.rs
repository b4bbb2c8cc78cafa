//! The code of a pack: its type, its constant data, its decoder.

use proc_macro2::{Ident, TokenStream};
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
    let clashes =
        events.iter().enumerate().skip(1).map(|(index, listed)| clashes(runtime, name, index, listed));
    let arms = events.iter().map(|Listed { path, variant }| {
        quote! {
            <#path as #runtime::Event>::PAYLOAD_TYPE => #runtime::to_variant(message, Self::#variant)
        }
    });
    quote! {
        #ty

        const _: () = {
            #import

            const EVENTS: &[&#runtime::EventDescriptor] = &[#(#descriptors),*];
            const _: () = match #runtime::first_clash(EVENTS) {
                #(#clashes)*
                _ => {}
            };

            #[automatically_derived]
            impl #runtime::MessagePack for #name {
                const NAME: &'static str = #text;
                const DESCRIPTOR: &'static #runtime::PackDescriptor =
                    &#runtime::PackDescriptor { name: #text, description: #description, events: EVENTS };

                #[allow(unreachable_patterns)]
                fn decode(message: &#runtime::Message) -> #runtime::Result<Self, #runtime::DecodeError> {
                    match &*message.metadata().payload_type {
                        #(#arms,)*
                        _ => #runtime::Err(#runtime::not_in_pack(<Self as #runtime::MessagePack>::DESCRIPTOR, message)),
                    }
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
        #[derive(#runtime::core::fmt::Debug)]
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
            #[automatically_derived]
            impl #runtime::Registered for #path {
                const PACK: &'static str = #text;
            }
        }
    });
    each.collect()
}

/// What the compiler says where an event before has the payload type.
fn clashes(runtime: &RuntimePath, pack: &Ident, index: usize, listed: &Listed<'_>) -> TokenStream {
    let event = path_text(listed.path);
    let same =
        format!("two events of one payload type and version in pack `{pack}`: give `{event}` another `type`");
    let other = format!(
        "two versions of one payload type in pack `{pack}`: list the newest and name the older one in its `upcast_from`; `{event}` is one of them"
    );
    let (runtime, span) = (runtime.at(listed.path.span()), located_at(listed.path.span()));
    quote_spanned! {span=>
        #runtime::Option::Some((#index, true)) => #runtime::core::panic!(#same),
        #runtime::Option::Some((#index, false)) => #runtime::core::panic!(#other),
    }
}
