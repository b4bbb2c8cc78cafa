//! What the derive knows of an event, as constant data.

use schemars::{Schema, SchemaGenerator};

use super::{DecodeError, Rule};
use crate::factory::AnyEvent;

/// One version of an event: its wire identity, its fields, and its place in the version chain.
#[derive(Debug)]
#[non_exhaustive]
pub struct EventDescriptor {
    /// The payload type on the wire.
    pub payload_type: &'static str,
    /// The version, from 1 on.
    pub version: u32,
    /// The Rust type's name.
    pub rust_name: &'static str,
    /// One sentence that says what happened.
    pub description: &'static str,
    /// The domain, where one is declared or the payload type is dotted.
    pub domain: Option<&'static str>,
    /// The destination hint of `#[event(topic = "…")]`.
    pub topic: Option<&'static str>,
    /// The wire name of the ordering key's field.
    pub key: Option<&'static str>,
    /// The fields in declaration order.
    pub fields: &'static [FieldDescriptor],
    /// The version that this one can be upcast from.
    pub upcast_from: Option<&'static EventDescriptor>,
    /// The compatibility rule between this version and its committed schemas.
    pub compatibility: Compatibility,
    /// The folder of the event's schema file, relative to its crate's; `None` = `schemas`.
    pub schemas: Option<&'static str>,
    pub(crate) describe: fn(&mut SchemaGenerator) -> Schema,
    pub(crate) read: fn(u32, &str) -> Result<AnyEvent, DecodeError>,
}

impl EventDescriptor {
    /// The descriptor of `E` as far as every event has one; the derive adds the rest.
    #[doc(hidden)]
    pub const fn of<E: super::Event>(rust_name: &'static str, description: &'static str) -> Self {
        Self {
            payload_type: E::PAYLOAD_TYPE,
            version: E::VERSION,
            rust_name,
            description,
            domain: None,
            topic: None,
            key: None,
            fields: E::FIELDS,
            upcast_from: None,
            compatibility: Compatibility::Full { transitive: true },
            schemas: None,
            describe: E::DESCRIBE,
            read: crate::factory::read_any::<E>,
        }
    }

    /// The same event with a domain.
    #[doc(hidden)]
    #[must_use]
    pub const fn domain(mut self, domain: &'static str) -> Self {
        self.domain = Some(domain);
        self
    }

    /// The same event with a destination hint.
    #[doc(hidden)]
    #[must_use]
    pub const fn topic(mut self, topic: &'static str) -> Self {
        self.topic = Some(topic);
        self
    }

    /// The same event with another folder for its schema file.
    #[doc(hidden)]
    #[must_use]
    pub const fn schemas(mut self, folder: &'static str) -> Self {
        self.schemas = Some(folder);
        self
    }

    /// The same event with the wire name of its ordering key.
    #[doc(hidden)]
    #[must_use]
    pub const fn key(mut self, key: &'static str) -> Self {
        self.key = Some(key);
        self
    }

    /// The same event with the version before it.
    #[doc(hidden)]
    #[must_use]
    pub const fn upcast_from<E: super::Upcast>(mut self) -> Self {
        self.upcast_from = Some(<E::Older as super::Event>::DESCRIPTOR);
        self
    }

    /// The same event under another compatibility rule.
    #[doc(hidden)]
    #[must_use]
    pub const fn compatibility(mut self, compatibility: Compatibility) -> Self {
        self.compatibility = compatibility;
        self
    }

    /// The event's JSON Schema as readers see it.
    pub fn schema(&self) -> Schema {
        crate::schema::reader(self)
    }

    /// The event's JSON Schema as writers emit it.
    pub fn writer_schema(&self) -> Schema {
        crate::schema::writer(self)
    }

    /// Whether a payload of `version` can be read: this version, or one that it is upcast from.
    pub const fn reads(&self, version: u32) -> bool {
        let mut descriptor = self;
        loop {
            if descriptor.version == version {
                return true;
            }
            match descriptor.upcast_from {
                Some(older) => descriptor = older,
                None => return false,
            }
        }
    }

    /// This version and every older one that it is upcast from, newest first.
    pub fn versions(&'static self) -> impl Iterator<Item = &'static EventDescriptor> {
        std::iter::successors(Some(self), |descriptor| descriptor.upcast_from)
    }

    /// Whether the event holds personal data in a field of its own or of a validated nested type.
    pub fn holds_pii(&self) -> bool {
        self.fields.iter().any(|field| field.pii.is_some())
    }
}

/// One field of an event or of a type that derives `Validate`.
#[derive(Debug)]
#[non_exhaustive]
pub struct FieldDescriptor {
    /// The name on the wire as readers take it, by serde's rules; empty for a flattened or transparent field.
    pub name: &'static str,
    /// The name on the wire as writers give it.
    pub written_name: &'static str,
    /// Other names that readers take: serde's aliases.
    pub aliases: &'static [&'static str],
    /// The Rust type as written.
    pub type_name: &'static str,
    /// Whether a payload without it is refused.
    pub required: bool,
    /// What the field means; empty where nothing was written.
    pub description: &'static str,
    /// The validation rules in the order they are written.
    pub rules: &'static [Rule],
    /// Whether it holds personal data.
    pub pii: Option<Pii>,
    /// The variant that the field belongs to, for fields of enums.
    pub variant: Option<VariantDescriptor>,
}

