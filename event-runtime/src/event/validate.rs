//! Validation: rules that a payload keeps, each failure with a code, its parameters and a JSON pointer.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::{FieldDescriptor, pointer};

/// The most broken rules that one payload reports; the rest are counted.
const MAX_ERRORS: usize = 100;

/// A type that can check itself; implemented by `#[derive(Event)]` and `#[derive(Validate)]`.
///
/// ```
/// use event_runtime::Validate;
/// use event_runtime::event::Validator;
///
/// struct Even(u32);
///
/// impl Validate for Even {
///     fn validate_into(&self, validator: &mut Validator) {
///         if self.0 % 2 == 1 {
///             validator.report("even");
///         }
///     }
/// }
///
/// let errors = [Even(2), Even(3)].validate().unwrap_err();
/// assert_eq!((errors.errors()[0].code(), errors.errors()[0].pointer()), ("even", "/1"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no validation rules",
    label = "`nested` is for types that validate themselves",
    note = "write `#[derive(Validate)]` on it, or on the type in it; or leave `nested` out"
)]
pub trait Validate {
    /// The fields as constant data, for the schema and the catalogue; the derives fill it.
    #[doc(hidden)]
    const FIELDS: &'static [FieldDescriptor] = &[];

    /// Whether there is anything to check: where the derives list the fields, whether one of them has a rule.
    #[doc(hidden)]
    const HAS_RULES: bool = Self::FIELDS.is_empty() || FieldDescriptor::have_rules(Self::FIELDS);

    /// Reports every broken rule to `validator`.
    fn validate_into(&self, validator: &mut Validator);

    /// Checks every rule.
    ///
    /// # Errors
    /// The broken rules in field order, the first hundred of them.
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
    omitted: usize,
    /// Whether what is being checked is personal data.
    is_personal: bool,
}

impl Validator {
    /// Reports a broken rule of the value that is being checked.
    pub fn report(&mut self, error: impl Into<ValidationError>) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error.into());
        } else {
            self.omitted += 1;
        }
    }

    /// Checks a member of the value that is being checked; `name` is its name on the wire. Inside personal data the name
    /// is not printed: it may be data itself.
    pub fn member(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        self.named(check, || Cow::Borrowed(name));
    }

    /// Checks a member whose name is the type's and no data: it is printed inside personal data too.
    #[doc(hidden)]
    pub fn declared(&mut self, name: &'static str, check: impl FnOnce(&mut Self)) {
        self.within(check, || Cow::Borrowed(name));
    }

    /// Checks an item of the array that is being checked; `index` counts from 0.
    pub fn item(&mut self, index: usize, check: impl FnOnce(&mut Self)) {
        self.within(check, || Cow::Owned(index.to_string()));
    }

    /// Checks what holds personal data: names inside it that are data, a map's keys for instance, are not printed.
    pub fn personal(&mut self, check: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.is_personal, true);
        check(self);
        self.is_personal = outside;
    }

    /// Ends the check.
    ///
    /// # Errors
    /// What was reported.
    pub fn finish(self) -> Result<(), ValidationErrors> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(ValidationErrors(Box::new(Reported { errors: self.errors, omitted: self.omitted })))
    }

    /// Checks a member whose name may be data.
    pub(crate) fn named<'a>(&mut self, check: impl FnOnce(&mut Self), name: impl FnOnce() -> Cow<'a, str>) {
        let is_hidden = self.is_personal;
        self.within(check, || if is_hidden { Cow::Borrowed(pointer::HIDDEN) } else { name() });
    }

    /// Paths are built on the way out of a failure, so that a payload without one pays nothing for them.
    pub(crate) fn within<'a>(
        &mut self,
        check: impl FnOnce(&mut Self),
        segment: impl FnOnce() -> Cow<'a, str>,
    ) {
        let before = self.errors.len();
        check(self);
        if self.errors.len() > before {
            let segment = segment();
            for error in self.errors.iter_mut().skip(before) {
                pointer::prefix(&mut error.0.pointer, &segment);
            }
        }
    }
}

/// One broken rule.
///
/// A `&'static str` converts into it, as its code.
#[derive(Clone, PartialEq)]
pub struct ValidationError(Box<Broken>);

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Broken {
    code: &'static str,
    pointer: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    params: Map<String, Value>,
}

