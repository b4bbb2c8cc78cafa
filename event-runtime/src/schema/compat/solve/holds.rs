//! A schema that holds: the facts that follow from it.

use serde_json::Value;

use super::super::document::Node;
use super::super::engine::Engine;
use super::super::format;
use super::super::number::Num;
use super::super::shape::{Kind, TypeRule, is_well_formed, number_bounds, type_rule};
use super::facts::{Branch, Fact, Item, Place};
use super::goal::Literal;
use super::scope::Rule;

/// Nothing can have the facts of this branch.
pub(super) struct Impossible;

impl<'a> Engine<'a> {
    /// Adds to the branch what follows from `node` holding at `place`.
    pub(super) fn hold(
        &mut self,
        branch: &mut Branch<'a>,
        node: Node<'a>,
        mut place: Place,
    ) -> Result<(), Impossible> {
        let visit = (node.key(), place);
        if branch.done.contains(&visit) || !is_well_formed(node) {
            return Ok(());
        }
        branch.done.push(visit);
        match node.value {
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => return Err(Impossible),
            _ => {}
        }
        if let (Kind::Object, Some(rule)) = (branch.kind, node.schema("unevaluatedProperties")) {
            branch.facts.note_everything(place.scope);
            place.scope = Some(branch.facts.open_scope(place.scope, Rule::Schema(rule, place.closed)));
        }
        self.hold_keywords(branch, node, place)
    }

    /// The same without its `unevaluatedProperties`.
    pub(super) fn hold_keywords(
        &mut self,
        branch: &mut Branch<'a>,
        node: Node<'a>,
        place: Place,
    ) -> Result<(), Impossible> {
        if let Some(target) = self.target(node) {
            branch.queue.push(Item::Holds { node: target, place });
        }
        if self.is_only_ref(node) {
            return Ok(());
        }
        match type_rule(node, branch.kind) {
            TypeRule::Refused => return Err(Impossible),
            TypeRule::Whole => branch.queue.push(Item::Fact(Fact::Multiple(Num::Int(1), true))),
            TypeRule::Allowed => {}
        }
        if let Some(value) = node.keyword("const") {
            branch.queue.push(Item::Fact(Fact::Among(vec![value])));
        }
        if let Some(values) = node.keyword("enum").and_then(Value::as_array) {
            branch.queue.push(Item::Fact(Fact::Among(values.iter().collect())));
        }
        self.hold_logic(branch, node, place);
        let facts = match branch.kind {
            Kind::Null | Kind::Boolean => Vec::new(),
            Kind::Number => number_facts(node),
            Kind::String => text_facts(node),
            Kind::Array => array_facts(node, place),
            Kind::Object => {
                branch.facts.note_listed(node, place.scope);
                self.hold_dependencies(branch, node, place);
                object_facts(node, place)
            }
        };
        branch.queue.extend(facts.into_iter().map(Item::Fact));
        Ok(())
    }

    fn hold_logic(&mut self, branch: &mut Branch<'a>, node: Node<'a>, place: Place) {
        let holds = |node: Node<'a>| Item::Holds { node, place };
        let fails = |node: Node<'a>| Item::Literal(Literal::refused(node));
        branch.queue.extend(node.list("allOf").into_iter().map(holds));
        let choices = node.list("anyOf");
        if !choices.is_empty() {
            let alternatives = (0..choices.len()).map(|chosen| {
                let mut items = vec![holds(choices[chosen])];
                if let Some(scope) = place.scope {
                    let others = (0..choices.len()).filter(|&other| other != chosen);
                    let beside = others.filter(|&other| self.overlap(choices[chosen], choices[other]));
                    items.extend(beside.map(|other| Item::MayHold { node: choices[other], scope }));
                }
                items
            });
            let alternatives = alternatives.collect();
            branch.queue.push(Item::Any(alternatives));
        }
        let choices = node.list("oneOf");
        if !choices.is_empty() {
            let alternatives = (0..choices.len()).map(|chosen| {
                let others = (0..choices.len()).filter(|&other| other != chosen);
                let beside = others.filter(|&other| self.overlap(choices[chosen], choices[other]));
                std::iter::once(holds(choices[chosen]))
                    .chain(beside.map(|other| fails(choices[other])))
                    .collect()
            });
            let alternatives = alternatives.collect();
            branch.queue.push(Item::Any(alternatives));
        }
        branch.queue.extend(node.schema("not").map(fails));
        if let Some(condition) = node.schema("if") {
            // The condition only asks; it closes nothing below it.
            let asked = Item::Holds { node: condition, place: Place { closed: false, ..place } };
            let mut then = vec![asked];
            then.extend(node.schema("then").map(holds));
            let mut otherwise = vec![fails(condition)];
            otherwise.extend(node.schema("else").map(holds));
            branch.queue.push(Item::Any(vec![then, otherwise]));
        }
    }

