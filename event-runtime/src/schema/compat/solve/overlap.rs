//! Whether two alternatives can hold at once.

use serde_json::Value;

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::number::same_value;
use super::super::shape::{Kind, TypeRule, is_well_formed, type_rule};
use super::goal::Literal;

impl<'a> Engine<'a> {
    /// Whether some value may be accepted by both; "no" is proved.
    pub(super) fn overlap(&mut self, a: Node<'a>, b: Node<'a>) -> bool {
        if self.differ_at_a_glance(a, b) {
            return false;
        }
        let both = [vec![Literal::accepted(a, false)], vec![Literal::accepted(b, false)]];
        !self.solve(&both).is_nothing()
    }

    /// Tags, constants and types that tell alternatives apart: what most unions have.
    fn differ_at_a_glance(&mut self, a: Node<'a>, b: Node<'a>) -> bool {
        let (a, b) = (self.followed(a), self.followed(b));
        let readable = is_well_formed(a) && is_well_formed(b);
        if !readable || self.is_only_ref(a) || self.is_only_ref(b) || self.spend().is_err() {
            return false;
        }
        let shared = Kind::ALL.into_iter().filter(|&kind| {
            type_rule(a, kind) != TypeRule::Refused && type_rule(b, kind) != TypeRule::Refused
        });
        let mut shared = shared.peekable();
        if shared.peek().is_none() || constants_differ(a, b) {
            return true;
        }
        shared.all(|kind| kind == Kind::Object) && tags_differ(a, b)
    }
}

fn constants_differ(a: Node<'_>, b: Node<'_>) -> bool {
    match (constants(a), constants(b)) {
        (Some(left), Some(right)) => {
            !left.iter().any(|value| right.iter().any(|other| same_value(value, other)))
        }
        _ => false,
    }
}

fn constants<'a>(node: Node<'a>) -> Option<Vec<&'a Value>> {
    let listed = || node.keyword("enum").and_then(Value::as_array).map(|values| values.iter().collect());
    node.keyword("const").map(|value| vec![value]).or_else(listed)
}

/// A property that both require and that has other constants in each.
fn tags_differ(a: Node<'_>, b: Node<'_>) -> bool {
    let requires = |node: Node<'_>, name: &str| {
        let required = node.keyword("required").and_then(Value::as_array);
        required.is_some_and(|names| names.iter().any(|other| other == name))
    };
    a.named("properties").any(|(name, left)| {
        let right = b.keyword("properties").and_then(|map| map.get(name)).map(|value| b.at(value));
        (requires(a, name) || requires(b, name)) && right.is_some_and(|right| constants_differ(left, right))
    })
}
