//! Names and defaults on the wire, as serde itself reads them from its attributes.
//!
//! Mistakes in serde's own attributes are not reported here: serde's derives do that.

use proc_macro2::Span;
use serde_derive_internals::attr::{self, Default as SerdeDefault, TagType};
use serde_derive_internals::{Ctxt, Derive, ast};
use syn::{DeriveInput, ExprPath, Ident};

/// A container as serde sees it.
pub(crate) struct Container {
    /// The attribute by which the wire form is not made of the container's own fields, if there is one.
    pub(crate) foreign_form: Option<&'static str>,
    pub(crate) default: Default,
    pub(crate) data: Data,
}

pub(crate) enum Data {
    Struct {
        /// The member that names the struct on the wire, where there is one.
        tag: Option<String>,
        fields: Vec<Field>,
    },
    Enum {
        tagging: Tagging,
        variants: Vec<Variant>,
    },
}

pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) untagged: bool,
    pub(crate) on_wire: bool,
    pub(crate) fields: Vec<Field>,
}

pub(crate) struct Field {
    /// The name that readers take.
    pub(crate) name: String,
    /// The name that writers give.
    pub(crate) written_name: String,
    /// Other names that readers take.
    pub(crate) aliases: Vec<String>,
    pub(crate) default: Default,
    pub(crate) flatten: bool,
    /// Whether the field is that of a newtype, whose form is the value's own.
    pub(crate) transparent: bool,
    pub(crate) read: bool,
    /// Whether writers may leave it out.
    pub(crate) may_be_unwritten: bool,
    /// Whether an absent `Option` is an error: with `deserialize_with`, serde does not ask the type.
    pub(crate) read_with: bool,
    /// Whether functions of the user's own read or write it.
    pub(crate) with: bool,
}

/// Where a value comes from that is not on the wire.
#[derive(Clone)]
pub(crate) enum Default {
    None,
    Trait,
    Path(ExprPath),
}

#[derive(Clone)]
pub(crate) enum Tagging {
    External,
    Internal { tag: String },
    Adjacent { tag: String, content: String },
    Untagged,
}

/// Reads serde's attributes; `None` where serde's derives will report a mistake.
pub(crate) fn read(input: &DeriveInput) -> Option<Container> {
    let context = Ctxt::new();
    let private = Ident::new("__private", Span::call_site());
    let container = ast::Container::from_ast(&context, input, Derive::Deserialize, &private);
    let clean = context.check().is_ok();
    let container = container.filter(|_| clean)?;
    let data = match &container.data {
        ast::Data::Struct(style, all) => Data::Struct {
            tag: match container.attrs.tag() {
                TagType::Internal { tag } => Some(tag.clone()),
                _ => None,
            },
            fields: fields(*style, all),
        },
        ast::Data::Enum(all) => Data::Enum {
            tagging: tagging(container.attrs.tag()),
            variants: all.iter().map(variant).collect(),
        },
    };
    Some(Container {
        foreign_form: foreign_form(&container),
        default: default(container.attrs.default()),
        data,
    })
}

fn foreign_form(container: &ast::Container<'_>) -> Option<&'static str> {
    let attrs = &container.attrs;
    [
        ("transparent", attrs.transparent()),
        ("from", attrs.type_from().is_some()),
        ("try_from", attrs.type_try_from().is_some()),
        ("into", attrs.type_into().is_some()),
        ("remote", attrs.remote().is_some()),
    ]
    .into_iter()
    .find_map(|(name, given)| given.then_some(name))
}

fn fields(style: ast::Style, all: &[ast::Field<'_>]) -> Vec<Field> {
    all.iter()
        .map(|field| {
            let attrs = &field.attrs;
            Field {
                name: attrs.name().deserialize_name().value.clone(),
                written_name: attrs.name().serialize_name().value.clone(),
                aliases: aliases(attrs),
                default: default(attrs.default()),
                flatten: attrs.flatten(),
                transparent: attrs.transparent() || matches!(style, ast::Style::Newtype),
                read: !attrs.skip_deserializing(),
                may_be_unwritten: attrs.skip_serializing() || attrs.skip_serializing_if().is_some(),
                read_with: attrs.deserialize_with().is_some(),
                with: attrs.deserialize_with().is_some() || attrs.serialize_with().is_some(),
            }
        })
        .collect()
}

/// serde counts a field's own name among its aliases.
fn aliases(attrs: &attr::Field) -> Vec<String> {
    let names = attrs.aliases().iter().map(|name| name.value.clone());
    names.filter(|name| *name != attrs.name().deserialize_name().value).collect()
}

fn variant(variant: &ast::Variant<'_>) -> Variant {
    Variant {
        name: variant.attrs.name().deserialize_name().value.clone(),
        untagged: variant.attrs.untagged(),
        on_wire: !variant.attrs.skip_deserializing(),
        fields: fields(variant.style, &variant.fields),
    }
}

fn default(given: &SerdeDefault) -> Default {
    match given {
        SerdeDefault::None => Default::None,
        SerdeDefault::Default => Default::Trait,
        SerdeDefault::Path(path) => Default::Path(path.clone()),
    }
}

fn tagging(tag: &TagType) -> Tagging {
    match tag {
        TagType::External => Tagging::External,
        TagType::Internal { tag } => Tagging::Internal { tag: tag.clone() },
        TagType::Adjacent { tag, content } => {
            Tagging::Adjacent { tag: tag.clone(), content: content.clone() }
        }
        TagType::None => Tagging::Untagged,
    }
}
