//! The ids of events' schemas, looked up once at start-up.

use std::fmt;

use event_runtime::PackDescriptor;
use event_runtime::event::EventDescriptor;
use event_runtime::pool::SchemaIds;
use event_runtime::schema::document;

use crate::{Registry, RegistryError, RegistryErrorKind};

/// Why the ids of events' schemas are not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaIdsError {
    /// The registry does not have them all.
    #[error(transparent)]
    Missing(MissingSchemas),
    /// The registry does not answer, or not as it should.
    #[error("the ids of the events' schemas can't be looked up")]
    Registry(#[source] RegistryError),
}

/// The subjects under which a registry does not have an event's schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingSchemas(Vec<String>);

impl MissingSchemas {
    /// The subjects.
    pub fn subjects(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for MissingSchemas {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the registry lacks the schemas of {} as this program has them; register them (`events registry \
             register`), or set `register: true`",
            self.0.join(", ")
        )
    }
}

impl std::error::Error for MissingSchemas {}

impl Registry {
    /// The ids of the schemas of every event of `packs`, in every version, for
    /// [`ProducersPoolBuilder::schema_ids`](event_runtime::pool::ProducersPoolBuilder::schema_ids). Older versions have
    /// theirs because messages of them may still be forwarded; a missing one of them is no error.
    ///
    /// With `register: true` what is missing is registered.
    ///
    /// # Errors
    /// [`SchemaIdsError::Missing`] with every current version that the registry lacks; [`SchemaIdsError::Registry`].
    ///
    /// # Cancel safety
    /// A dropped call may have registered schemas.
    pub async fn schema_ids(
        &self,
        packs: impl IntoIterator<Item = &'static PackDescriptor>,
    ) -> Result<SchemaIds, SchemaIdsError> {
        let mut ids = SchemaIds::new(self.config.header.clone());
        let mut missing = Vec::new();
        for newest in packs.into_iter().flat_map(|pack| pack.events.iter().copied()) {
            for event in newest.versions() {
                match self.id(event).await.map_err(SchemaIdsError::Registry)? {
                    Some(id) => ids.insert(event.payload_type, event.version, id.to_string()),
                    None if event.version == newest.version => missing.push(self.subjects().of(event)),
                    None => {}
                }
            }
        }
        if missing.is_empty() { Ok(ids) } else { Err(SchemaIdsError::Missing(MissingSchemas(missing))) }
    }

    async fn id(&self, event: &EventDescriptor) -> Result<Option<u32>, RegistryError> {
        let (subject, schema) = (self.subjects().of(event), document(event));
        match self.look_up(&subject, &schema).await {
            Ok(found) => Ok(Some(found.id)),
            Err(error) if is_missing(error.kind()) && self.config.register => {
                self.register(&subject, &schema).await.map(|registered| Some(registered.id))
            }
            Err(error) if is_missing(error.kind()) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_missing(kind: RegistryErrorKind) -> bool {
    matches!(kind, RegistryErrorKind::SubjectNotFound | RegistryErrorKind::SchemaNotFound)
}
