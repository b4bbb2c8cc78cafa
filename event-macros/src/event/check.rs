//! From what is written to an event without a mistake.

use proc_macro2::Ident;
use quote::{ToTokens, format_ident};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, LitBool, LitInt, LitStr, Path};

use super::input::Input;
use super::model::{Compatibility, Event, Key};
use crate::attribute;
use crate::diagnostics::Diagnostics;
use crate::fields::{self, Absent, Field, Wire};
use crate::nearest::suggestion;
use crate::rules;
use crate::serde_names;

/// The segments of a dotted payload type.
const SEGMENTS: usize = 3;
/// The longest payload type, so that it fits into every broker's attributes and file names.
const MAX_TYPE: usize = 128;

/// The newest version: CloudEvents holds integers of 32 bits with a sign.
const MAX_VERSION: u32 = i32::MAX as u32;

/// The event, unless a mistake was found.
pub(super) fn check(input: &DeriveInput, raw: &Input, errors: &mut Diagnostics) -> Option<Event> {
    check_shape(input, errors);
    let description = description(input, raw, errors);
    let payload_type = payload_type(input, raw, errors);
    let (version, upcast_from) = version(input, raw, errors);
    let container = serde_names::read(input);
    let (fields, container_default, tag) = match (&input.data, container) {
        (Data::Struct(data), Some(container)) => {
            check_form(input, &container, errors);
            let default = container_default(&container.default);
            let serde_names::Data::Struct { fields, tag } = container.data else { return None };
            let checked = fields::check_fields(&data.fields, &fields, &container.default, errors);
            check_written(&data.fields, &fields, &checked, errors);
            (checked, default, tag)
        }
        _ => return None,
    };
    let key = key(raw, &fields, errors);
    let constructor = constructor(raw, errors);
    let event = Event {
        runtime: raw.runtime.clone(),
        name: input.ident.clone(),
        visibility: input.vis.clone(),
        description,
        is_documented: raw.description.is_none(),
        domain: domain(raw, &payload_type, errors),
        payload_type,
        version,
        upcast_from,
        topic: topic(raw, key.is_some(), errors),
        key,
        schemas: schemas(raw, errors),
        constructor,
        compatibility: compatibility(raw, errors),
        fields,
        rules: rules::check_container(&input.attrs, errors).0,
        container_default,
        tag,
        is_unit: matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Unit)),
    };
    errors.is_empty().then_some(event)
}

fn check_shape(input: &DeriveInput, errors: &mut Diagnostics) {
    let wanted = "an event is a struct with named fields, or a unit struct";
    match &input.data {
        Data::Struct(data) => {
            if let Fields::Unnamed(fields) = &data.fields {
                errors.on(fields, format!("{wanted}: name the fields, `struct {} {{ … }}`", input.ident));
            }
        }
        Data::Enum(data) => errors.at(
            data.enum_token.span(),
            format!("{wanted}: make each variant an event, or put the enum into a field"),
        ),
        Data::Union(data) => errors.at(data.union_token.span(), format!("{wanted}: write a struct")),
    }
    if !input.generics.params.is_empty() {
        errors.on(&input.generics, "an event has no generics: write one struct for each payload");
    } else if let Some(clause) = &input.generics.where_clause {
        errors.on(clause, "an event has no `where` clause: remove it");
    }
    let on_field = "describes a field: write `#[event_description = \"…\"]` on the struct";
    attribute::refuse(&input.attrs, "field_description", &format!("`field_description` {on_field}"), errors);
    attribute::refuse(
        &input.attrs,
        "pii",
        "`#[pii]` marks a field: move it to the fields that hold personal data",
        errors,
    );
}

/// The wire form must be that of the struct's own fields.
fn check_form(input: &DeriveInput, container: &serde_names::Container, errors: &mut Diagnostics) {
    let Some(name) = container.foreign_form else { return };
    let attribute = input.attrs.iter().find(|attribute| {
        attribute.path().is_ident("serde") && attribute.to_token_stream().to_string().contains(name)
    });
    let message = format!(
        "an event travels as its own fields, which `#[serde({name})]` replaces: put the type into a field, or remove `{name}`"
    );
    match attribute {
        Some(attribute) => errors.on(attribute, message),
        None => errors.on(&input.ident, message),
    }
}

/// What readers require, writers must give: an event is read by what wrote it.
fn check_written(
    written: &Fields,
    serde: &[serde_names::Field],
    checked: &[Field],
    errors: &mut Diagnostics,
) {
    for ((field, serde), checked) in written.iter().zip(serde).zip(checked) {
        let is_asked_for = matches!(checked.absent, Absent::Error) && checked.required;
        if let (Some(name), true, true) = (&field.ident, serde.may_be_unwritten, is_asked_for) {
            errors.on(
                name,
                format!("serde may leave `{name}` out, and readers require it: add `#[serde(default)]`"),
            );
        }
    }
}

