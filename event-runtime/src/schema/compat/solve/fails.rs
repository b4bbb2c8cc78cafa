//! A schema that refuses: the ways to break it, one rule each.

use serde_json::Value;

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::format;
use super::super::number::{Bound, Num};
use super::super::shape::{Kind, TypeRule, UNREAD, elements, is_well_formed, number_bounds, type_rule};
use super::facts::{Existing, Fact, Item, Outside, Place};
use super::goal::Literal;

/// The ways to break a schema: each list is one.
pub(super) type Ways<'a> = Vec<Vec<Item<'a>>>;

impl<'a> Engine<'a> {
    /// How a value of `kind` can be refused by `node`; `None` where every one is.
    pub(super) fn ways_to_fail(&mut self, node: Node<'a>, kind: Kind) -> Option<Ways<'a>> {
        if !is_well_formed(node) {
            return Some(vec![vec![Item::Fact(Fact::Unread)]]);
        }
        match node.value {
            Value::Bool(true) => return Some(Vec::new()),
            Value::Bool(false) => return None,
            _ => {}
        }
        let mut ways: Ways<'a> = Vec::new();
        if node.keyword("$ref").is_some() {
            ways.push(vec![match self.target(node) {
                Some(target) => refused(target),
                None => Item::Fact(Fact::Unread),
            }]);
            if self.is_only_ref(node) {
                return Some(ways);
            }
        }
        match type_rule(node, kind) {
            TypeRule::Refused => return None,
            TypeRule::Whole => ways.push(vec![Item::Fact(Fact::Multiple(Num::Int(1), false))]),
            TypeRule::Allowed => {}
        }
        if let Some(value) = node.keyword("const") {
            ways.push(vec![Item::Fact(Fact::Not(value))]);
        }
        if let Some(values) = node.keyword("enum").and_then(Value::as_array) {
            ways.push(values.iter().map(|value| Item::Fact(Fact::Not(value))).collect());
        }
        if UNREAD.iter().any(|keyword| node.keyword(keyword).is_some()) {
            ways.push(vec![Item::Fact(Fact::Unread)]);
        }
        self.break_logic(node, &mut ways);
        match kind {
            Kind::Null | Kind::Boolean => {}
            Kind::Number => break_number(node, &mut ways),
            Kind::String => break_text(node, &mut ways),
            Kind::Array => break_array(node, &mut ways),
            Kind::Object => break_object(node, &mut ways),
        }
        Some(ways)
    }

    fn break_logic(&mut self, node: Node<'a>, ways: &mut Ways<'a>) {
        ways.extend(node.list("allOf").into_iter().map(|part| vec![refused(part)]));
        let choices = node.list("anyOf");
        if !choices.is_empty() {
            ways.push(choices.into_iter().map(refused).collect());
        }
        let choices = node.list("oneOf");
        if !choices.is_empty() {
            ways.push(choices.iter().copied().map(refused).collect());
            for (index, &first) in choices.iter().enumerate() {
                for &second in &choices[index + 1..] {
                    if self.overlap(first, second) {
                        ways.push(vec![holds(first), holds(second)]);
                    }
                }
            }
        }
        ways.extend(node.schema("not").map(|inner| vec![holds(inner)]));
        if let Some(condition) = node.schema("if") {
            ways.extend(node.schema("then").map(|then| vec![holds(condition), refused(then)]));
            ways.extend(node.schema("else").map(|otherwise| vec![refused(condition), refused(otherwise)]));
        }
    }
}

fn refused<'a>(node: Node<'a>) -> Item<'a> {
    Item::Literal(Literal::refused(node))
}

fn holds<'a>(node: Node<'a>) -> Item<'a> {
    Item::Holds { node, place: Place::default() }
}

fn fact<'a>(ways: &mut Ways<'a>, fact: Fact<'a>) {
    ways.push(vec![Item::Fact(fact)]);
}

