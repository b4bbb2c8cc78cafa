//! The code of an event: constant data and one-line calls into the runtime.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Member};

use super::model::{Compatibility, Event};
use crate::catalogue;
use crate::committed;
use crate::fields::{self, Absent, Field, Place};
use crate::rules;
use crate::runtime_path::{RuntimePath, located_at};
use crate::shape;

pub(super) fn expand(input: &DeriveInput, event: &Event, origin: u64) -> TokenStream {
    let Event { name, payload_type, version, .. } = event;
    let (import, runtime) = (event.runtime.import(), &RuntimePath::Imported);
    let (descriptor, validate) = (descriptor(event), validate(event));
    let (from_json, chain) = (from_json(event), chain(event));
    let ordering_key = event.key.as_ref().map(|key| {
        let field = event
            .fields
            .iter()
            .find(|field| matches!(&field.member, Member::Named(own) if *own == key.field));
        let value = field.map(fields::of_self);
        quote! {
            fn ordering_key(&self) -> #runtime::Option<#runtime::String> {
                #runtime::ordering_key(#value)
            }
        }
    });
    let later_version = (*version > 1).then(|| quote!(const VERSION: u32 = #version;));
    let own_impl = own_impl(event);
    let own_rules = fields::own_rules(runtime, input, &event.fields);
    let tracked = committed::tracked(runtime, event.schemas.as_deref(), payload_type, *version);
    let row = catalogue::row(payload_type, *version, &event.description);
    let row = catalogue::row_macro(name, &event.visibility, origin, &row);
    quote! {
        const _: () = {
            #import

            #own_impl

            #validate

            #[automatically_derived]
            impl #runtime::Event for #name {
                const PAYLOAD_TYPE: &'static str = #payload_type;
                #later_version
                const DESCRIPTOR: &'static #runtime::EventDescriptor = #descriptor;

                #ordering_key

                #from_json
            }

            #chain

            #own_rules

            #tracked
        };

        #row
    }
}

