//! Properties that came, went, or became required.

use serde_json::{Value, json};

use super::super::document::Node;
use super::super::report::ChangeKind;
use super::super::shape::Kind;
use super::effect::Suspect;
use super::words::{member, named};
use super::{Explainer, Here, Step};

impl<'a> Explainer<'a, '_> {
    pub(super) fn compare_objects(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        let mut gone: Vec<_> = old.named("properties").filter(|(name, _)| !has(new, name)).collect();
        let mut came: Vec<_> = new.named("properties").filter(|(name, _)| !has(old, name)).collect();
        for (name, before) in old.named("properties") {
            let Some(after) = new.keyword("properties").and_then(|map| map.get(name)) else { continue };
            self.compare_requirement(here, name);
            let pointer = self.pointer("", "properties", name);
            let below = here.part(before.value, after, (&pointer, &pointer), member(&here.place, name));
            self.descend(here, Step::Member(name.to_owned()), below);
        }
        for (from, to) in self.renames(&gone, &came) {
            gone.retain(|(name, _)| *name != from);
            came.retain(|(name, _)| *name != to);
            self.renamed(here, from, to);
        }
        for (name, _) in gone {
            self.removed(here, name);
        }
        for (name, _) in came {
            self.added(here, name);
        }
        self.compare_unlisted_requirements(here);
        self.compare_unknown_properties(here);
    }

    fn compare_requirement(&mut self, here: &Here<'a>, name: &str) {
        let required = (requires(self.old_node(here), name), requires(self.new_node(here), name));
        let place = member(&here.place, name);
        let pointer = self.pointer(&here.new_pointer, "properties", name);
        match required {
            (false, true) => {
                let without = self.old_without(here, name);
                let effects = self.effects(here, Suspect::Values(without), Suspect::Nobody);
                let sentence =
                    format!("`{place}` was optional and is required: an event without it is refused");
                self.add(&pointer, &place, ChangeKind::BecameRequired, sentence, effects);
            }
            (true, false) => {
                let without = self.new_without(here, name);
                let effects = self.effects(here, Suspect::Nobody, Suspect::Values(without));
                let sentence = format!("`{place}` was required and is optional");
                self.add(&pointer, &place, ChangeKind::BecameOptional, sentence, effects);
            }
            _ => {}
        }
    }

    fn added(&mut self, here: &Here<'a>, name: &str) {
        let required = requires(self.new_node(here), name) && !requires(self.old_node(here), name);
        let place = member(&here.place, name);
        let mut old_values = if required { self.old_without(here, name) } else { Vec::new() };
        old_values.extend(self.with_other_values(here, name, true));
        let new_values = self.with_member(here, name, false);
        let effects = self.effects(here, Suspect::Values(old_values), Suspect::Values(new_values));
        let effects = if required {
            effects
        } else {
            let effects = self.settle_unproven(here, effects);
            self.blamed(name, effects)
        };
        let pointer = self.pointer(&here.new_pointer, "properties", name);
        let (kind, sentence) = if required {
            let remedy = "make it `Option` or give it a default, or raise the version";
            (
                ChangeKind::RequiredPropertyAdded,
                format!("required property `{place}` is new: older events do not have it; {remedy}"),
            )
        } else {
            (ChangeKind::OptionalPropertyAdded, format!("optional property `{place}` is new"))
        };
        self.add(&pointer, &place, kind, sentence, effects);
    }

    fn removed(&mut self, here: &Here<'a>, name: &str) {
        let required = requires(self.old_node(here), name) && !requires(self.new_node(here), name);
        let place = member(&here.place, name);
        let old_values = self.with_member(here, name, true);
        let mut new_values = if required { self.new_without(here, name) } else { Vec::new() };
        new_values.extend(self.with_other_values(here, name, false));
        let effects = self.effects(here, Suspect::Values(old_values), Suspect::Values(new_values));
        let effects = self.settle_unproven(here, effects);
        let effects = if required { effects } else { self.blamed(name, effects) };
        let sentence = if required {
            format!("required property `{place}` is gone: older code refuses events without it")
        } else {
            format!("optional property `{place}` is gone")
        };
        let pointer = self.pointer(&here.old_pointer, "properties", name);
        self.add(&pointer, &place, ChangeKind::PropertyRemoved, sentence, effects);
    }

    fn renamed(&mut self, here: &Here<'a>, from: &str, to: &str) {
        let mut old_values = self.with_member(here, from, true);
        old_values.extend(self.old_without(here, to));
        let mut new_values = self.with_member(here, to, false);
        new_values.extend(self.new_without(here, from));
        let effects = self.effects(here, Suspect::Values(old_values), Suspect::Values(new_values));
        let [backward, forward] = self.settle_unproven(here, effects);
        let lost = |effect, node: Node<'a>, name: &str, other: &str| match effect {
            super::Effect::None if !is_alias(node, name, other) => super::Effect::Lossy,
            effect => effect,
        };
        let (old, new) = (self.old_node(here), self.new_node(here));
        let effects = [lost(backward, new, to, from), lost(forward, old, from, to)];
        let (from, to) = (member(&here.place, from), member(&here.place, to));
        let sentence = format!(
            "`{from}` seems to be called `{to}` now: what was written under one name is not found under the other"
        );
        let name = to.rsplit('.').next().unwrap_or(&to);
        let pointer = self.pointer(&here.new_pointer, "properties", name);
        self.add(&pointer, &to, ChangeKind::PropertyRenamed, sentence, effects);
    }

    /// What is gone with what it is called now: by an alias, by a name that differs in its spelling only, or because
    /// it is the only one that went and the only one that came.
    fn renames(&mut self, gone: &[Property<'a>], came: &[Property<'a>]) -> Vec<(&'a str, &'a str)> {
        let mut pairs: Vec<(&'a str, &'a str)> = Vec::new();
        let engine = &mut self.backward.engine;
        for &(from, before) in gone {
            let heir = came.iter().find(|(to, after)| {
                let is_known = is_listed(*after, from) || is_listed(before, to);
                let is_free = !pairs.iter().any(|(_, taken)| taken == to);
                is_free && (is_known || spelling(from) == spelling(to)) && engine.is_same(before, *after)
            });
            pairs.extend(heir.map(|&(to, _)| (from, to)));
        }
        if let (&[(from, before)], &[(to, after)], []) = (gone, came, pairs.as_slice())
            && engine.is_same(before, after)
        {
            pairs.push((from, to));
        }
        pairs
    }

    /// Names that only `required` knows.
    fn compare_unlisted_requirements(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        let unlisted = |node: Node<'a>, other: Node<'a>| -> Vec<&'a str> {
            let names = node.keyword("required").and_then(Value::as_array).into_iter().flatten();
            let names = names.filter_map(Value::as_str);
            names.filter(|name| !has(old, name) && !has(new, name) && !requires(other, name)).collect()
        };
        for name in unlisted(new, old).into_iter().chain(unlisted(old, new)) {
            self.compare_requirement(here, name);
        }
    }

    fn compare_unknown_properties(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        for keyword in ["additionalProperties", "unevaluatedProperties"] {
            let (before, after) = (old.schema(keyword), new.schema(keyword));
            let rules = |schema: Option<Node<'a>>| schema.filter(|node| node.value != &Value::Bool(true));
            let sentence = match (rules(before), rules(after)) {
                (None, None) => continue,
                (Some(before), Some(after)) if self.backward.engine.is_same(before, after) => continue,
                (Some(before), Some(after)) if before.value.is_object() && after.value.is_object() => {
                    let place = format!("{}[*]", here.place);
                    let pointer = format!("/{keyword}");
                    let below = here.part(before.value, after.value, (&pointer, &pointer), place);
                    self.descend(here, Step::Member("key".to_owned()), below);
                    continue;
                }
                (_, Some(after)) if after.value == &Value::Bool(false) => "refuses unknown properties now",
                (Some(before), _) if before.value == &Value::Bool(false) => {
                    "no longer refuses unknown properties"
                }
                _ => "describes unknown properties otherwise",
            };
            let effects = self.effects(here, Suspect::Anything, Suspect::Anything);
            let pointer = format!("{}/{keyword}", here.new_pointer);
            let sentence = format!("{} {sentence}", named(&here.place));
            self.add(&pointer, &here.place, ChangeKind::UnknownPropertiesChanged, sentence, effects);
        }
    }

    fn old_without(&mut self, here: &Here<'a>, name: &str) -> Vec<Value> {
        self.old_sample(here, Some(Kind::Object)).map(|value| without(value, name)).into_iter().collect()
    }

    fn new_without(&mut self, here: &Here<'a>, name: &str) -> Vec<Value> {
        self.new_sample(here, Some(Kind::Object)).map(|value| without(value, name)).into_iter().collect()
    }

    /// Objects of one side that have the property, as its own schema describes it.
    fn with_member(&mut self, here: &Here<'a>, name: &str, old: bool) -> Vec<Value> {
        let schemas = if old { &here.old } else { &here.new };
        let schema = schemas.last().and_then(|schema| schema.get("properties")).and_then(|map| map.get(name));
        let direction = if old { &mut *self.backward } else { &mut *self.forward };
        let object = direction.sample(schemas, Some(Kind::Object));
        let value = schema.and_then(|schema| direction.sample(&[schema], None));
        object.zip(value).map(|(object, value)| with(object, name, value)).into_iter().collect()
    }

    /// Objects of one side that have the property with values that only a free writer would give it.
    fn with_other_values(&mut self, here: &Here<'a>, name: &str, old: bool) -> Vec<Value> {
        let schemas = if old { &here.old } else { &here.new };
        let direction = if old { &mut *self.backward } else { &mut *self.forward };
        let Some(object) = direction.sample(schemas, Some(Kind::Object)) else { return Vec::new() };
        let values = [json!(null), json!({}), json!([]), json!(-1.5), json!("text"), json!(true)];
        values.into_iter().map(|value| with(object.clone(), name, value)).collect()
    }

    /// An optional property matters only if values at its place do.
    fn settle_unproven(&mut self, here: &Here<'a>, effects: [super::Effect; 2]) -> [super::Effect; 2] {
        if effects.iter().all(|effect| *effect != super::Effect::Unproven) {
            return effects;
        }
        let whole = self.effects(here, Suspect::Anything, Suspect::Anything);
        let settled = |(own, whole): (super::Effect, super::Effect)| match (own, whole) {
            (super::Effect::Unproven, super::Effect::Unproven) => super::Effect::Unproven,
            (super::Effect::Unproven, _) => super::Effect::None,
            (own, _) => own,
        };
        let [own_backward, own_forward] = effects;
        let [backward, forward] = whole;
        [settled((own_backward, backward)), settled((own_forward, forward))]
    }
}

/// A property's name and schema.
type Property<'a> = (&'a str, Node<'a>);

/// Whether the property `name` is read under `other` too.
fn is_alias(node: Node<'_>, name: &str, other: &str) -> bool {
    let property = node.keyword("properties").and_then(|map| map.get(name));
    property.is_some_and(|property| is_listed(Node { value: property, document: node.document }, other))
}

/// Whether the property with this schema is read under `name` too.
fn is_listed(property: Node<'_>, name: &str) -> bool {
    let aliases = property.keyword("x-aliases").and_then(Value::as_array);
    aliases.is_some_and(|aliases| aliases.iter().any(|alias| alias == name))
}

/// A name without what conventions of spelling differ in.
fn spelling(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn has(node: Node<'_>, name: &str) -> bool {
    node.keyword("properties").is_some_and(|map| map.get(name).is_some())
}

fn requires(node: Node<'_>, name: &str) -> bool {
    node.keyword("required")
        .and_then(Value::as_array)
        .is_some_and(|names| names.iter().any(|other| other == name))
}

fn without(mut object: Value, name: &str) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.remove(name);
    }
    object
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
    object
}
