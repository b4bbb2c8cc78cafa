//! What a field's type is, where its name does not say it: whether it has rules of its own, which nobody asks unless
//! the field is `nested`, and whether it is an `Option`.

use std::marker::PhantomData;

use super::presence::Emptiness;
use crate::event::Validate;

/// What is known of the rules of `T` itself.
///
/// Of the two constants of one name the inherent one wins where its bound holds; for every other type
/// [`WithoutRules`] speaks.
pub struct OwnRules<T: ?Sized>(PhantomData<T>);

impl<T: Validate + ?Sized> OwnRules<T> {
    /// Whether there are any.
    pub const ARE_THERE: bool = T::HAS_RULES;
}

/// The types that do not validate themselves.
pub trait WithoutRules {
    /// Whether there are any.
    const ARE_THERE: bool = false;
}

impl<T: ?Sized> WithoutRules for OwnRules<T> {}

/// Refuses a field whose type has rules that nobody asks; evaluated while compiling, and reported at the caller.
///
/// # Panics
/// With `message`, where there are rules.
#[track_caller]
#[allow(clippy::panic, reason = "it is how a constant refuses to compile")]
pub const fn refuse_own_rules(are_there: bool, message: &str) {
    if are_there {
        panic!("{}", message)
    }
}

/// Refuses a field that counts as required and whose type is an `Option` under another name; evaluated while
/// compiling, and reported at the caller.
///
/// # Panics
/// With `message`, where it is.
#[track_caller]
#[allow(clippy::panic, reason = "it is how a constant refuses to compile")]
pub const fn refuse_option(emptiness: Emptiness, message: &str) {
    if let Emptiness::Absent = emptiness {
        panic!("{}", message)
    }
}