fn break_counts<'a>(node: Node<'a>, least: &str, most: &str, ways: &mut Ways<'a>) {
    if let Some(below) = node.count(least).and_then(|count| count.checked_sub(1)) {
        fact(ways, Fact::Most(below));
    }
    if let Some(above) = node.count(most).and_then(|count| count.checked_add(1)) {
        fact(ways, Fact::Least(above));
    }
}

fn break_number<'a>(node: Node<'a>, ways: &mut Ways<'a>) {
    let (mut lows, mut highs) = number_bounds(node);
    if let Some((low, high)) = node.keyword("format").and_then(Value::as_str).and_then(format::numeric_range)
    {
        lows.push(low);
        highs.push(high);
    }
    let beyond = |bound: Bound| Bound { inclusive: !bound.inclusive, ..bound };
    for low in lows {
        fact(ways, Fact::High(beyond(low)));
    }
    for high in highs {
        fact(ways, Fact::Low(beyond(high)));
    }
    if let Some(step) = node.keyword("multipleOf").and_then(Num::from_value) {
        fact(ways, Fact::Multiple(step, false));
    }
}

fn break_text<'a>(node: Node<'a>, ways: &mut Ways<'a>) {
    break_counts(node, "minLength", "maxLength", ways);
    if let Some(pattern) = node.keyword("pattern").and_then(Value::as_str) {
        fact(ways, Fact::Pattern(pattern, false));
    }
    if let Some(name) =
        node.keyword("format").and_then(Value::as_str).filter(|name| !format::is_numeric(name))
    {
        fact(ways, Fact::Format(name, false));
    }
}

fn break_array<'a>(node: Node<'a>, ways: &mut Ways<'a>) {
    break_counts(node, "minItems", "maxItems", ways);
    let (first, rest) = elements(node);
    for (index, &element) in first.iter().enumerate() {
        fact(ways, Fact::At(index, Literal::refused(element)));
    }
    if let Some(rest) = rest {
        fact(ways, Fact::Some { from: first.len(), count: 1, literal: Literal::refused(rest) });
    }
    if let Some(wanted) = node.schema("contains") {
        let (least, most) = (node.count("minContains").unwrap_or(1), node.count("maxContains"));
        match least {
            0 => {}
            1 => fact(ways, Fact::Every(Literal::refused(wanted))),
            _ => fact(ways, Fact::Unread),
        }
        if let Some(count) = most.and_then(|most| most.checked_add(1)) {
            fact(ways, Fact::Some { from: 0, count, literal: Literal::accepted(wanted, false) });
        }
    }
    if node.keyword("uniqueItems").and_then(Value::as_bool) == Some(true) {
        fact(ways, Fact::Unique(false));
    }
}

fn break_object<'a>(node: Node<'a>, ways: &mut Ways<'a>) {
    break_counts(node, "minProperties", "maxProperties", ways);
    let required = node.keyword("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        fact(ways, Fact::Absent(name));
    }
    for (name, schema) in node.named("properties") {
        fact(ways, Fact::Present(name, Some(Literal::refused(schema))));
    }
    let mut exists = |place, value, name| fact(ways, Fact::Exists(Existing { place, value, name }));
    for (pattern, schema) in node.named("patternProperties") {
        exists(Outside::Pattern(pattern), Some(Literal::refused(schema)), None);
    }
    if let Some(schema) = node.schema("additionalProperties") {
        exists(Outside::Schema(node), Some(Literal::refused(schema)), None);
    }
    if let Some(schema) = node.schema("propertyNames") {
        exists(Outside::Nothing, None, Some(Literal::refused(schema)));
    }
    if node.keyword("unevaluatedProperties").is_some() {
        ways.push(vec![Item::HoldsBut { node }]);
    }
    for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
        for (name, dependent) in node.named(keyword) {
            let present = Item::Fact(Fact::Present(name, None));
            match dependent.value {
                Value::Array(names) => {
                    for missing in names.iter().filter_map(Value::as_str) {
                        ways.push(vec![present.clone(), Item::Fact(Fact::Absent(missing))]);
                    }
                }
                _ => ways.push(vec![present, refused(dependent)]),
            }
        }
    }
}
