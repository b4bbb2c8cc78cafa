//! What stands in for a pack with a mistake, so that its uses do not become errors too.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

use super::expand::{enumeration, registrations};
use super::model::Pack;

pub(super) fn fallback(pack: &Pack<'_>, errors: &TokenStream) -> TokenStream {
    let runtime = &pack.runtime;
    let (ty, registrations) = (enumeration(pack, false), registrations(pack));
    let (name, text) = (pack.name, pack.name.unraw().to_string());
    quote! {
        #errors

        #ty

        const _: () = {
            #[automatically_derived]
            impl #runtime::MessagePack for #name {
                const NAME: &'static str = #text;
                const DESCRIPTOR: &'static #runtime::PackDescriptor =
                    &#runtime::PackDescriptor { name: #text, description: "", events: &[] };

                fn decode(message: &#runtime::Message) -> #runtime::Result<Self, #runtime::DecodeError> {
                    #runtime::Err(#runtime::not_in_pack(<Self as #runtime::MessagePack>::DESCRIPTOR, message))
                }
            }

            #registrations
        };
    }
}
