//! The table behind a router: payload type → handler, and what overlaps in it.

use std::any::type_name;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::envelope::Metadata;
use crate::event::EventDescriptor;
use crate::handler::{Endpoint, Incoming, in_context};
use crate::outcome::Outcome;
use crate::router::bound::BoundHandler;
use crate::router::refusal;
use crate::transport::BoxFuture;

/// Handlers by payload type. Looked up by names from the wire, filled by the application only.
#[derive(Clone, Default)]
pub(super) struct Routes {
    table: HashMap<String, Route, RandomState>,
    fallback: Option<Route>,
    problems: Vec<String>,
}

#[derive(Clone)]
struct Route {
    accepts: Accepts,
    handler: Arc<dyn BoundHandler>,
    origin: Origin,
}

/// Which versions of its payload type a handler takes.
#[derive(Clone, Copy)]
pub(super) enum Accepts {
    EveryVersion,
    VersionsOf(&'static EventDescriptor),
}

impl Accepts {
    #[inline]
    fn reads(self, version: u32) -> bool {
        match self {
            Self::EveryVersion => true,
            Self::VersionsOf(descriptor) => descriptor.reads(version),
        }
    }
}

/// Where a route comes from, for the report of overlaps.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    method: &'static str,
    subject: &'static str,
    location: &'static Location<'static>,
}

impl Origin {
    /// A call of `method` at `location` about the type `T`.
    pub(super) fn of<T>(method: &'static str, location: &'static Location<'static>) -> Self {
        Self { method, subject: type_name::<T>(), location }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}({})` at {}", self.method, self.subject, self.location)
    }
}

impl Routes {
    /// Adds a handler; where the payload type has one already, that one stays and the overlap is a problem.
    pub(super) fn add(
        &mut self,
        payload_type: String,
        accepts: Accepts,
        handler: Arc<dyn BoundHandler>,
        origin: Origin,
    ) {
        match self.table.entry(payload_type) {
            Entry::Vacant(entry) => {
                entry.insert(Route { accepts, handler, origin });
            }
            Entry::Occupied(entry) => self.problems.push(format!(
                "payload type `{}` has two handlers: {} and {origin}; remove one",
                entry.key(),
                entry.get().origin,
            )),
        }
    }

    /// Sets the fallback; where there is one already, that one stays and the second is a problem.
    pub(super) fn set_fallback(&mut self, handler: Arc<dyn BoundHandler>, origin: Origin) {
        match &self.fallback {
            None => self.fallback = Some(Route { accepts: Accepts::EveryVersion, handler, origin }),
            Some(first) => {
                self.problems.push(format!("two fallbacks: {} and {origin}; remove one", first.origin));
            }
        }
    }

    pub(super) fn payload_types(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.table.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// Calls the handler of a message in the context of which this is called.
    pub(super) fn call(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        match self.find(incoming.message().metadata()) {
            Some(route) => route.handler.call(incoming),
            None => self.refuse(&incoming),
        }
    }

    fn find(&self, metadata: &Metadata) -> Option<&Route> {
        match self.table.get(&*metadata.payload_type) {
            Some(route) if route.accepts.reads(metadata.version) => Some(route),
            _ => self.fallback.as_ref(),
        }
    }

    /// What becomes of a message that no route takes.
    #[cold]
    fn refuse(&self, incoming: &Incoming) -> BoxFuture<'_, Outcome> {
        let metadata = incoming.message().metadata();
        let outcome = match self.table.get(&*metadata.payload_type) {
            Some(Route { accepts: Accepts::VersionsOf(descriptor), .. }) => {
                refusal::unknown_version(metadata, descriptor)
            }
            _ => refusal::unknown_payload_type(metadata, self.table.keys().map(String::as_str)),
        };
        Box::pin(std::future::ready(outcome))
    }
}

impl Endpoint for Routes {
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        in_context(incoming, move |incoming| self.call(incoming))
    }

    fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }

    fn has_handler(&self, payload_type: &str) -> bool {
        self.table.contains_key(payload_type)
    }
}
