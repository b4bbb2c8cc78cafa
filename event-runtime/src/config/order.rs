//! The order of a file, so that reports follow it however they were found.

use std::collections::HashMap;

use crate::config::interpolate::{join_index, join_key};
use crate::config::node::Node;

/// The rank of every path: that of a value before those inside it. What is not in the file, such as a missing key,
/// comes behind everything that its object holds.
pub(super) struct Order {
    first: HashMap<String, usize>,
    /// Of objects and lists: the first rank behind them.
    end: HashMap<String, usize>,
}

impl Order {
    pub(super) fn of(node: &Node) -> Self {
        let mut order = Self { first: HashMap::new(), end: HashMap::new() };
        order.add(node, String::new(), &mut 0);
        order
    }

    pub(super) fn rank(&self, path: &str) -> usize {
        if let Some(rank) = self.first.get(path) {
            return *rank;
        }
        let mut outer = path;
        while let Some(cut) = outer.rfind(['.', '[']) {
            outer = &outer[..cut];
            if let Some(rank) = self.end.get(outer) {
                return *rank;
            }
        }
        self.end.get("").copied().unwrap_or(usize::MAX)
    }

    fn add(&mut self, node: &Node, path: String, next: &mut usize) {
        // Where a key stands twice, the first place counts.
        self.first.entry(path.clone()).or_insert(*next);
        *next += 1;
        match node {
            Node::List(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.add(node, join_index(&path, index), next);
                }
            }
            Node::Map(entries) => {
                for (key, node) in entries {
                    self.add(node, join_key(&path, key), next);
                }
            }
            _ => return,
        }
        self.end.insert(path, *next);
        *next += 1;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_comes_behind_its_neighbours_and_before_the_next_section() {
        let order = Order::of(&Node::from(json!({ "a": { "b": [ { "x": 1 }, 2 ] }, "c": {} })));
        let paths =
            ["", "a", "a.b", "a.b[0].x", "a.b[0].missing", "a.b[1]", "a.missing.below", "c", "c.d", "d"];
        let ranks: Vec<usize> = paths.iter().map(|path| order.rank(path)).collect();
        assert!(ranks.is_sorted_by(|left, right| left < right), "{ranks:?}");
    }
}