impl ValidationError {
    /// A broken rule, for instance of a `custom` function; the validator adds where it was broken.
    pub fn new(code: &'static str) -> Self {
        Self(Box::new(Broken { code, pointer: String::new(), params: Map::new() }))
    }

    /// The same error with a parameter of the rule; never put the value here.
    #[must_use]
    pub fn with_param(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.params.insert(name.to_owned(), value.into());
        self
    }

    /// The rule's code, for instance `length`.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The JSON pointer (RFC 6901) of the value; empty for the payload itself.
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }

    /// The rule's parameters, for instance `min`; never the value.
    pub fn params(&self) -> &Map<String, Value> {
        &self.0.params
    }
}

impl From<&'static str> for ValidationError {
    fn from(code: &'static str) -> Self {
        Self::new(code)
    }
}

impl Serialize for ValidationError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl fmt::Debug for ValidationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { code, pointer, params } = &*self.0;
        formatter
            .debug_struct("ValidationError")
            .field("code", code)
            .field("pointer", pointer)
            .field("params", params)
            .finish()
    }
}

/// One line: the code, the place, the parameters.
impl fmt::Display for ValidationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at {:?}", self.0.code, self.0.pointer)?;
        for (index, (name, value)) in self.0.params.iter().enumerate() {
            let open = if index == 0 { " (" } else { ", " };
            write!(formatter, "{open}{name} {value}")?;
        }
        if self.0.params.is_empty() { Ok(()) } else { formatter.write_str(")") }
    }
}

impl std::error::Error for ValidationError {}

/// The broken rules of one payload; never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidationErrors(Box<Reported>);

#[derive(Clone, Debug, PartialEq)]
struct Reported {
    errors: Vec<ValidationError>,
    omitted: usize,
}

impl ValidationErrors {
    /// The broken rules in field order, at most a hundred.
    pub fn errors(&self) -> &[ValidationError] {
        &self.0.errors
    }

    /// How many more were broken.
    pub fn omitted(&self) -> usize {
        self.0.omitted
    }
}

impl fmt::Display for ValidationErrors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(formatter, "{separator}{error}")?;
        }
        match self.0.omitted {
            0 => Ok(()),
            more => write!(formatter, ", and {more} more"),
        }
    }
}

impl std::error::Error for ValidationErrors {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_built_from_the_inside_out() {
        let mut validator = Validator::default();
        validator.member("a/b", |validator| {
            validator
                .item(3, |validator| validator.report(ValidationError::new("length").with_param("min", 1)));
            validator.report("odd");
        });
        let errors = validator.finish().unwrap_err();
        let pointers: Vec<_> = errors.errors().iter().map(ValidationError::pointer).collect();
        assert_eq!(pointers, ["/a~1b/3", "/a~1b"]);
        assert_eq!(errors.to_string(), "length at \"/a~1b/3\" (min 1), odd at \"/a~1b\"");
    }

    #[test]
    fn names_inside_personal_data_are_hidden() {
        let mut validator = Validator::default();
        validator.member("contacts", |validator| {
            validator.personal(|validator| {
                validator.member("ann@example.com", |validator| validator.item(0, |v| v.report("email")));
            });
        });
        let errors = validator.finish().unwrap_err();
        assert_eq!(errors.errors()[0].pointer(), "/contacts/*/0");
    }

    #[test]
    fn declared_names_inside_personal_data_are_shown() {
        let mut validator = Validator::default();
        validator.declared("contacts", |validator| {
            validator.personal(|validator| {
                validator.declared("mail", |validator| validator.report("email"));
            });
            validator.member("open", |validator| validator.report("odd"));
        });
        let errors = validator.finish().unwrap_err();
        let pointers: Vec<_> = errors.errors().iter().map(ValidationError::pointer).collect();
        assert_eq!(pointers, ["/contacts/mail", "/contacts/open"]);
    }

    #[test]
    fn the_report_is_bounded() {
        let mut validator = Validator::default();
        (0..MAX_ERRORS + 5).for_each(|index| validator.item(index, |validator| validator.report("odd")));
        let errors = validator.finish().unwrap_err();
        assert_eq!((errors.errors().len(), errors.omitted()), (MAX_ERRORS, 5));
        assert!(errors.to_string().ends_with(", and 5 more"));
    }
}
