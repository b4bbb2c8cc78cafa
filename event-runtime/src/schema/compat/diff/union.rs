//! Unions: alternatives that stayed, came, or went.

use serde_json::Value;

use super::super::document::Node;
use super::super::number::same_value;
use super::super::report::ChangeKind;
use super::super::shape::type_names;
use super::effect::Suspect;
use super::words::{named, token, values};
use super::{Explainer, Here};

/// An alternative: its schema, where that stands, and what it is known by.
#[derive(Clone)]
struct Variant<'a> {
    schema: &'a Value,
    pointer: String,
    label: String,
    /// The label tells it from every other alternative.
    is_tagged: bool,
}

impl<'a> Explainer<'a, '_> {
    /// Compares the alternatives of a place, and its rules beside them.
    pub(super) fn compare_unions(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        if let (Some(before), Some(after)) = (self.constants(old, 0), self.constants(new, 0)) {
            return self.compare_values(here, &before, &after);
        }
        let before = self.variants(old, &here.old_pointer);
        let after = self.variants(new, &here.new_pointer);
        let is_union = |node: Node<'a>| node.keyword("anyOf").is_some() || node.keyword("oneOf").is_some();
        if !is_union(old) && !is_union(new) {
            return self.compare_rules(here);
        }
        self.match_variants(here, before, after);
        if is_union(old) && is_union(new) {
            self.compare_rules(here);
        }
    }

    fn match_variants(&mut self, here: &Here<'a>, before: Vec<Variant<'a>>, mut after: Vec<Variant<'a>>) {
        let mut pairs = Vec::new();
        let mut gone = Vec::new();
        for variant in before {
            match self.partner(&variant, &after) {
                Some(index) => pairs.push((variant, after.remove(index))),
                None => gone.push(variant),
            }
        }
        if let ([one], [other]) = (gone.as_slice(), after.as_slice())
            && !(one.is_tagged && other.is_tagged)
            && self.same_types(one, other)
        {
            pairs.extend(gone.pop().zip(after.pop()));
        }
        for (old, new) in pairs {
            self.walk(here.alternative((old.schema, old.pointer), (new.schema, new.pointer)));
        }
        for variant in gone {
            let mut inside = here.clone();
            inside.old.push(variant.schema);
            let samples = self.old_sample(&inside, None).into_iter().collect();
            let effects = self.effects(here, Suspect::Values(samples), Suspect::Nobody);
            let sentence =
                format!("{} is no longer one of the alternatives of {}", variant.label, named(&here.place));
            self.add(&variant.pointer, &here.place, ChangeKind::VariantRemoved, sentence, effects);
        }
        for variant in after {
            let mut inside = here.clone();
            inside.new.push(variant.schema);
            let samples = self.new_sample(&inside, None).into_iter().collect();
            let effects = self.effects(here, Suspect::Nobody, Suspect::Values(samples));
            let sentence = format!("{} is a new alternative of {}", variant.label, named(&here.place));
            self.add(&variant.pointer, &here.place, ChangeKind::VariantAdded, sentence, effects);
        }
    }

    fn partner(&mut self, variant: &Variant<'a>, others: &[Variant<'a>]) -> Option<usize> {
        let old = self.backward.written(variant.schema);
        let same = |explainer: &mut Self, other: &Variant<'a>| {
            let new = explainer.backward.read(other.schema);
            explainer.backward.engine.is_same(old, new)
        };
        let by_label = others.iter().position(|other| other.label == variant.label);
        by_label.or_else(|| others.iter().position(|other| same(self, other)))
    }

    fn same_types(&self, old: &Variant<'a>, new: &Variant<'a>) -> bool {
        let engine = &self.backward.engine;
        let old = engine.followed(self.backward.written(old.schema));
        let new = engine.followed(self.backward.read(new.schema));
        type_names(old) == type_names(new)
    }

    /// The alternatives of a schema; itself where it is no union.
    fn variants(&self, node: Node<'a>, pointer: &str) -> Vec<Variant<'a>> {
        let mut found = Vec::new();
        for keyword in ["anyOf", "oneOf"] {
            for (index, schema) in node.list(keyword).into_iter().enumerate() {
                found.push(self.variant(schema, format!("{pointer}/{keyword}/{index}"), index));
            }
        }
        if found.is_empty() {
            found.push(self.variant(node, pointer.to_owned(), 0));
        }
        found
    }

    fn variant(&self, node: Node<'a>, pointer: String, index: usize) -> Variant<'a> {
        let tag = self.tag(node);
        let is_tagged = tag.is_some();
        let label = tag.or_else(|| self.name(node)).unwrap_or_else(|| format!("alternative {index}"));
        Variant { schema: node.value, pointer, label, is_tagged }
    }

    /// What tells an alternative from all others: its constants, its tag, its one property.
    fn tag(&self, node: Node<'a>) -> Option<String> {
        let schema = self.backward.engine.followed(node);
        if let Some(constants) = self.constants(schema, 0) {
            return Some(values(&constants));
        }
        let required = schema.keyword("required").and_then(Value::as_array);
        let required = required.map(Vec::as_slice).unwrap_or_default();
        let tag = schema.named("properties").find_map(|(name, inner)| {
            let value = inner.keyword("const").filter(|_| required.iter().any(|other| other == name))?;
            Some(format!("`{name}` = `{value}`"))
        });
        let only = || match required {
            [Value::String(name)] if schema.named("properties").count() == 1 => Some(format!("`{name}`")),
            _ => None,
        };
        tag.or_else(only)
    }

    /// What an alternative may be called: its definition, its type.
    fn name(&self, node: Node<'a>) -> Option<String> {
        let reference = node.keyword("$ref").and_then(Value::as_str);
        let definition = reference.and_then(|reference| reference.rsplit('/').next());
        let typed = || Some(type_names(node).join(" or ")).filter(|text| !text.is_empty());
        definition.map(|name| format!("`{name}`")).or_else(typed)
    }

    /// The values of a schema that is nothing but a list of constants.
    fn constants(&self, node: Node<'a>, depth: usize) -> Option<Vec<&'a Value>> {
        let node = self.backward.engine.followed(node);
        if let Some(value) = node.keyword("const") {
            return Some(vec![value]);
        }
        if let Some(listed) = node.keyword("enum").and_then(Value::as_array) {
            return Some(listed.iter().collect());
        }
        let choices = if node.keyword("oneOf").is_some() { node.list("oneOf") } else { node.list("anyOf") };
        if choices.is_empty() || depth > 4 || node.keyword("properties").is_some() {
            return None;
        }
        let parts: Option<Vec<_>> =
            choices.into_iter().map(|choice| self.constants(choice, depth + 1)).collect();
        parts.map(|parts| parts.concat())
    }

    pub(super) fn compare_values(&mut self, here: &Here<'a>, before: &[&'a Value], after: &[&'a Value]) {
        let missing = |from: &[&'a Value], other: &[&'a Value]| -> Vec<&'a Value> {
            from.iter().copied().filter(|value| !other.iter().any(|x| same_value(x, value))).collect()
        };
        let (gone, came) = (missing(before, after), missing(after, before));
        let place = named(&here.place);
        let sentence = match (came.is_empty(), gone.is_empty()) {
            (true, true) => return,
            (false, true) => format!("{place} may now be {}", values(&came)),
            (true, false) => format!("{place} may no longer be {}", values(&gone)),
            (false, false) => {
                format!("{place} may now be {}, and no longer {}", values(&came), values(&gone))
            }
        };
        let suspect = |values: Vec<&Value>| match values.is_empty() {
            true => Suspect::Nobody,
            false => Suspect::Values(values.into_iter().cloned().collect()),
        };
        let effects = self.effects(here, suspect(gone), suspect(came));
        self.add(&here.new_pointer, &here.place, ChangeKind::ValuesChanged, sentence, effects);
    }

    pub(super) fn pointer(&self, base: &str, keyword: &str, name: &str) -> String {
        format!("{base}/{keyword}/{}", token(name))
    }
}
