//! From fields as they are written to fields without a mistake.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{Attribute, Fields, Index, Member, Meta};

use super::model::{Absent, Field, Pii, Wire};
use crate::attribute;
use crate::diagnostics::Diagnostics;
use crate::rules::{self, FieldRules, Rule};
use crate::serde_names;
use crate::shape::Shape;

/// The fields of a struct or a variant; `container_default` is serde's default of the type that holds them.
pub(crate) fn check_fields(
    fields: &Fields,
    serde: &[serde_names::Field],
    container_default: &serde_names::Default,
    errors: &mut Diagnostics,
) -> Vec<Field> {
    let named = fields.iter().zip(serde).enumerate();
    named.map(|(index, (field, serde))| check(index, field, serde, container_default, errors)).collect()
}

fn check(
    index: usize,
    field: &syn::Field,
    serde: &serde_names::Field,
    container_default: &serde_names::Default,
    errors: &mut Diagnostics,
) -> Field {
    let shape = Shape::of(&field.ty);
    let wire = wire(index, field, serde);
    let FieldRules { rules, skips_own_rules } = rules::check(&field.attrs, &shape, errors);
    let pii = pii(&field.attrs, errors);
    check_place(field, &wire, &rules, errors);
    let absent = absent(serde, &shape, container_default);
    let is_required_by_rule = rules.iter().any(|rule| matches!(rule, Rule::Required));
    let required = match &absent {
        Absent::Error => true,
        Absent::OptionNone => is_required_by_rule,
        Absent::Default => is_required_by_rule && shape.default_is_missing(),
        Absent::Call(_) | Absent::Container => false,
    };
    Field {
        member: member(index, field),
        ty: field.ty.clone(),
        required: required && serde.read && wire != Wire::Nowhere,
        shape,
        written_name: Some(serde.written_name.clone()).filter(|name| *name != serde.name),
        wire,
        aliases: serde.aliases.clone(),
        absent,
        description: description(&field.attrs, errors),
        rules,
        skips_own_rules,
        pii,
        is_plain: !serde.with && !field.attrs.iter().any(|attribute| attribute.path().is_ident("schemars")),
    }
}

fn member(index: usize, field: &syn::Field) -> Member {
    match &field.ident {
        Some(ident) => Member::Named(ident.clone()),
        None => Member::Unnamed(Index { index: index as u32, span: Span::call_site() }),
    }
}

fn wire(index: usize, field: &syn::Field, serde: &serde_names::Field) -> Wire {
    if !serde.read {
        Wire::Nowhere
    } else if serde.flatten || serde.transparent {
        Wire::Flat
    } else if field.ident.is_some() {
        Wire::Member(serde.name.clone())
    } else {
        Wire::Item(index)
    }
}

fn absent(serde: &serde_names::Field, shape: &Shape, container: &serde_names::Default) -> Absent {
    match (&serde.default, container) {
        (serde_names::Default::Path(path), _) => Absent::Call(path.clone()),
        (_, serde_names::Default::Trait | serde_names::Default::Path(_)) if !serde.read => Absent::Default,
        (_, serde_names::Default::Trait | serde_names::Default::Path(_)) => Absent::Container,
        (serde_names::Default::Trait, _) => Absent::Default,
        _ if shape.is_option() && !serde.read_with => Absent::OptionNone,
        _ => Absent::Error,
    }
}

/// What stands on a field that has no place of its own on the wire.
fn check_place(field: &syn::Field, wire: &Wire, rules: &[Rule], errors: &mut Diagnostics) {
    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    match wire {
        Wire::Nowhere => {
            let remedy = format!("serde skips `{name}`, so no payload carries it: remove the attribute");
            for attribute in ["validate", "pii", "field_description"] {
                attribute::refuse(&field.attrs, attribute, &remedy, errors);
            }
        }
        Wire::Flat if field.ident.is_some() => {
            let fits = |rule: &Rule| matches!(rule, Rule::Nested | Rule::Custom(_));
            if !rules.iter().all(fits) {
                let remedy = format!(
                    "`{name}` is flattened, so it has no value of its own to ask: use `nested`, and the rules in its type"
                );
                attribute::refuse(&field.attrs, "validate", &remedy, errors);
            }
        }
        _ => {}
    }
}

fn pii(attributes: &[Attribute], errors: &mut Diagnostics) -> Option<Pii> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("pii")) {
        if found.is_some() {
            errors.on(attribute, "`#[pii]` is given twice: remove one");
        }
        let pii = match &attribute.meta {
            Meta::Path(_) => Some(Pii::Personal),
            Meta::List(list) if list.tokens.to_string() == "secret" => Some(Pii::Secret),
            _ => None,
        };
        if pii.is_none() {
            errors.on(
                attribute.meta.to_token_stream(),
                "write `#[pii]` for personal data, `#[pii(secret)]` for a secret",
            );
        }
        found = found.or(pii);
    }
    found
}

fn description(attributes: &[Attribute], errors: &mut Diagnostics) -> String {
    attribute::refuse(
        attributes,
        "event_description",
        "`event_description` describes the struct: write `#[field_description = \"…\"]` on a field",
        errors,
    );
    attribute::refuse(
        attributes,
        "event",
        "`#[event(…)]` belongs on the struct: move it there, above the field list",
        errors,
    );
    match attribute::text(attributes, "field_description", errors) {
        Some(text) => text.value(),
        None => attribute::summary(&attribute::doc_comment(attributes)),
    }
}