    fn hold_dependencies(&mut self, branch: &mut Branch<'a>, node: Node<'a>, place: Place) {
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for (name, dependent) in node.named(keyword) {
                let mut with = vec![Item::Fact(Fact::Present(name, None))];
                match dependent.value {
                    Value::Array(names) => {
                        let present = |name| Item::Fact(Fact::Present(name, None));
                        with.extend(names.iter().filter_map(Value::as_str).map(present));
                    }
                    _ => with.push(Item::Holds { node: dependent, place }),
                }
                branch.queue.push(Item::Any(vec![vec![Item::Fact(Fact::Absent(name))], with]));
            }
        }
    }
}

fn number_facts<'a>(node: Node<'a>) -> Vec<Fact<'a>> {
    let (lows, highs) = number_bounds(node);
    let mut facts: Vec<_> =
        lows.into_iter().map(Fact::Low).chain(highs.into_iter().map(Fact::High)).collect();
    if let Some((low, high)) = node.keyword("format").and_then(Value::as_str).and_then(format::numeric_range)
    {
        facts.extend([Fact::Low(low), Fact::High(high)]);
    }
    facts.extend(node.keyword("multipleOf").and_then(Num::from_value).map(|step| Fact::Multiple(step, true)));
    facts
}

fn text_facts<'a>(node: Node<'a>) -> Vec<Fact<'a>> {
    let mut facts: Vec<_> = node.count("minLength").map(Fact::Least).into_iter().collect();
    facts.extend(node.count("maxLength").map(Fact::Most));
    facts.extend(node.keyword("pattern").and_then(Value::as_str).map(|pattern| Fact::Pattern(pattern, true)));
    let format = node.keyword("format").and_then(Value::as_str).filter(|name| !format::is_numeric(name));
    facts.extend(format.map(|name| Fact::Format(name, true)));
    facts
}

fn array_facts<'a>(node: Node<'a>, place: Place) -> Vec<Fact<'a>> {
    let mut facts: Vec<_> = node.count("minItems").map(Fact::Least).into_iter().collect();
    facts.extend(node.count("maxItems").map(Fact::Most));
    if node.keyword("items").is_some() || node.keyword("prefixItems").is_some() {
        facts.push(Fact::Shape { node, closed: place.closed });
    }
    if let Some(wanted) = node.schema("contains") {
        let (least, most) = (node.count("minContains").unwrap_or(1), node.count("maxContains"));
        if least > 0 {
            let literal = Literal::accepted(wanted, false);
            facts.push(Fact::Some { from: 0, count: least, literal });
        }
        if most == Some(0) {
            facts.push(Fact::Every(Literal::refused(wanted)));
        }
    }
    if node.keyword("uniqueItems").and_then(Value::as_bool) == Some(true) {
        facts.push(Fact::Unique(true));
    }
    facts
}

fn object_facts<'a>(node: Node<'a>, place: Place) -> Vec<Fact<'a>> {
    let mut facts: Vec<_> = node.count("minProperties").map(Fact::Least).into_iter().collect();
    facts.extend(node.count("maxProperties").map(Fact::Most));
    let required = node.keyword("required").and_then(Value::as_array).into_iter().flatten();
    facts.extend(required.filter_map(Value::as_str).map(|name| Fact::Present(name, None)));
    if ["properties", "patternProperties", "additionalProperties"].iter().any(|k| node.keyword(k).is_some()) {
        facts.push(Fact::Shape { node, closed: place.closed });
    }
    facts.extend(node.schema("propertyNames").map(|schema| Fact::Names(Literal::accepted(schema, false))));
    facts
}
