//! What a rule can be asked of: texts, things with a length, numbers, collections.
//!
//! An absent value (`None`) keeps every rule; `required` alone asks for its presence.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::num;
use std::sync::Arc;

use serde::Serialize;

use super::Bound;
use crate::event::validate_std::key_text;

/// A text: what `email`, `url`, `uuid`, `ip`, `pattern` and `one_of("…")` are for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a text",
    label = "this rule is for texts: `String`, `Cow<str>`, `Box<str>`, `Option` of them",
    note = "leave the rule out, or put it into `inner(…)` where the field is a collection of texts"
)]
pub trait Text {
    /// The text, unless it is absent.
    fn text(&self) -> Option<&str>;
}

/// A value with a length: what `length` is for. Texts count code points.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no length",
    label = "`length` is for texts and collections",
    note = "use `range(…)` for a number; leave `length` out for any other type"
)]
pub trait Length {
    /// The length, unless the value is absent.
    fn length(&self) -> Option<usize>;
}

/// A number: what `range` and `one_of(1, …)` are for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number",
    label = "this rule is for integers and floats, and `Option` of them",
    note = "use `length(…)` for a text or a collection; leave the rule out for any other type"
)]
pub trait Number {
    /// The number, unless it is absent.
    fn number(&self) -> Option<Bound>;
}

/// A collection: what `inner` is for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a collection",
    label = "`inner(…)` is for the items of lists, sets and maps",
    note = "write the rules without `inner`; those of an `Option` apply to the value in it"
)]
pub trait Elements {
    /// What it holds.
    type Item;

    /// Calls `visit` with each item and its place.
    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &Self::Item));
}

/// Where an item of a collection is.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// At an index, from 0.
    Index(usize),
    /// Under a key.
    Key(&'a dyn Fn() -> Cow<'static, str>),
}

#[diagnostic::do_not_recommend]
impl Text for str {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl Text for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Text + ToOwned + ?Sized> Text for Cow<'_, T> {
    fn text(&self) -> Option<&str> {
        (**self).text()
    }
}

macro_rules! through {
    ($trait:ident, $method:ident, $result:ty) => {
        #[diagnostic::do_not_recommend]
        impl<T: $trait + ?Sized> $trait for &T {
            fn $method(&self) -> $result {
                (**self).$method()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: $trait + ?Sized> $trait for Box<T> {
            fn $method(&self) -> $result {
                (**self).$method()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: $trait + ?Sized> $trait for Arc<T> {
            fn $method(&self) -> $result {
                (**self).$method()
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: $trait> $trait for Option<T> {
            fn $method(&self) -> $result {
                self.as_ref().and_then(T::$method)
            }
        }
    };
}

through!(Text, text, Option<&str>);
through!(Length, length, Option<usize>);
through!(Number, number, Option<Bound>);

#[diagnostic::do_not_recommend]
impl Length for str {
    fn length(&self) -> Option<usize> {
        Some(self.chars().count())
    }
}

#[diagnostic::do_not_recommend]
impl Length for String {
    fn length(&self) -> Option<usize> {
        self.as_str().length()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Length + ToOwned + ?Sized> Length for Cow<'_, T> {
    fn length(&self) -> Option<usize> {
        (**self).length()
    }
}

macro_rules! collections {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Length for $type {
            fn length(&self) -> Option<usize> {
                Some(self.len())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Elements for $type {
            type Item = T;

            fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T)) {
                for (index, item) in self.iter().enumerate() {
                    visit(Place::Index(index), item);
                }
            }
        }
    )*};
}

collections!(
    [T] [T], [T] Vec<T>, [T] VecDeque<T>, [T] BTreeSet<T>, [T, S] HashSet<T, S>, [T, const N: usize] [T; N],
);

macro_rules! maps {
    ($([$($generics:tt)*] $type:ty),* $(,)?) => {$(
        #[diagnostic::do_not_recommend]
        impl<K, T, $($generics)*> Length for $type {
            fn length(&self) -> Option<usize> {
                Some(self.len())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<K: Serialize, T, $($generics)*> Elements for $type {
            type Item = T;

            fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T)) {
                for (key, item) in self {
                    visit(Place::Key(&|| key_text(key)), item);
                }
            }
        }
    )*};
}

maps!([] BTreeMap<K, T>, [S] HashMap<K, T, S>);

#[diagnostic::do_not_recommend]
impl<T: Elements> Elements for Option<T> {
    type Item = T::Item;

    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T::Item)) {
        if let Some(elements) = self {
            elements.each(visit);
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: Elements + ?Sized> Elements for Box<T> {
    type Item = T::Item;

    fn each(&self, visit: &mut dyn FnMut(Place<'_>, &T::Item)) {
        (**self).each(visit);
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Number for $type {
            fn number(&self) -> Option<Bound> {
                Some(Bound::Int(i128::try_from(*self).unwrap_or(i128::MAX)))
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

macro_rules! non_zero {
    ($($type:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl Number for $type {
            fn number(&self) -> Option<Bound> {
                self.get().number()
            }
        }
    )*};
}

non_zero!(
    num::NonZeroI8,
    num::NonZeroI16,
    num::NonZeroI32,
    num::NonZeroI64,
    num::NonZeroIsize,
    num::NonZeroU8,
    num::NonZeroU16,
    num::NonZeroU32,
    num::NonZeroU64,
    num::NonZeroUsize
);

#[diagnostic::do_not_recommend]
impl Number for f64 {
    fn number(&self) -> Option<Bound> {
        Some(Bound::Float(*self))
    }
}

/// Through its shortest decimal, which is what stands on the wire: `0.1_f32` is at most 0.1.
#[diagnostic::do_not_recommend]
impl Number for f32 {
    fn number(&self) -> Option<Bound> {
        Some(Bound::Float(self.to_string().parse().unwrap_or(f64::NAN)))
    }
}
