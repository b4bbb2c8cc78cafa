//! Validation of the standard library's containers: each item at its own place.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;

use super::{FieldDescriptor, Validate, Validator};

macro_rules! transparent {
    ($([$($generics:tt)*] $container:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Validate for $container {
            const FIELDS: &'static [FieldDescriptor] = T::FIELDS;
            const HAS_RULES: bool = T::HAS_RULES;

            fn validate_into(&self, validator: &mut Validator) {
                T::validate_into(self, validator);
            }
        }
    )*};
}

transparent!([T: Validate] Box<T>, [T: Validate] Arc<T>, [T: Validate + Clone] Cow<'_, T>, [T: Validate] &T);

#[diagnostic::do_not_recommend]
impl<T: Validate> Validate for Option<T> {
    const FIELDS: &'static [FieldDescriptor] = T::FIELDS;
    const HAS_RULES: bool = T::HAS_RULES;

    fn validate_into(&self, validator: &mut Validator) {
        if let Some(value) = self {
            value.validate_into(validator);
        }
    }
}

macro_rules! sequences {
    ($([$($generics:tt)*] $container:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Validate for $container {
            const FIELDS: &'static [FieldDescriptor] = T::FIELDS;
            const HAS_RULES: bool = T::HAS_RULES;

            fn validate_into(&self, validator: &mut Validator) {
                for (index, item) in self.iter().enumerate() {
                    validator.item(index, |validator| item.validate_into(validator));
                }
            }
        }
    )*};
}

sequences!(
    [T: Validate] [T], [T: Validate] Vec<T>, [T: Validate] VecDeque<T>, [T: Validate] BTreeSet<T>,
    [T: Validate, S] HashSet<T, S>, [T: Validate, const N: usize] [T; N]
);

macro_rules! maps {
    ($([$($generics:tt)*] $container:ty),*) => {$(
        #[diagnostic::do_not_recommend]
        impl<K: Serialize, T: Validate, $($generics)*> Validate for $container {
            const FIELDS: &'static [FieldDescriptor] = T::FIELDS;
            const HAS_RULES: bool = T::HAS_RULES;

            fn validate_into(&self, validator: &mut Validator) {
                for (key, value) in self {
                    validator.named(|validator| value.validate_into(validator), || key_text(key));
                }
            }
        }
    )*};
}

maps!([] BTreeMap<K, T>, [S] HashMap<K, T, S>);

/// A map's key as it stands on the wire.
pub(crate) fn key_text<K: Serialize>(key: &K) -> Cow<'static, str> {
    match serde_json::to_value(key) {
        Ok(serde_json::Value::String(text)) => Cow::Owned(text),
        Ok(other) => Cow::Owned(other.to_string()),
        Err(_) => Cow::Borrowed(super::pointer::HIDDEN),
    }
}
