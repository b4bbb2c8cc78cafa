//! From a pack as it is written to one without a mistake that its tokens show.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::Attribute;

use super::input::{FORM, Input};
use super::model::{Listed, Pack};
use crate::attribute;
use crate::diagnostics::Diagnostics;
use crate::runtime_path::RuntimePath;

/// The pack; an event or a variant that is listed twice is in it once.
pub(super) fn check<'a>(input: &'a Input, errors: &mut Diagnostics) -> Pack<'a> {
    for attribute in &input.attributes {
        if attribute.path().is_ident("non_exhaustive") {
            errors.on(attribute, "a pack is matched exhaustively, so that a forgotten event does not compile: remove `non_exhaustive`");
        }
    }
    let description = attribute::doc_comment(&input.attributes);
    if description.is_empty() {
        errors.on(
            &input.name,
            format!("pack `{}` has no description: write a doc comment above its name", input.name),
        );
    }
    if input.events.is_empty() {
        errors.on(&input.name, format!("pack `{}` lists no event: write {FORM}", input.name));
    }
    let mut events: Vec<Listed<'_>> = Vec::new();
    for listed in &input.events {
        let path = &listed.path;
        let Some(last) = path.segments.last() else { continue };
        let variant = listed.variant.clone().unwrap_or_else(|| last.ident.clone());
        let text = path.to_token_stream().to_string();
        if events.iter().any(|known| known.path.to_token_stream().to_string() == text) {
            errors.on(path, "this event is listed twice: remove one");
        } else if events.iter().any(|known| known.variant == variant) {
            errors.on(
                written(listed.variant.as_ref(), &last.ident),
                format!("another event has the variant `{variant}`: write `… as AnotherName`"),
            );
        } else {
            events.push(Listed { path, variant });
        }
    }
    let own = attribute::arguments(
        &input.attributes,
        "event",
        "`#[event(crate = ::path::to::event_runtime)]`",
        errors,
    );
    for argument in own.iter().filter(|argument| argument.word() != "crate") {
        errors.on(&argument.name, format!("a pack has no `{}`: write it on the event", argument.word()));
    }
    let runtime = RuntimePath::of(own.iter().find(|argument| argument.word() == "crate"), errors);
    let is_foreign = |attribute: &&Attribute| {
        !["non_exhaustive", "event"].iter().any(|own| attribute.path().is_ident(own))
    };
    let attributes = input.attributes.iter().filter(is_foreign).collect();
    Pack { runtime, attributes, visibility: &input.visibility, name: &input.name, description, events }
}

fn written<'a>(variant: Option<&'a Ident>, own: &'a Ident) -> &'a Ident {
    variant.unwrap_or(own)
}
