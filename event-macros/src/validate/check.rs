//! From a type as it is written to one without a mistake.

use syn::spanned::Spanned;
use syn::{Data, DataEnum, DeriveInput};

use super::model::{Checked, Shape, Variant};
use crate::attribute;
use crate::diagnostics::Diagnostics;
use crate::fields::{self, Place};
use crate::rules;
use crate::serde_names::{self, Tagging};

/// The type, unless a mistake was found.
pub(super) fn check(input: &DeriveInput, errors: &mut Diagnostics) -> Option<Checked> {
    let on_field = "belongs on a field: move it to the field that it is about";
    for name in ["pii", "field_description"] {
        attribute::refuse(&input.attrs, name, &format!("`{name}` {on_field}"), errors);
    }
    let (rules, runtime) = rules::check_container(&input.attrs, errors);
    if let Data::Union(data) = &input.data {
        errors.at(data.union_token.span(), "`Validate` is for structs and enums: write a struct");
        return None;
    }
    let container = serde_names::read(input)?;
    let shape = match (&input.data, container.data) {
        (Data::Struct(data), serde_names::Data::Struct { fields, .. }) => {
            Shape::Struct(fields::check_fields(&data.fields, &fields, &container.default, errors))
        }
        (Data::Enum(data), serde_names::Data::Enum { tagging, variants }) => {
            Shape::Enum(check_variants(data, &tagging, &variants, errors))
        }
        _ => return None,
    };
    errors.is_empty().then_some(Checked { runtime, shape, rules })
}

fn check_variants(
    data: &DataEnum,
    tagging: &Tagging,
    serde: &[serde_names::Variant],
    errors: &mut Diagnostics,
) -> Vec<Variant> {
    let pairs = data.variants.iter().zip(serde);
    pairs
        .map(|(variant, serde)| {
            for name in ["pii", "field_description", "validate"] {
                let remedy = format!("`{name}` belongs on a field: move it into the variant");
                attribute::refuse(&variant.attrs, name, &remedy, errors);
            }
            let tagging = if serde.untagged { Tagging::Untagged } else { tagging.clone() };
            let content = match &tagging {
                Tagging::External => vec![serde.name.clone()],
                Tagging::Adjacent { content, .. } => vec![content.clone()],
                Tagging::Internal { .. } | Tagging::Untagged => Vec::new(),
            };
            let default = serde_names::Default::None;
            let fields = match serde.on_wire {
                true => fields::check_fields(&variant.fields, &serde.fields, &default, errors),
                false => Vec::new(),
            };
            let place = Place::Variant { name: serde.name.clone(), tagging };
            Variant { name: variant.ident.clone(), place, content, fields }
        })
        .collect()
}
