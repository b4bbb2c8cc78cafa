//! Reading JSON objects member by member: the pieces that the formats share.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::envelope::Metadata;
use crate::envelope::WireFormat;

/// What a reader found in a body.
pub(super) struct Found<'de> {
    pub(super) metadata: Metadata,
    pub(super) payload: FoundPayload<'de>,
}

/// Where a payload's JSON text is.
pub(super) enum FoundPayload<'de> {
    /// A part of the body.
    Within(&'de str),
    /// Not in the body as it stands: absent, or encoded.
    Apart(Cow<'static, str>),
}

/// What a reader was at when it failed; the parser's own texts quote values, these do not.
#[derive(Debug, Default)]
pub(super) struct Note {
    /// The member that was read last.
    pub(super) member: Option<&'static str>,
    /// The rule that it breaks; `None` where it has another type than expected.
    pub(super) fault: Option<&'static str>,
    /// The body is of another format.
    pub(super) foreign: Option<WireFormat>,
}

impl Note {
    /// Notes the fault of the current member and returns the error that ends the parse.
    pub(super) fn fail<E: Error>(&mut self, fault: &'static str) -> E {
        self.fault = Some(fault);
        E::custom(fault)
    }

    /// The same for another member.
    pub(super) fn fail_at<E: Error>(&mut self, member: &'static str, fault: &'static str) -> E {
        self.member = Some(member);
        self.fail(fault)
    }
}

/// A reader of one object, with access to its note.
pub(super) trait ReadObject<'de>: Sized {
    type Output;

    fn read_object<A: MapAccess<'de>>(note: &mut Note, map: A) -> Result<Self::Output, A::Error>;
}

/// Reads the object that `json` is with `R`.
pub(super) fn object<'de, R: ReadObject<'de>>(
    json: &'de str,
    note: &mut Note,
) -> Result<R::Output, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let output = Seed::<R>(note, std::marker::PhantomData).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(output)
}

struct Seed<'n, R>(&'n mut Note, std::marker::PhantomData<R>);

impl<'de, R: ReadObject<'de>> DeserializeSeed<'de> for Seed<'_, R> {
    type Value = R::Output;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, R: ReadObject<'de>> Visitor<'de> for Seed<'_, R> {
    type Value = R::Output;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        R::read_object(self.0, map)
    }
}

/// A string, borrowed from the input where it holds no escape.
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// A set of members, by their index.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen(u32);

impl Seen {
    /// Whether `index` is new.
    pub(super) fn insert(&mut self, index: u8) -> bool {
        let bit = 1 << index;
        let new = self.0 & bit == 0;
        self.0 |= bit;
        new
    }

    pub(super) fn contains(self, index: u8) -> bool {
        self.0 & (1 << index) != 0
    }
}

pub(super) const TWICE: &str = "appears twice";
pub(super) const MISSING: &str = "is missing";
pub(super) const EMPTY: &str = "is empty";
pub(super) const NO_TIME: &str = "is no RFC 3339 date-time";

/// Keeps a member that the format does not know; a second one of its name is refused.
pub(super) fn keep<E: Error>(
    note: &mut Note,
    extensions: &mut BTreeMap<String, Box<RawValue>>,
    name: Cow<'_, str>,
    value: &RawValue,
) -> Result<(), E> {
    match extensions.insert(name.into_owned(), value.to_owned()) {
        None => Ok(()),
        Some(_) => Err(note.fail_at("extensions", "hold one name twice")),
    }
}

/// An object of strings in which no name appears twice.
pub(super) struct Headers(pub(super) BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unique(deserializer).map(Self)
    }
}

/// An object of any values in which no name appears twice.
#[derive(Default)]
pub(super) struct RawMembers(pub(super) BTreeMap<String, Box<RawValue>>);

impl<'de> Deserialize<'de> for RawMembers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unique(deserializer).map(Self)
    }
}

fn unique<'de, D, V>(deserializer: D) -> Result<BTreeMap<String, V>, D::Error>
where
    D: Deserializer<'de>,
    V: Deserialize<'de>,
{
    struct Unique<V>(std::marker::PhantomData<V>);

    impl<'de, V: Deserialize<'de>> Visitor<'de> for Unique<V> {
        type Value = BTreeMap<String, V>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                if members.insert(name, map.next_value()?).is_some() {
                    return Err(A::Error::custom(TWICE));
                }
            }
            Ok(members)
        }
    }

    deserializer.deserialize_map(Unique(std::marker::PhantomData))
}
