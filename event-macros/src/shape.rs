//! What a type's spelling proves: the checks that can be made before types are known. Whatever is spelt in another
//! way is left to the compiler.

use syn::{GenericArgument, PathArguments, Type};

/// What a type is, as far as its spelling says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Option(Box<Shape>),
    Text,
    Integer {
        signed: bool,
        bits: u32,
    },
    Float,
    Bool,
    /// A list, a set or a map, and the shape of its items.
    Collection(Box<Shape>),
    Uuid,
    Other,
}

impl Shape {
    pub(crate) fn of(ty: &Type) -> Self {
        match ty {
            Type::Path(path) if path.qself.is_none() => {
                path.path.segments.last().map_or(Self::Other, |segment| {
                    let arguments = type_arguments(&segment.arguments);
                    Self::named(&segment.ident.to_string(), &arguments)
                })
            }
            Type::Group(group) => Self::of(&group.elem),
            Type::Paren(paren) => Self::of(&paren.elem),
            Type::Reference(reference) => Self::of(&reference.elem),
            Type::Array(array) => Self::Collection(Box::new(Self::of(&array.elem))),
            Type::Slice(slice) => Self::Collection(Box::new(Self::of(&slice.elem))),
            _ => Self::Other,
        }
    }

    fn named(name: &str, arguments: &[&Type]) -> Self {
        let first = || arguments.first().map_or(Self::Other, |ty| Self::of(ty));
        let last = || Box::new(arguments.last().map_or(Self::Other, |ty| Self::of(ty)));
        match (name, arguments.len()) {
            ("Option", 1) => Self::Option(last()),
            ("String" | "str", 0) => Self::Text,
            ("Cow" | "Box" | "Arc" | "Rc", 1) => first(),
            ("Vec" | "VecDeque" | "BTreeSet", 1) | ("HashSet", 1 | 2) => Self::Collection(Box::new(first())),
            ("HashMap" | "BTreeMap", 2) => Self::Collection(last()),
            ("bool", 0) => Self::Bool,
            ("f32" | "f64", 0) => Self::Float,
            ("Uuid", 0) => Self::Uuid,
            (_, 0) => Self::integer(name).unwrap_or(Self::Other),
            _ => Self::Other,
        }
    }

    fn integer(name: &str) -> Option<Self> {
        let (signed, width) = match name.split_at_checked(1)? {
            ("i", width) => (true, width),
            ("u", width) => (false, width),
            _ => return None,
        };
        let bits = match width {
            "size" => 64,
            "8" | "16" | "32" | "64" | "128" => width.parse().ok()?,
            _ => return None,
        };
        Some(Self::Integer { signed, bits })
    }

    pub(crate) fn is_option(&self) -> bool {
        matches!(self, Self::Option(_))
    }

    /// What is in it, where it is an `Option`.
    pub(crate) fn present(&self) -> &Self {
        match self {
            Self::Option(inner) => inner.present(),
            other => other,
        }
    }

    /// What is in it in the end, where it is an `Option` or a collection.
    pub(crate) fn innermost(&self) -> &Self {
        match self {
            Self::Option(inner) | Self::Collection(inner) => inner.innermost(),
            other => other,
        }
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Integer { .. } | Self::Float)
    }

    /// Whether its default is what `required` refuses.
    pub(crate) fn default_is_missing(&self) -> bool {
        matches!(self, Self::Option(_) | Self::Text | Self::Collection(_))
    }

    /// What it is called in messages; `None` for what the spelling does not say.
    pub(crate) fn noun(&self) -> Option<&'static str> {
        match self {
            Self::Option(_) => Some("an `Option`"),
            Self::Text => Some("a text"),
            Self::Integer { .. } | Self::Float => Some("a number"),
            Self::Bool => Some("a `bool`"),
            Self::Collection(_) => Some("a collection"),
            Self::Uuid => Some("a `Uuid`"),
            Self::Other => None,
        }
    }
}

/// Whether the type is spelt `Option<…>` itself, and not a pointer to one.
pub(crate) fn is_option(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|segment| segment.ident == "Option"),
        Type::Group(group) => is_option(&group.elem),
        Type::Paren(paren) => is_option(&paren.elem),
        _ => false,
    }
}

fn type_arguments(arguments: &PathArguments) -> Vec<&Type> {
    match arguments {
        PathArguments::AngleBracketed(list) => list
            .args
            .iter()
            .filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(ty: &str) -> Shape {
        Shape::of(&syn::parse_str(ty).unwrap())
    }

    #[test]
    fn spellings() {
        assert_eq!(shape("std::option::Option<String>"), Shape::Option(Box::new(Shape::Text)));
        assert_eq!(shape("Cow<'static, str>"), Shape::Text);
        assert_eq!(
            shape("HashMap<String, u8>"),
            Shape::Collection(Box::new(Shape::Integer { signed: false, bits: 8 }))
        );
        assert_eq!(shape("[f64; 3]"), Shape::Collection(Box::new(Shape::Float)));
        assert_eq!(shape("usize"), Shape::Integer { signed: false, bits: 64 });
        for other in ["Order", "i7", "unit", "()", "<X as Y>::String", "Option"] {
            assert_eq!(shape(other), Shape::Other, "{other}");
        }
    }
}