fn description(input: &DeriveInput, raw: &Input, errors: &mut Diagnostics) -> String {
    let text = match &raw.description {
        Some(text) => text.value(),
        None => attribute::summary(&attribute::doc_comment(&input.attrs)),
    };
    let is_attempted = input.attrs.iter().any(|attribute| attribute.path().is_ident("event_description"))
        || raw.get("description").is_some();
    if text.is_empty() && !is_attempted {
        let remedy = "say what happened in one sentence, as a doc comment or `#[event_description = \"…\"]`";
        errors.on(&input.ident, format!("event `{}` has no description: {remedy}", input.ident));
    }
    text
}

fn payload_type(input: &DeriveInput, raw: &Input, errors: &mut Diagnostics) -> String {
    let own_name = || {
        let name = input.ident.to_string();
        name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
    };
    let Some(argument) = raw.get("type") else { return own_name() };
    let Some(text) = argument.value::<LitStr>("`type = \"payments.wallet_subscription.created\"`", errors)
    else {
        return own_name();
    };
    let payload_type = text.value();
    if let Some(fault) = fault_of_type(&payload_type) {
        errors.on(text, fault);
    }
    payload_type
}

fn fault_of_type(payload_type: &str) -> Option<String> {
    const DOTTED: &str = "`payments.wallet_subscription.created`";
    if payload_type.is_empty() {
        return Some(format!("the payload type is empty: write one, as in {DOTTED}, or remove `type`"));
    }
    if payload_type.len() > MAX_TYPE {
        return Some(format!("the payload type is longer than {MAX_TYPE} characters: write a shorter one"));
    }
    if !payload_type.contains('.') {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let starts = payload_type.starts_with(|first: char| first.is_ascii_alphabetic());
        return (!starts || !payload_type.bytes().all(is_plain)).then(|| {
            format!("a payload type is letters, digits, `_` and `-`, or dotted as in {DOTTED}: rename it")
        });
    }
    let segments: Vec<_> = payload_type.split('.').collect();
    let is_segment = |segment: &&str| {
        segment.starts_with(|first: char| first.is_ascii_lowercase())
            && segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    if segments.len() == SEGMENTS && segments.iter().all(is_segment) {
        return None;
    }
    let lower = payload_type.to_ascii_lowercase();
    let remedy = match lower != payload_type && fault_of_type(&lower).is_none() {
        true => format!("write `{lower}`"),
        false => format!("write it as in {DOTTED}"),
    };
    Some(format!("a dotted payload type is lower-case `domain.entity.event`: {remedy}"))
}

fn version(input: &DeriveInput, raw: &Input, errors: &mut Diagnostics) -> (u32, Option<Path>) {
    const FORM: &str = "`version = 2`";
    let upcast_from = raw
        .get("upcast_from")
        .and_then(|argument| Some((argument, argument.value::<Path>("`upcast_from = OldEvent`", errors)?)));
    if let Some((_, path)) = upcast_from.as_ref().filter(|(_, path)| path.is_ident(&input.ident)) {
        errors.on(path, "an event cannot be upcast from itself: name the event of the version before");
    }
    let oldest = raw.get("oldest").filter(|argument| argument.alone(errors));
    if let (Some(oldest), Some(_)) = (oldest, &upcast_from) {
        errors.on(&oldest.name, "`oldest` says that there is no version before: remove it, or `upcast_from`");
    }
    let mut version = 1;
    if let Some(argument) = raw.get("version") {
        let Some(number) = argument.value::<LitInt>(FORM, errors) else { return (1, None) };
        match number.base10_parse::<u32>() {
            Ok(parsed) if (1..=MAX_VERSION).contains(&parsed) => version = parsed,
            _ => {
                errors
                    .on(number, format!("a version is a whole number from 1 to {MAX_VERSION}: write {FORM}"));
                return (1, None);
            }
        }
        if version > 1 && raw.get("upcast_from").is_none() && oldest.is_none() {
            let before = version - 1;
            errors.on(
                number,
                format!(
                    "version {version} needs the version before it: write `upcast_from = …` with the event of version {before}, or `oldest` where nothing older is read"
                ),
            );
        }
    }
    if version == 1 {
        if let Some((argument, _)) = &upcast_from {
            errors.on(
                &argument.name,
                "version 1 has no version before it: write `version = 2`, or remove `upcast_from`",
            );
        }
        if let Some(oldest) = oldest {
            errors.on(&oldest.name, "version 1 is the oldest by itself: remove `oldest`");
        }
    }
    (version, upcast_from.map(|(_, path)| path))
}

fn key(raw: &Input, fields: &[Field], errors: &mut Diagnostics) -> Option<Key> {
    let name: Ident = raw.get("key")?.value("`key = order_id`, a field's name", errors)?;
    let known: Vec<String> = fields.iter().map(|field| field.member.to_token_stream().to_string()).collect();
    let Some(field) =
        fields.iter().find(|field| matches!(&field.member, syn::Member::Named(own) if *own == name))
    else {
        let word = name.to_string();
        let hint = match known.is_empty() {
            true => "the struct has no fields: remove `key`".to_owned(),
            false => suggestion(&word, known.iter().map(String::as_str)),
        };
        errors.on(&name, format!("there is no field `{word}`: {hint}"));
        return None;
    };
    let fault = match &field.wire {
        Wire::Nowhere => Some("serde skips it, so readers would not see it"),
        Wire::Flat => Some("it is flattened"),
        _ if field.shape.is_option() => Some("it may be absent, and an event without a key has no order"),
        _ if matches!(field.shape, crate::shape::Shape::Collection(_)) => {
            Some("a collection does not print as one text")
        }
        _ => None,
    };
    if let Some(fault) = fault {
        errors.on(
            &name,
            format!("`{name}` cannot be the ordering key, {fault}: name a field that is always there"),
        );
        return None;
    }
    let wire_name = match &field.wire {
        Wire::Member(wire_name) => wire_name.clone(),
        _ => name.to_string(),
    };
    Some(Key { field: name, wire_name })
}

fn topic(raw: &Input, has_key: bool, errors: &mut Diagnostics) -> Option<String> {
    const FORM: &str = "`topic = \"orders\"`";
    let text: LitStr = raw.get("topic")?.value(FORM, errors)?;
    let topic = text.value();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte);
    if topic.is_empty() || !topic.bytes().all(is_name) {
        errors.on(&text, format!("a topic is letters, digits and `. _ - / :`: write {FORM}"));
    }
    if topic.ends_with(".fifo") && !has_key && raw.get("key").is_none() {
        errors.on(&text, "a `.fifo` destination keeps order by key, and the event has none: add `key = …`, or rename the topic");
    }
    Some(topic)
}

