//! What the derive knows of an event, as constant data.

/// One version of an event: its wire identity, its fields, and its place in the version chain.
#[derive(Debug)]
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
    /// The event's JSON Schema as readers see it.
    pub schema: fn() -> schemars::Schema,
}

impl EventDescriptor {
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
}

/// One field of an event.
#[derive(Debug)]
pub struct FieldDescriptor {
    /// The name on the wire, by serde's rules.
    pub name: &'static str,
    /// The Rust type as written.
    pub type_name: &'static str,
    /// Whether a payload without it is refused.
    pub required: bool,
    /// What the field means; empty where nothing was written.
    pub description: &'static str,
    /// The validation rules in short form, for instance `length 1..=64`.
    pub constraints: &'static [&'static str],
    /// Whether it holds personal data.
    pub pii: Option<Pii>,
}

/// How personal a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pii {
    /// `#[pii]`: personal data.
    Personal,
    /// `#[pii(secret)]`: a secret such as a one-time password.
    Secret,
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
