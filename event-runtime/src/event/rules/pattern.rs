//! `pattern("…")`: a regular expression of the subset that ECMA-262 and Rust share.

use std::sync::OnceLock;

use regex_lite::Regex;

/// A pattern that is compiled at its first use.
///
/// The derive has compiled it once already, so that a pattern that does not compile never gets here.
pub struct Pattern {
    /// As it was written, and as it stands in the schema.
    text: &'static str,
    /// The same in Rust's dialect.
    dialect: &'static str,
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// A pattern as it was written, and in Rust's dialect.
    pub const fn new(text: &'static str, dialect: &'static str) -> Self {
        Self { text, dialect, regex: OnceLock::new() }
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &'static str {
        self.text
    }

    /// Whether the text contains a match.
    pub fn is_match(&self, text: &str) -> bool {
        let regex = self.regex.get_or_init(|| Regex::new(self.dialect).ok());
        regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }
}
