//! The checks that generated code calls, one line each.

use std::cmp::Ordering;

use super::{Bound, Choice, Elements, Length, Number, Pattern, Place, Text, format};
use crate::event::{ValidationError, Validator};

/// The member that a rule is asked of.
#[derive(Clone, Copy)]
pub enum At {
    /// The value itself.
    Here,
    /// A member, by its name on the wire.
    Member(&'static str),
    /// An item of an array, by its index.
    Item(usize),
}

impl At {
    fn within(self, validator: &mut Validator, check: impl FnOnce(&mut Validator)) {
        match self {
            Self::Here => check(validator),
            Self::Member(name) => validator.declared(name, check),
            Self::Item(index) => validator.item(index, check),
        }
    }

    fn report(self, validator: &mut Validator, error: impl FnOnce() -> ValidationError) {
        self.within(validator, |validator| validator.report(error()));
    }
}

/// `required`.
pub fn required<T: ?Sized>(validator: &mut Validator, at: At, value: &T, is_missing: fn(&T) -> bool) {
    if is_missing(value) {
        at.report(validator, || ValidationError::new("required"));
    }
}

/// `length(min, max)`.
pub fn length<T: Length + ?Sized>(validator: &mut Validator, at: At, value: &T, min: usize, max: usize) {
    if value.length().is_some_and(|length| length < min || length > max) {
        at.report(validator, || {
            let mut error = ValidationError::new("length");
            if min > 0 {
                error = error.with_param("min", min);
            }
            if max < usize::MAX {
                error = error.with_param("max", max);
            }
            error
        });
    }
}

/// `range(min, max)`.
pub fn range<T: Number + ?Sized>(validator: &mut Validator, at: At, value: &T, min: Bound, max: Bound) {
    let Some(number) = value.number() else { return };
    let within = |order: Option<Ordering>, refused: Ordering| order.is_some_and(|order| order != refused);
    if within(compare(number, min), Ordering::Less) && within(compare(number, max), Ordering::Greater) {
        return;
    }
    at.report(validator, || {
        [("min", min), ("max", max)].into_iter().fold(
            ValidationError::new("range"),
            |error, (name, bound)| match bound.to_json() {
                Some(bound) => error.with_param(name, bound),
                None => error,
            },
        )
    });
}

/// How a number stands to a bound; an open bound is met by every number, and none by what is not a number.
fn compare(number: Bound, bound: Bound) -> Option<Ordering> {
    match (number, bound) {
        (Bound::Float(number), _) if number.is_nan() => None,
        (Bound::Int(number), Bound::Int(bound)) => Some(number.cmp(&bound)),
        (Bound::Int(number), Bound::Float(bound)) => (number as f64).partial_cmp(&bound),
        (Bound::Float(number), Bound::Int(bound)) => number.partial_cmp(&(bound as f64)),
        (Bound::Float(number), Bound::Float(bound)) => number.partial_cmp(&bound),
        (_, Bound::Open) | (Bound::Open, _) => Some(Ordering::Equal),
    }
}

fn text<T: Text + ?Sized>(
    validator: &mut Validator,
    at: At,
    value: &T,
    code: &'static str,
    accepts: impl FnOnce(&str) -> bool,
) {
    if value.text().is_some_and(|text| !accepts(text)) {
        at.report(validator, || ValidationError::new(code));
    }
}

/// `email`.
pub fn email<T: Text + ?Sized>(validator: &mut Validator, at: At, value: &T) {
    text(validator, at, value, "email", format::is_email);
}

/// `url`.
pub fn url<T: Text + ?Sized>(validator: &mut Validator, at: At, value: &T) {
    text(validator, at, value, "url", format::is_uri);
}

/// `uuid`.
pub fn uuid<T: Text + ?Sized>(validator: &mut Validator, at: At, value: &T) {
    text(validator, at, value, "uuid", format::is_uuid);
}

/// `ip`.
pub fn ip<T: Text + ?Sized>(validator: &mut Validator, at: At, value: &T) {
    text(validator, at, value, "ip", format::is_ip);
}

/// `pattern("…")`.
pub fn pattern<T: Text + ?Sized>(validator: &mut Validator, at: At, value: &T, pattern: &'static Pattern) {
    if value.text().is_some_and(|text| !pattern.is_match(text)) {
        at.report(validator, || ValidationError::new("pattern").with_param("pattern", pattern.as_str()));
    }
}

/// `one_of("…", …)`.
pub fn one_of_texts<T: Text + ?Sized>(
    validator: &mut Validator,
    at: At,
    value: &T,
    choices: &'static [Choice],
) {
    let is =
        |text: &str| choices.iter().any(|choice| matches!(choice, Choice::Text(choice) if *choice == text));
    if value.text().is_some_and(|text| !is(text)) {
        none_of(validator, at, choices);
    }
}

/// `one_of(1, …)`.
pub fn one_of_numbers<T: Number + ?Sized>(
    validator: &mut Validator,
    at: At,
    value: &T,
    choices: &'static [Choice],
) {
    let is = |number: Bound| choices.iter().any(|choice| is_choice(number, *choice));
    if value.number().is_some_and(|number| !is(number)) {
        none_of(validator, at, choices);
    }
}

fn is_choice(number: Bound, choice: Choice) -> bool {
    match choice {
        Choice::Int(choice) => compare(number, Bound::Int(choice)) == Some(Ordering::Equal),
        Choice::Text(_) => false,
    }
}

fn none_of(validator: &mut Validator, at: At, choices: &'static [Choice]) {
    at.report(validator, || {
        let values: Vec<_> = choices.iter().filter_map(|choice| choice.to_json()).collect();
        ValidationError::new("one_of").with_param("values", values)
    });
}

/// `nested`; `validate` is the type's own check.
pub fn nested<T: ?Sized>(validator: &mut Validator, at: At, value: &T, validate: fn(&T, &mut Validator)) {
    at.within(validator, |validator| validate(value, validator));
}

/// `inner(…)`.
pub fn inner<T: Elements + ?Sized>(
    validator: &mut Validator,
    at: At,
    value: &T,
    mut check: impl FnMut(&mut Validator, &T::Item),
) {
    at.within(validator, |validator| {
        value.each(&mut |place, item| {
            let check = |validator: &mut Validator| check(validator, item);
            match place {
                Place::Index(index) => validator.item(index, check),
                Place::Key(key) => validator.named(check, key),
            }
        });
    });
}

/// `custom(path)`.
pub fn custom<T: ?Sized, E: Into<ValidationError>>(
    validator: &mut Validator,
    at: At,
    value: &T,
    function: impl FnOnce(&T) -> Result<(), E>,
) {
    if let Err(error) = function(value) {
        at.report(validator, || error.into());
    }
}

/// `custom(path)` of an `Option`: asked of the value in it.
pub fn custom_some<T, E: Into<ValidationError>>(
    validator: &mut Validator,
    at: At,
    value: &Option<T>,
    function: impl FnOnce(&T) -> Result<(), E>,
) {
    if let Some(value) = value {
        custom(validator, at, value, function);
    }
}

/// The rules of a field with personal data: the names inside it that are data are not printed.
pub fn personal(validator: &mut Validator, at: At, check: impl FnOnce(&mut Validator)) {
    at.within(validator, |validator| validator.personal(check));
}
