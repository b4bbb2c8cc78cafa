//! The serde deserializer over a [`Node`]: a struct's unknown keys are errors, and every error knows its path.

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, Visitor};
use serde_json::Number;

use crate::config::error::ConfigProblemKind as Kind;
use crate::config::node::Node;
use crate::config::read_error::{ReadError, Step, list};

/// Reads one node.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a Node);

impl<'a> Reader<'a> {
    /// Reads it; where the value came from the environment, an error names the variable.
    pub(super) fn read<'de, S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ReadError> {
        seed.deserialize(self).map_err(|error| match self.0 {
            Node::Environment { variable, .. } => error.in_variable(variable),
            _ => error,
        })
    }

    fn wrong(self, expected: &dyn Expected) -> ReadError {
        ReadError::wrong_type(self.0.description(), expected)
    }

    /// The number that is meant: itself, or what the environment's text says.
    fn number(self) -> Option<Number> {
        match self.0 {
            Node::Number(number) => Some(number.clone()),
            Node::Environment { text, .. } => serde_json::from_str(text.trim()).ok(),
            _ => None,
        }
    }

    fn visit_number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        if matches!(self.0, Node::Wild) {
            return visitor.visit_u64(0);
        }
        let Some(number) = self.number() else { return Err(self.wrong(&visitor)) };
        if let Some(number) = number.as_u64() {
            visitor.visit_u64(number)
        } else if let Some(number) = number.as_i64() {
            visitor.visit_i64(number)
        } else {
            visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN))
        }
    }
}

/// All kinds of numbers are read alike: what fits is the visitor's to say.
macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
            self.visit_number(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = ReadError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Node::Null | Node::Wild | Node::Absent => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Number(_) => self.visit_number(visitor),
            Node::Text(text) | Node::Environment { text, .. } => visitor.visit_str(text),
            Node::List(nodes) => visitor.visit_seq(Elements { nodes: nodes.iter().enumerate() }),
            Node::Map(entries) => visitor.visit_map(Entries::new(entries)),
        }
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Wild => visitor.visit_bool(false),
            Node::Environment { text, .. } if text.trim() == "true" => visitor.visit_bool(true),
            Node::Environment { text, .. } if text.trim() == "false" => visitor.visit_bool(false),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Node::Text(text) | Node::Environment { text, .. } => visitor.visit_str(text),
            Node::Wild => visitor.visit_str(""),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Node::Null | Node::Wild | Node::Absent => visitor.visit_none(),
            Node::Environment { text, .. } if text.is_empty() => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Node::List(nodes) => visitor.visit_seq(Elements { nodes: nodes.iter().enumerate() }),
            Node::Wild => visitor.visit_seq(Elements { nodes: [].iter().enumerate() }),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _length: usize, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.0 {
            Node::Map(entries) => visitor.visit_map(Entries::new(entries)),
            Node::Wild => visitor.visit_map(Entries::new(&[])),
            _ => Err(self.wrong(&visitor)),
        }
    }

    /// A struct knows its fields: every other key is a mistake, whether or not the struct denies them.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        if let Node::Map(entries) = self.0 {
            let present = entries.iter().filter(|(_, node)| !matches!(node, Node::Absent));
            for (key, _) in present {
                if !fields.contains(&key.as_str()) {
                    return Err(ReadError::unknown_key(key, fields).below(Step::Key(key.clone())));
                }
            }
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        match self.0 {
            Node::Text(text) | Node::Environment { text, .. } => {
                let text: StrDeserializer<'_, ReadError> = text.as_str().into_deserializer();
                visitor.visit_enum(text)
            }
            Node::Map(_) => {
                let value = self.0.to_value();
                value.deserialize_enum(name, variants, visitor).map_err(|_: serde_json::Error| {
                    ReadError::new(
                        Kind::Invalid,
                        format!("not one of {}, or not of its shape", list(variants)),
                    )
                })
            }
            _ => Err(ReadError::new(
                Kind::WrongType,
                format!("{} where one of {} belongs", self.0.description(), list(variants)),
            )),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { bytes byte_buf unit unit_struct identifier }
}

/// The elements of a list that are not absent.
struct Elements<'a> {
    nodes: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
}

impl<'de> de::SeqAccess<'de> for Elements<'_> {
    type Error = ReadError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        let Some((index, node)) = self.nodes.find(|(_, node)| !matches!(node, Node::Absent)) else {
            return Ok(None);
        };
        Reader(node).read(seed).map(Some).map_err(|error| error.below(Step::Index(index)))
    }
}

/// The entries of an object that are not absent.
struct Entries<'a> {
    entries: std::slice::Iter<'a, (String, Node)>,
    current: Option<&'a (String, Node)>,
}

impl<'a> Entries<'a> {
    fn new(entries: &'a [(String, Node)]) -> Self {
        Self { entries: entries.iter(), current: None }
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_> {
    type Error = ReadError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ReadError> {
        self.current = self.entries.find(|(_, node)| !matches!(node, Node::Absent));
        let Some((key, _)) = self.current else { return Ok(None) };
        let reader: StrDeserializer<'_, ReadError> = key.as_str().into_deserializer();
        seed.deserialize(reader).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ReadError> {
        let Some((key, node)) = self.current else {
            return Err(ReadError::new(Kind::Invalid, "a value was asked for before its key"));
        };
        Reader(node).read(seed).map_err(|error| error.below(Step::Key(key.clone())))
    }
}
