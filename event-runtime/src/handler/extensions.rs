//! Values that layers hand to what stands inside them, by type.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// Values by type: a shared list that is one null pointer while nobody uses it.
///
/// A later value of a type hides an earlier one. Clones share what was there when they were made.
#[derive(Clone, Default)]
pub(crate) struct Extensions(Option<Arc<Node>>);

struct Node {
    value: Box<dyn Any + Send + Sync>,
    rest: Extensions,
}

impl Extensions {
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        let rest = std::mem::take(self);
        self.0 = Some(Arc::new(Node { value: Box::new(value), rest }));
    }

    pub(crate) fn get<T: 'static>(&self) -> Option<&T> {
        let mut list = self;
        while let Some(node) = &list.0 {
            if let Some(value) = node.value.downcast_ref() {
                return Some(value);
            }
            list = &node.rest;
        }
        None
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Extensions(..)" } else { "Extensions" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_values_by_type_and_the_latest_first() {
        let mut extensions = Extensions::default();
        assert_eq!(extensions.get::<u32>(), None);
        extensions.insert(1_u32);
        extensions.insert("text");
        let before = extensions.clone();
        extensions.insert(2_u32);
        assert_eq!(extensions.get::<u32>(), Some(&2));
        assert_eq!(extensions.get::<&str>(), Some(&"text"));
        assert_eq!(before.get::<u32>(), Some(&1));
        assert_eq!(size_of::<Extensions>(), size_of::<usize>());
    }
}