fn descriptor(event: &Event) -> TokenStream {
    let (runtime, Event { name, description, .. }) = (RuntimePath::Imported, event);
    let rust_name = name.unraw().to_string();
    let mut descriptor = quote! {
        &#runtime::EventDescriptor::of::<Self>(#rust_name, #description)
    };
    for (setter, value) in [("domain", &event.domain), ("topic", &event.topic), ("schemas", &event.schemas)] {
        if let Some(value) = value {
            let setter = format_ident!("{setter}");
            descriptor.extend(quote!(.#setter(#value)));
        }
    }
    if let Some(key) = &event.key {
        let wire_name = &key.wire_name;
        descriptor.extend(quote!(.key(#wire_name)));
    }
    if event.upcast_from.is_some() {
        descriptor.extend(quote!(.upcast_from::<Self>()));
    }
    match event.compatibility {
        Compatibility::DEFAULT => {}
        Compatibility::None => descriptor.extend(quote!(.compatibility(#runtime::Compatibility::None))),
        Compatibility::Rule { name, transitive } => {
            let rule = format_ident!("{name}");
            descriptor
                .extend(quote!(.compatibility(#runtime::Compatibility::#rule { transitive: #transitive })));
        }
    }
    descriptor
}

fn validate(event: &Event) -> TokenStream {
    let (runtime, Event { name, .. }) = (&RuntimePath::Imported, event);
    let rows = fields::descriptors(runtime, &event.fields, &Place::Struct);
    let checks = fields::checks(runtime, &event.fields, fields::of_self);
    let own = rules::container_calls(runtime, &event.rules);
    let is_empty = checks.is_empty() && own.is_empty();
    let validator = if is_empty { format_ident!("_validator") } else { format_ident!("__validator") };
    let has_rules = fields::has_rules(&event.fields, !is_empty);
    let presence = (!is_empty).then(|| quote!(#[allow(unused_imports)] use #runtime::AlwaysThere as _;));
    let presence = presence.filter(|_| checks.to_string().contains("IS_MISSING"));
    quote! {
        #presence

        #[automatically_derived]
        impl #runtime::Validate for #name {
            const FIELDS: &'static [#runtime::FieldDescriptor] = &[#(#rows),*];
            #has_rules

            fn validate_into(&self, #validator: &mut #runtime::Validator) {
                #checks
                #own
            }
        }
    }
}

/// What reads the versions before; without any, the trait reads the event's own.
fn from_json(event: &Event) -> Option<TokenStream> {
    let older = event.upcast_from.as_ref()?;
    let runtime = RuntimePath::Imported;
    let (located, span) = (runtime.at(older.span()), located_at(older.span()));
    let body = quote_spanned!(span=> #located::upcast_json::<Self>(version, json));
    Some(quote! {
        fn from_json(version: u32, json: &str) -> #runtime::Result<Self, #runtime::DecodeError> {
            #body
        }
    })
}

/// What names the version before, and proves that it is.
fn chain(event: &Event) -> Option<TokenStream> {
    let Event { name, payload_type, version, .. } = event;
    let older = event.upcast_from.as_ref()?;
    let (runtime, span) = (RuntimePath::Imported.at(older.span()), located_at(older.span()));
    let (before, path) = (version - 1, older.to_token_stream().to_string().replace(' ', ""));
    let gap = format!(
        "gap in the version chain: `{path}` is not version {before}, which version {version} follows; name the event of version {before}"
    );
    let other = format!(
        "`upcast_from` names an event of another payload type: give `{path}` the attribute `type = \"{payload_type}\"`"
    );
    Some(quote_spanned! {span=>
        #[doc(hidden)]
        #[automatically_derived]
        impl #runtime::Upcast for #name {
            type Older = #older;
        }

        const _: () = if !#runtime::has_type_of_its_older::<#name>() {
            #runtime::core::panic!(#other)
        } else if !#runtime::follows_its_older::<#name>() {
            #runtime::core::panic!(#gap)
        };
    })
}

/// The impl block of the type itself: its entry in the catalogue, and its constructor.
fn own_impl(event: &Event) -> TokenStream {
    let (name, docs, constructor) = (&event.name, catalogue::table(event_entry(event)), constructor(event));
    quote! {
        #(#[doc = #docs])*
        impl #name {
            #constructor
        }
    }
}

fn constructor(event: &Event) -> Option<TokenStream> {
    let (visibility, constructor) = (&event.visibility, event.constructor.as_ref()?);
    let required: Vec<_> = event.fields.iter().filter(|field| is_parameter(field)).collect();
    let parameters = required.iter().map(|field| {
        let (parameter, ty) = (parameter(field), &field.ty);
        quote!(#parameter: #ty)
    });
    let takes_container = event.fields.iter().any(|field| matches!(field.absent, Absent::Container));
    let values = event.fields.iter().map(value);
    let body = if event.is_unit { quote!(Self) } else { quote!(Self { #(#values),* }) };
    let default = takes_container.then(|| {
        let default = &event.container_default;
        quote!(let default: Self = #default;)
    });
    let allow = match required.len() {
        0 => Some(quote!(, clippy::new_without_default)),
        8.. => Some(quote!(, clippy::too_many_arguments)),
        _ => None,
    };
    Some(quote! {
        /// The event from its required fields; optional and defaulted fields take their defaults.
        #[must_use]
        #[allow(dead_code #allow)]
        #visibility fn #constructor(#(#parameters),*) -> Self {
            #default
            #body
        }
    })
}

/// Whether the constructor asks for the field: nothing stands for it, or its rules refuse what does.
fn is_parameter(field: &Field) -> bool {
    matches!(field.absent, Absent::Error) || field.required
}

/// The constructor's parameter for a field. A function that gives another field's default may have its name.
fn parameter(field: &Field) -> TokenStream {
    match &field.member {
        Member::Named(name) => {
            let mut name = name.clone();
            name.set_span(Span::mixed_site().located_at(name.span()));
            name.to_token_stream()
        }
        Member::Unnamed(index) => index.to_token_stream(),
    }
}

fn value(field: &Field) -> TokenStream {
    let (runtime, member) = (RuntimePath::Imported, &field.member);
    match &field.absent {
        _ if is_parameter(field) => {
            let parameter = parameter(field);
            quote!(#member: #parameter)
        }
        Absent::OptionNone if shape::is_option(&field.ty) => quote!(#member: #runtime::Option::None),
        Absent::Call(path) => quote!(#member: #path()),
        Absent::Container => quote!(#member: default.#member),
        Absent::Default | Absent::Error | Absent::OptionNone => quote!(#member: #runtime::Default::default()),
    }
}

fn event_entry(event: &Event) -> catalogue::Entry<'_> {
    catalogue::Entry {
        description: (!event.is_documented).then_some(&event.description),
        payload_type: &event.payload_type,
        version: event.version,
        key: event.key.as_ref().map(|key| key.wire_name.as_str()),
        fields: &event.fields,
    }
}
