//! The value tree of a configuration: JSON that remembers duplicate keys and what came from the environment.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// One value.
#[derive(Clone)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    /// The text of one placeholder: it takes the type that its reader asks for.
    Environment {
        text: String,
        variable: String,
    },
    List(Vec<Node>),
    /// As written: a key may stand in it twice until that was reported.
    Map(Vec<(String, Node)>),
    /// A mistake that was reported: it reads as the empty value of any type, so that reading can go on.
    Wild,
    /// A mistake for which there is no empty value: it reads as if it were absent.
    Absent,
}

impl Node {
    /// The value under `key`, unless it is absent.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(name, node)| name == key && !matches!(node, Self::Absent))
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Whether a mistake was reported in this value or in one below it.
    pub(super) fn is_tainted(&self) -> bool {
        match self {
            Self::Wild | Self::Absent => true,
            Self::List(nodes) => nodes.iter().any(Self::is_tainted),
            Self::Map(entries) => entries.iter().any(|(_, node)| node.is_tainted()),
            _ => false,
        }
    }

    /// What it is, for reports.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::Null | Self::Absent => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(text) | Self::Environment { text, .. } if text.is_empty() => "an empty text",
            Self::Text(_) => "a text",
            Self::Environment { .. } => "other text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Wild => "a value",
        }
    }

    /// The plain value, for readers that take any.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Null | Self::Wild | Self::Absent => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) | Self::Environment { text, .. } => Value::String(text.clone()),
            Self::List(nodes) => nodes.iter().map(Self::to_value).collect(),
            Self::Map(entries) => entries.iter().map(|(key, node)| (key.clone(), node.to_value())).collect(),
        }
    }
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text),
            Value::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Value::Object(entries) => {
                Self::Map(entries.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = sequence.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}