fn domain(raw: &Input, payload_type: &str, errors: &mut Diagnostics) -> Option<String> {
    const FORM: &str = "`domain = \"payments\"`";
    let Some(argument) = raw.get("domain") else {
        return payload_type.split_once('.').map(|(domain, _)| domain.to_owned());
    };
    let text: LitStr = argument.value(FORM, errors)?;
    let domain = text.value();
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if domain.is_empty() || !domain.bytes().all(is_name) {
        errors.on(&text, format!("a domain is lower-case letters, digits and `_`: write {FORM}"));
    }
    match payload_type.split_once('.') {
        Some((own, _)) if own != domain => {
            errors.on(
                &text,
                format!("the payload type names the domain `{own}`: write the same, or remove `domain`"),
            );
        }
        _ => {}
    }
    Some(domain)
}

fn constructor(raw: &Input, errors: &mut Diagnostics) -> Option<Ident> {
    const FORM: &str = "`new = false` for none, `new = create` for another name";
    let Some(argument) = raw.get("new") else { return Some(format_ident!("new")) };
    if let attribute::Given::Value(tokens) = &argument.given
        && let Ok(flag) = syn::parse2::<LitBool>(tokens.clone())
    {
        return flag.value.then(|| format_ident!("new"));
    }
    argument.value::<Ident>(FORM, errors)
}

fn schemas(raw: &Input, errors: &mut Diagnostics) -> Option<String> {
    const FORM: &str = "`schemas = \"schemas\"`, a folder relative to the crate's Cargo.toml";
    let text: LitStr = raw.get("schemas")?.value(FORM, errors)?;
    if text.value().is_empty() {
        errors.on(&text, format!("the folder is empty: write {FORM}"));
    }
    Some(text.value())
}

fn compatibility(raw: &Input, errors: &mut Diagnostics) -> Compatibility {
    const FORM: &str = "`compat = full_transitive`";
    const RULES: [&str; 9] = [
        "backward",
        "forward",
        "full",
        "strict",
        "none",
        "backward_transitive",
        "forward_transitive",
        "full_transitive",
        "strict_transitive",
    ];
    let Some(rule) = raw.get("compat").and_then(|argument| argument.value::<Ident>(FORM, errors)) else {
        return Compatibility::DEFAULT;
    };
    let word = rule.to_string();
    let (base, transitive) = match word.strip_suffix("_transitive") {
        Some(base) => (base, true),
        None => (word.as_str(), false),
    };
    let named = [("backward", "Backward"), ("forward", "Forward"), ("full", "Full"), ("strict", "Strict")];
    match named.iter().find(|(written, _)| *written == base) {
        Some((_, name)) => Compatibility::Rule { name, transitive },
        None if word == "none" => Compatibility::None,
        None => {
            errors.on(&rule, format!("unknown compatibility rule `{word}`: {}", suggestion(&word, RULES)));
            Compatibility::DEFAULT
        }
    }
}

fn container_default(default: &serde_names::Default) -> Option<syn::Expr> {
    match default {
        serde_names::Default::None => None,
        serde_names::Default::Trait => Some(syn::parse_quote!(<Self as ::core::default::Default>::default())),
        serde_names::Default::Path(path) => Some(syn::parse_quote!(#path())),
    }
}