impl FieldDescriptor {
    /// A required field without rules.
    #[doc(hidden)]
    pub const fn new(name: &'static str, type_name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            written_name: name,
            aliases: &[],
            type_name,
            required: true,
            description,
            rules: &[],
            pii: None,
            variant: None,
        }
    }

    /// The same field, which writers give another name than readers take.
    #[doc(hidden)]
    #[must_use]
    pub const fn written_as(mut self, name: &'static str) -> Self {
        self.written_name = name;
        self
    }

    /// The same field, which readers take under these names too.
    #[doc(hidden)]
    #[must_use]
    pub const fn aliases(mut self, names: &'static [&'static str]) -> Self {
        self.aliases = names;
        self
    }

    /// The same field, which a payload may leave out.
    #[doc(hidden)]
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// The same field with rules.
    #[doc(hidden)]
    #[must_use]
    pub const fn rules(mut self, rules: &'static [Rule]) -> Self {
        self.rules = rules;
        self
    }

    /// The same field, marked as personal data.
    #[doc(hidden)]
    #[must_use]
    pub const fn pii(mut self, pii: Pii) -> Self {
        self.pii = Some(pii);
        self
    }

    /// The same field as one of an enum's variant.
    #[doc(hidden)]
    #[must_use]
    pub const fn variant(mut self, name: &'static str, tagging: Tagging) -> Self {
        self.variant = Some(VariantDescriptor { name, tagging });
        self
    }

    /// Whether one of `fields` has a rule.
    pub(crate) const fn have_rules(fields: &[FieldDescriptor]) -> bool {
        let mut index = 0;
        while index < fields.len() {
            if !fields[index].rules.is_empty() {
                return true;
            }
            index += 1;
        }
        false
    }

    /// Whether the field's members are members of the type that holds it.
    pub const fn is_flat(&self) -> bool {
        self.name.is_empty()
    }
}

/// The variant of an enum that a field belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VariantDescriptor {
    /// The variant's name on the wire.
    pub name: &'static str,
    /// How the wire says which variant it is.
    pub tagging: Tagging,
}

/// How the wire says which variant of an enum it holds; serde's four ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tagging {
    /// `{"Variant": {…}}`.
    External,
    /// `{"tag": "Variant", …}`.
    Internal {
        /// The tag's name.
        tag: &'static str,
    },
    /// `{"tag": "Variant", "content": {…}}`.
    Adjacent {
        /// The tag's name.
        tag: &'static str,
        /// The content's name.
        content: &'static str,
    },
    /// The content alone.
    Untagged,
}

/// How personal a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pii {
    /// `#[pii]`: personal data.
    Personal,
    /// `#[pii(secret)]`: a secret such as a one-time password.
    Secret,
}

impl Pii {
    /// The mark as it stands in schemas: `personal` or `secret`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Secret => "secret",
        }
    }
}

/// Which changes of a schema are allowed without a new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compatibility {
    /// New code reads old events.
    Backward {
        /** Over all committed versions. */
        transitive: bool,
    },
    /// Old code reads new events.
    Forward {
        /** Over all committed versions. */
        transitive: bool,
    },
    /// Both directions.
    Full {
        /** Over all committed versions. */
        transitive: bool,
    },
    /// Both directions, and no optional property may be added.
    Strict {
        /** Over all committed versions. */
        transitive: bool,
    },
    /// No rule.
    None,
}

impl Compatibility {
    /// The rule as it is written in `#[event(compat = …)]`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Backward { transitive: false } => "backward",
            Self::Backward { transitive: true } => "backward_transitive",
            Self::Forward { transitive: false } => "forward",
            Self::Forward { transitive: true } => "forward_transitive",
            Self::Full { transitive: false } => "full",
            Self::Full { transitive: true } => "full_transitive",
            Self::Strict { transitive: false } => "strict",
            Self::Strict { transitive: true } => "strict_transitive",
            Self::None => "none",
        }
    }

    /// Whether new code must read what old code wrote.
    pub const fn is_backward(self) -> bool {
        matches!(self, Self::Backward { .. } | Self::Full { .. } | Self::Strict { .. })
    }

    /// Whether old code must read what new code writes.
    pub const fn is_forward(self) -> bool {
        matches!(self, Self::Forward { .. } | Self::Full { .. } | Self::Strict { .. })
    }
}

/// Whether two payload types are one: `==` for constants, where text has none.
pub(crate) const fn same_payload_type(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
