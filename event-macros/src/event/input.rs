//! `#[event(…)]` as it is written.

use syn::{DeriveInput, LitStr};

use crate::attribute::{self, Argument};
use crate::diagnostics::Diagnostics;
use crate::habits::{self, instead};
use crate::runtime_path::RuntimePath;

/// How the attribute is written, for messages.
const FORM: &str = "`#[event(key = order_id, version = 1)]`";

const KEYS: [&str; 11] = [
    "type",
    "version",
    "upcast_from",
    "oldest",
    "key",
    "topic",
    "domain",
    "new",
    "compat",
    "schemas",
    "crate",
];

/// What `#[event(…)]` and `#[event_description = "…"]` say.
pub(super) struct Input {
    arguments: Vec<Argument>,
    pub(super) description: Option<LitStr>,
    pub(super) runtime: RuntimePath,
}

impl Input {
    pub(super) fn read(input: &DeriveInput, errors: &mut Diagnostics) -> Self {
        let arguments = attribute::arguments(&input.attrs, "event", FORM, errors);
        attribute::report_duplicates(&arguments, "key", errors);
        for argument in &arguments {
            let word = argument.word();
            if !KEYS.contains(&word.as_str()) {
                errors.on(
                    &argument.name,
                    format!("unknown key `{word}`: {}", instead(&word, KEYS, habits::KEYS)),
                );
            }
        }
        let description = attribute::text(&input.attrs, "event_description", errors);
        let runtime = RuntimePath::of(arguments.iter().find(|argument| argument.word() == "crate"), errors);
        Self { arguments, description, runtime }
    }

    /// The argument of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|argument| argument.word() == name)
    }
}
