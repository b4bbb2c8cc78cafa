//! Rules as code: a line a rule for the check, a value a rule for the descriptor.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Type;

use super::model::{Bound, Rule};
use crate::runtime_path::{RuntimePath, located_at};

/// The value that rules are asked of.
pub(crate) struct Subject<'a> {
    /// An expression of a reference to it.
    pub(crate) value: &'a TokenStream,
    /// Where it is: an `At`.
    pub(crate) at: &'a TokenStream,
    pub(crate) ty: &'a Type,
    pub(crate) is_option: bool,
    /// Where a rule that the type cannot have is reported.
    pub(crate) span: Span,
}

/// The calls that check a field's rules.
pub(crate) fn calls(runtime: &RuntimePath, rules: &[Rule], subject: &Subject<'_>) -> TokenStream {
    rules.iter().map(|rule| call(runtime, rule, subject)).collect()
}

/// The calls that check the rules of a type as a whole.
pub(crate) fn container_calls(runtime: &RuntimePath, rules: &[Rule]) -> TokenStream {
    let custom = rules.iter().filter_map(|rule| match rule {
        Rule::Custom(path) => Some(path),
        _ => None,
    });
    custom
        .map(|path| quote!(#runtime::check::custom(__validator, #runtime::At::Here, self, #path);))
        .collect()
}

fn call(runtime: &RuntimePath, rule: &Rule, subject: &Subject<'_>) -> TokenStream {
    let Subject { value, at, ty, is_option, span } = subject;
    let span = located_at(*span);
    let check = |function: &str| {
        let (runtime, function) = (runtime.at(span), Ident::new(function, span));
        quote_spanned!(span=> #runtime::check::#function)
    };
    match rule {
        Rule::Required => {
            let function = check("required");
            quote!(#function(__validator, #at, #value, <#runtime::Presence<#ty>>::IS_MISSING);)
        }
        Rule::Length { min, max } => {
            let (function, max) = (check("length"), length(runtime, *max));
            quote!(#function(__validator, #at, #value, #min, #max);)
        }
        Rule::Range { min, max } => {
            let (function, min, max) = (check("range"), bound(runtime, *min), bound(runtime, *max));
            quote!(#function(__validator, #at, #value, #min, #max);)
        }
        Rule::Email => plain(&check("email"), at, value),
        Rule::Url => plain(&check("url"), at, value),
        Rule::Uuid => plain(&check("uuid"), at, value),
        Rule::Ip => plain(&check("ip"), at, value),
        Rule::Nested => {
            let function = check("nested");
            quote!(#function(__validator, #at, #value, <#ty as #runtime::Validate>::validate_into);)
        }
        Rule::Pattern { text, dialect } => {
            let function = check("pattern");
            quote! {
                {
                    static PATTERN: #runtime::Pattern = #runtime::Pattern::new(#text, #dialect);
                    #function(__validator, #at, #value, &PATTERN);
                }
            }
        }
        Rule::OneOfTexts(_) => {
            let (function, choices) = (check("one_of_texts"), choices(runtime, rule));
            quote!(#function(__validator, #at, #value, #choices);)
        }
        Rule::OneOfNumbers(_) => {
            let (function, choices) = (check("one_of_numbers"), choices(runtime, rule));
            quote!(#function(__validator, #at, #value, #choices);)
        }
        Rule::Inner(rules) => {
            let function = check("inner");
            let (item, here) = (quote_spanned!(span=> __item), quote!(#runtime::At::Here));
            let item_type = syn::parse_quote!(<#ty as #runtime::Elements>::Item);
            let is_option = false;
            let items = Subject { value: &item, at: &here, ty: &item_type, is_option, span };
            let checks = calls(runtime, rules, &items);
            quote!(#function(__validator, #at, #value, |__validator, #item| { #checks });)
        }
        Rule::Custom(path) => {
            let function = if *is_option { check("custom_some") } else { check("custom") };
            quote!(#function(__validator, #at, #value, #path);)
        }
    }
}

fn plain(function: &TokenStream, at: &TokenStream, value: &TokenStream) -> TokenStream {
    quote!(#function(__validator, #at, #value);)
}

/// The rule as constant data.
pub(crate) fn data(runtime: &RuntimePath, rule: &Rule, ty: &Type) -> TokenStream {
    let name = quote!(#runtime::Rule);
    match rule {
        Rule::Required => quote!(#name::Required(<#runtime::Presence<#ty>>::EMPTINESS)),
        Rule::Length { min, max } => {
            let max = length(runtime, *max);
            quote!(#name::Length { min: #min, max: #max })
        }
        Rule::Range { min, max } => {
            let (min, max) = (bound(runtime, *min), bound(runtime, *max));
            quote!(#name::Range { min: #min, max: #max })
        }
        Rule::Email => quote!(#name::Email),
        Rule::Url => quote!(#name::Url),
        Rule::Uuid => quote!(#name::Uuid),
        Rule::Ip => quote!(#name::Ip),
        Rule::Pattern { text, .. } => quote!(#name::Pattern(#text)),
        Rule::OneOfTexts(_) | Rule::OneOfNumbers(_) => {
            let choices = choices(runtime, rule);
            quote!(#name::OneOf(#choices))
        }
        Rule::Inner(rules) => {
            let item = syn::parse_quote!(<#ty as #runtime::Elements>::Item);
            let rules = rules.iter().map(|rule| data(runtime, rule, &item));
            quote!(#name::Inner(&[#(#rules),*]))
        }
        Rule::Nested => quote!(#name::Nested(|| <#ty as #runtime::Validate>::FIELDS)),
        Rule::Custom(path) => {
            let path = path.to_token_stream().to_string().replace(' ', "");
            quote!(#name::Custom(#path))
        }
    }
}

fn length(runtime: &RuntimePath, max: usize) -> TokenStream {
    if max == usize::MAX { quote!(#runtime::UNBOUNDED) } else { max.to_token_stream() }
}

fn bound(runtime: &RuntimePath, bound: Option<Bound>) -> TokenStream {
    match bound {
        None => quote!(#runtime::Bound::Open),
        Some(Bound::Int(number)) => {
            let number = proc_macro2::Literal::i128_unsuffixed(number);
            quote!(#runtime::Bound::Int(#number))
        }
        Some(Bound::Float(number)) => {
            let number = proc_macro2::Literal::f64_unsuffixed(number);
            quote!(#runtime::Bound::Float(#number))
        }
    }
}

fn choices(runtime: &RuntimePath, rule: &Rule) -> TokenStream {
    let choices: Vec<TokenStream> = match rule {
        Rule::OneOfTexts(texts) => texts.iter().map(|text| quote!(#runtime::Choice::Text(#text))).collect(),
        Rule::OneOfNumbers(numbers) => numbers
            .iter()
            .map(|number| {
                let number = proc_macro2::Literal::i128_unsuffixed(*number);
                quote!(#runtime::Choice::Int(#number))
            })
            .collect(),
        _ => Vec::new(),
    };
    quote!(&[#(#choices),*])
}
