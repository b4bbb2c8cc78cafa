//! Which properties are known at a place: for closed writers, and for `unevaluatedProperties`.

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::shape::{asked_for, lists_properties};
use super::facts::Facts;

/// What the schemas of one place list.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope<'a> {
    parent: Option<usize>,
    pub(super) names: Vec<&'a str>,
    /// Asked for, and emitted by a closed writer, although no schema describes them.
    pub(super) asked_for: Vec<&'a str>,
    pub(super) patterns: Vec<&'a str>,
    /// Every property is known.
    pub(super) everything: bool,
    /// Some schema lists properties at all.
    pub(super) lists: bool,
    /// Known if an alternative holds that was not chosen.
    pub(super) maybe: Vec<(&'a str, Node<'a>)>,
    pub(super) maybe_everything: bool,
    pub(super) rule: Rule<'a>,
}

/// What becomes of a property that is not known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Rule<'a> {
    /// Nothing.
    #[default]
    Free,
    /// A closed writer does not emit it.
    Closed,
    /// It is to satisfy this schema.
    Schema(Node<'a>, bool),
}

impl<'a> Facts<'a> {
    pub(super) fn open_scope(&mut self, parent: Option<usize>, rule: Rule<'a>) -> usize {
        self.scopes.push(Scope { parent, rule, ..Scope::default() });
        self.scopes.len() - 1
    }

    fn each_around(&mut self, scope: Option<usize>, mut change: impl FnMut(&mut Scope<'a>)) {
        let mut next = scope;
        while let Some(scope) = next.and_then(|index| self.scopes.get_mut(index)) {
            change(scope);
            next = scope.parent;
        }
    }

    /// What `node` itself lists is known.
    pub(super) fn note_listed(&mut self, node: Node<'a>, scope: Option<usize>) {
        let names: Vec<&'a str> = node.named("properties").map(|(name, _)| name).collect();
        let patterns: Vec<&'a str> = node.named("patternProperties").map(|(name, _)| name).collect();
        let everything = node.keyword("additionalProperties").is_some();
        self.each_around(scope, |scope| {
            scope.names.extend(&names);
            scope.asked_for.extend(asked_for(node));
            scope.patterns.extend(&patterns);
            scope.everything |= everything;
            scope.lists |= lists_properties(node);
        });
    }

    pub(super) fn note_everything(&mut self, scope: Option<usize>) {
        self.each_around(scope, |scope| scope.everything = true);
    }
}

impl<'a> Engine<'a> {
    /// What `node`, and whatever is combined in it, lists may be known.
    pub(super) fn note_possible(&mut self, facts: &mut Facts<'a>, node: Node<'a>, scope: usize) {
        let (mut pending, mut visited) = (vec![node], Vec::new());
        let mut names = Vec::new();
        let (mut asked, mut everything) = (Vec::new(), false);
        while let Some(node) = pending.pop() {
            if visited.contains(&node.key()) {
                continue;
            }
            visited.push(node.key());
            everything |= self.spend().is_err();
            names.extend(node.named("properties"));
            asked.extend(asked_for(node));
            everything |= ["patternProperties", "additionalProperties", "unevaluatedProperties"]
                .iter()
                .any(|keyword| node.keyword(keyword).is_some());
            pending.extend(self.target(node));
            for keyword in ["allOf", "anyOf", "oneOf"] {
                pending.extend(node.list(keyword));
            }
            for keyword in ["if", "then", "else"] {
                pending.extend(node.schema(keyword));
            }
            for keyword in ["dependentSchemas", "dependencies"] {
                pending.extend(node.named(keyword).map(|(_, schema)| schema).filter(|s| !s.value.is_array()));
            }
        }
        facts.each_around(Some(scope), |scope| {
            scope.maybe.extend(&names);
            scope.asked_for.extend(&asked);
            scope.maybe_everything |= everything;
        });
    }
}
