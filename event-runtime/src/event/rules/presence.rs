//! `required`: what it means for a type, decided by the type and not by its spelling.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;

/// How a value can be missing although its field is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emptiness {
    /// It cannot.
    Never,
    /// A text, a list or a map without anything in it.
    Empty,
    /// `None`.
    Absent,
}

/// A type whose values can be empty or absent.
pub trait CanBeEmpty {
    /// In which way.
    const EMPTINESS: Emptiness;

    /// Whether this value is.
    fn is_missing(&self) -> bool;
}

impl<T> CanBeEmpty for Option<T> {
    const EMPTINESS: Emptiness = Emptiness::Absent;

    fn is_missing(&self) -> bool {
        self.is_none()
    }
}

macro_rules! can_be_empty {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        impl<$($generics)*> CanBeEmpty for $type {
            const EMPTINESS: Emptiness = Emptiness::Empty;

            fn is_missing(&self) -> bool {
                self.is_empty()
            }
        }
    )*};
}

can_be_empty!(
    [] str, [] String, [] Box<str>, [] Cow<'_, str>, [T] Vec<T>, [T] [T], [T] Box<[T]>, [T] VecDeque<T>,
    [T] BTreeSet<T>, [T, S] HashSet<T, S>, [K, V] BTreeMap<K, V>, [K, V, S] HashMap<K, V, S>,
);

/// What `required` does for `T`.
///
/// Of the two constants of one name the inherent one wins where its bound holds; for every other type
/// [`AlwaysThere`] speaks.
pub struct Presence<T: ?Sized>(PhantomData<T>);

impl<T: CanBeEmpty + ?Sized> Presence<T> {
    /// In which way a value can be missing.
    pub const EMPTINESS: Emptiness = T::EMPTINESS;
    /// Whether a value is missing.
    pub const IS_MISSING: fn(&T) -> bool = T::is_missing;
}

/// The other types: a value that is there is enough.
pub trait AlwaysThere {
    /// The type.
    type Value: ?Sized;
    /// In which way a value can be missing.
    const EMPTINESS: Emptiness = Emptiness::Never;
    /// Whether a value is missing.
    const IS_MISSING: fn(&Self::Value) -> bool = |_| false;
}

impl<T: ?Sized> AlwaysThere for Presence<T> {
    type Value = T;
}
