//! What one comparison works with: the documents, the compiled patterns, the budget, and what was found out so far.

use std::collections::HashMap;

use serde_json::Value;

use super::document::{Document, Node};
use super::pattern::Patterns;
use super::solve::Goal;
use super::verdict::{Found, Obstacle};

/// One comparison's state. Everything it does costs steps; without steps every answer is "can't tell".
pub(super) struct Engine<'a> {
    pub(super) documents: Vec<Document<'a>>,
    pub(super) patterns: Patterns,
    pub(super) steps: u64,
    pub(super) depth: usize,
    pub(super) max_depth: usize,
    /// Finished searches, by the goal's key.
    pub(super) solved: HashMap<Goal, Found>,
    /// Searches under way, with the instance depth at which each began.
    pub(super) under_way: Vec<(Goal, usize)>,
    /// How deep in the instance the search stands.
    pub(super) instance_depth: usize,
    /// The outermost search under way that a finished one took for granted.
    pub(super) assumed: usize,
    /// Pairs of schemas known to be the same, or not.
    pub(super) same: HashMap<(u64, u64), bool>,
}

impl<'a> Engine<'a> {
    pub(super) fn new(steps: u64, max_depth: usize) -> Self {
        Self {
            documents: Vec::new(),
            patterns: Patterns::default(),
            steps,
            depth: 0,
            max_depth,
            solved: HashMap::new(),
            under_way: Vec::new(),
            instance_depth: 0,
            assumed: usize::MAX,
            same: HashMap::new(),
        }
    }

    /// Takes a document in; gives its root.
    pub(super) fn add(&mut self, root: &'a Value, around: Option<&'a Value>) -> Node<'a> {
        self.documents.push(Document::new(root, around));
        Node { value: root, document: self.documents.len() - 1 }
    }

    /// Pays for a step of work.
    pub(super) fn spend(&mut self) -> Result<(), Obstacle> {
        self.spend_many(1)
    }

    pub(super) fn spend_many(&mut self, steps: u64) -> Result<(), Obstacle> {
        match self.steps.checked_sub(steps) {
            Some(left) => {
                self.steps = left;
                Ok(())
            }
            None => {
                self.steps = 0;
                Err(Obstacle::Budget)
            }
        }
    }

    /// Runs `work` one level deeper, unless that is too deep.
    pub(super) fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> Result<T, Obstacle> {
        if self.depth >= self.max_depth {
            return Err(Obstacle::Budget);
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        Ok(result)
    }

    /// Where a `$ref` of this schema leads, if it has one and the document holds it.
    pub(super) fn target(&self, node: Node<'a>) -> Option<Node<'a>> {
        let reference = node.keyword("$ref")?.as_str()?;
        self.documents.get(node.document)?.resolve(reference).map(|value| node.at(value))
    }

    /// Whether everything beside `$ref` in this schema is to be ignored.
    pub(super) fn is_only_ref(&self, node: Node<'a>) -> bool {
        node.keyword("$ref").is_some()
            && self.documents.get(node.document).is_some_and(|d| d.ref_stands_alone)
    }

    /// The schema at the end of a chain of bare references.
    pub(super) fn followed(&self, node: Node<'a>) -> Node<'a> {
        self.followed_at(node, &mut String::new())
    }

    /// The same; `pointer` becomes where that schema stands.
    pub(super) fn followed_at(&self, mut node: Node<'a>, pointer: &mut String) -> Node<'a> {
        for _ in 0..self.max_depth {
            let rules = node.value.as_object().into_iter().flat_map(serde_json::Map::keys);
            let bare = rules.into_iter().all(|keyword| keyword == "$ref" || !super::same::is_rule(keyword));
            match self.target(node) {
                Some(target) if bare || self.is_only_ref(node) => {
                    let reference = node.keyword("$ref").and_then(Value::as_str);
                    *pointer = reference
                        .and_then(|r| r.split_once('#'))
                        .map(|(_, f)| f.to_owned())
                        .unwrap_or_default();
                    node = target;
                }
                _ => break,
            }
        }
        node
    }
}
