//! The application's own headers.

use std::collections::BTreeMap;
use std::ops::Deref;

use crate::envelope::Message;
use crate::handler::{FromIncoming, Incoming};
use crate::outcome::HandlerError;

/// The message's headers, not copied: a view of the message.
///
/// ```
/// use event_runtime::HandlerError;
/// use event_runtime::handler::Headers;
///
/// async fn handle(headers: Headers) -> Result<(), HandlerError> {
///     let region = headers.required("region")?; // a dead letter where it is missing
///     let verbose = headers.contains_key("verbose");
///     println!("{region} {verbose}");
///     Ok(())
/// }
/// # let _ = event_runtime::router::MessageRouter::new().on_type("legacy.event", handle);
/// ```
#[derive(Clone, Debug)]
pub struct Headers(Message);

impl Headers {
    /// The value of `name`, which the handler cannot do without.
    ///
    /// # Errors
    /// A dead letter where the message has no such header.
    pub fn required(&self, name: &str) -> Result<&str, HandlerError> {
        match self.get(name) {
            Some(value) => Ok(value),
            None => Err(HandlerError::dead_letter(format!("the message has no header {name:?}"))),
        }
    }
}

impl Deref for Headers {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0.metadata().headers
    }
}

impl<S> FromIncoming<S> for Headers {
    fn from_incoming(incoming: &Incoming, _: &S) -> Result<Self, HandlerError> {
        Ok(Self(incoming.message().clone()))
    }
}
