//! How a source behaves; every value has a default.

use std::time::Duration;

/// How a source behaves.
#[derive(Clone, Debug, Default)]
pub struct SourceSettings {
    /// How long a receive hides a message; `None` = the queue's own visibility timeout, which is read at
    /// start-up. In whole seconds, 1 to 43,200.
    pub visibility_timeout: Option<Duration>,
}
