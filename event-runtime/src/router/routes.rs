//! The table behind a router: payload type → handler, and what overlaps in it.

use std::any::type_name;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::event::EventDescriptor;
use crate::handler::{Endpoint, Incoming};
use crate::outcome::Outcome;
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
    handler: Arc<dyn Endpoint>,
    origin: Origin,
}

/// Which versions of its payload type a handler takes.
#[derive(Clone, Copy)]
pub(super) enum Accepts {
    EveryVersion,
    VersionsOf(&'static EventDescriptor),
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
        handler: Arc<dyn Endpoint>,
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
    pub(super) fn set_fallback(&mut self, handler: Arc<dyn Endpoint>, origin: Origin) {
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

    /// What becomes of a message that no route takes.
    fn refuse(&self, incoming: &Incoming) -> Outcome {
        let metadata = incoming.message().metadata();
        match self.table.get(&*metadata.payload_type) {
            Some(Route { accepts: Accepts::VersionsOf(descriptor), .. }) => {
                refusal::unknown_version(metadata, descriptor)
            }
            _ => refusal::unknown_payload_type(metadata, self.table.keys().map(String::as_str)),
        }
    }
}

impl Endpoint for Routes {
    fn handle(&self, incoming: Incoming) -> BoxFuture<'_, Outcome> {
        let metadata = incoming.message().metadata();
        let route = self.table.get(&*metadata.payload_type);
        let route = route.filter(|route| match route.accepts {
            Accepts::EveryVersion => true,
            Accepts::VersionsOf(descriptor) => descriptor.reads(metadata.version),
        });
        match route.or(self.fallback.as_ref()) {
            Some(route) => route.handler.handle(incoming),
            None => Box::pin(std::future::ready(self.refuse(&incoming))),
        }
    }

    fn problems(&self) -> Vec<String> {
        self.problems.clone()
    }

    fn has_handler(&self, payload_type: &str) -> bool {
        self.table.contains_key(payload_type)
    }
}
