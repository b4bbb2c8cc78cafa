//! Where `${env.NAME}` looks: the process's environment, or a test's own.

use std::collections::{BTreeMap, HashMap};

/// A set of variables; functions and maps are some.
pub trait Environment {
    /// The value of `name`; `None` where it is not set.
    fn variable(&self, name: &str) -> Option<String>;
}

/// The variables of this process. One that is not Unicode counts as not set.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

impl<F: Fn(&str) -> Option<String>> Environment for F {
    fn variable(&self, name: &str) -> Option<String> {
        self(name)
    }
}

impl Environment for BTreeMap<String, String> {
    fn variable(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}

impl Environment for HashMap<String, String> {
    fn variable(&self, name: &str) -> Option<String> {
        self.get(name).cloned()
    }
}
