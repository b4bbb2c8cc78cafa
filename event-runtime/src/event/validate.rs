//! Validation: rules that a payload keeps, each failure with a code, its parameters and a JSON pointer.

use serde_json::Value;

/// A type that can check itself; implemented by `#[derive(Event)]` and `#[derive(Validate)]`.
pub trait Validate {
    /// Reports every broken rule to `validator`.
    fn validate_into(&self, validator: &mut Validator);

    /// Checks every rule.
    ///
    /// # Errors
    /// Every broken rule, in field order.
    fn validate(&self) -> Result<(), ValidationErrors> {
        let mut validator = Validator::default();
        self.validate_into(&mut validator);
        validator.finish()
    }
}

/// Collects broken rules and knows where in the payload it stands.
#[derive(Debug, Default)]
pub struct Validator {
    errors: Vec<ValidationError>,
}

impl Validator {
    /// Ends the check.
    ///
    /// # Errors
    /// Everything that was reported.
    pub fn finish(self) -> Result<(), ValidationErrors> {
        if self.errors.is_empty() { Ok(()) } else { Err(ValidationErrors(self.errors)) }
    }
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationError {
    /// The rule's code, for instance `length`.
    pub code: &'static str,
    /// The JSON pointer (RFC 6901) of the value.
    pub pointer: String,
    /// The rule's parameters, for instance `{"min": 1}`; never the value.
    pub params: Value,
}

/// Every broken rule of one payload; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationErrors(Vec<ValidationError>);

impl ValidationErrors {
    /// The broken rules in field order.
    pub fn errors(&self) -> &[ValidationError] {
        &self.0
    }
}

impl std::fmt::Display for ValidationErrors {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{} at {:?}", error.code, error.pointer)?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationErrors {}
