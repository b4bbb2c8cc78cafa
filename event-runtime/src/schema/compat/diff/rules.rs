//! Types, bounds, patterns, elements, and whatever else a schema says of a value.

use serde_json::Value;

use super::super::document::Node;
use super::super::report::ChangeKind;
use super::super::same::is_rule;
use super::super::shape::{Kind, TypeRule, elements, type_rule};
use super::effect::Suspect;
use super::words::{limit, named, types};
use super::{Explainer, Here, Step};

/// Keywords that are one limit each, what they limit, and the kind of change.
const LIMITS: [(&str, &str, ChangeKind); 17] = [
    ("minimum", "the least value", ChangeKind::RangeChanged),
    ("maximum", "the greatest value", ChangeKind::RangeChanged),
    ("exclusiveMinimum", "the value that is too small", ChangeKind::RangeChanged),
    ("exclusiveMaximum", "the value that is too large", ChangeKind::RangeChanged),
    ("multipleOf", "the step", ChangeKind::MultipleChanged),
    ("minLength", "the least length", ChangeKind::LengthChanged),
    ("maxLength", "the greatest length", ChangeKind::LengthChanged),
    ("pattern", "the pattern", ChangeKind::PatternChanged),
    ("format", "the format", ChangeKind::FormatChanged),
    ("minItems", "the least number of elements", ChangeKind::LengthChanged),
    ("maxItems", "the greatest number of elements", ChangeKind::LengthChanged),
    ("minProperties", "the least number of properties", ChangeKind::LengthChanged),
    ("maxProperties", "the greatest number of properties", ChangeKind::LengthChanged),
    ("minContains", "the least number of matching elements", ChangeKind::LengthChanged),
    ("maxContains", "the greatest number of matching elements", ChangeKind::LengthChanged),
    ("uniqueItems", "", ChangeKind::UniquenessChanged),
    ("const", "the constant", ChangeKind::ValuesChanged),
];

/// Keywords that are told of elsewhere.
const TOLD: [&str; 12] = [
    "type",
    "enum",
    "properties",
    "required",
    "additionalProperties",
    "unevaluatedProperties",
    "items",
    "prefixItems",
    "additionalItems",
    "anyOf",
    "oneOf",
    "$ref",
];

impl<'a> Explainer<'a, '_> {
    pub(super) fn compare_rules(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        if !old.value.is_object() || !new.value.is_object() {
            let sentence = format!("{} is described otherwise", named(&here.place));
            let effects = self.effects(here, Suspect::Anything, Suspect::Anything);
            return self.add(&here.new_pointer, &here.place, ChangeKind::RulesChanged, sentence, effects);
        }
        if self.compare_types(here) {
            return;
        }
        self.compare_limits(here);
        self.compare_objects(here);
        self.compare_elements(here);
        self.compare_other_rules(here);
    }

    /// Tells of other types; "yes" where no type is left in common, so that nothing else is worth telling.
    fn compare_types(&mut self, here: &Here<'a>) -> bool {
        let (old, new) = (self.old_node(here), self.new_node(here));
        let rules = |node: Node<'a>| Kind::ALL.map(|kind| type_rule(node, kind));
        let (before, after) = (rules(old), rules(new));
        let listed = (old.keyword("enum").is_some(), new.keyword("enum").is_some());
        if before != after {
            let pairs = || before.iter().zip(&after);
            let gone =
                Kind::ALL.into_iter().zip(pairs()).filter(|(_, (b, a))| b != a && **b != TypeRule::Refused);
            let gone: Vec<Kind> = gone.map(|(kind, _)| kind).collect();
            let came =
                Kind::ALL.into_iter().zip(pairs()).filter(|(_, (b, a))| b != a && **a != TypeRule::Refused);
            let came: Vec<Kind> = came.map(|(kind, _)| kind).collect();
            let mut old_values: Vec<Value> =
                gone.into_iter().filter_map(|kind| self.old_sample(here, Some(kind))).collect();
            let mut new_values: Vec<Value> =
                came.into_iter().filter_map(|kind| self.new_sample(here, Some(kind))).collect();
            // Where whole numbers are asked for, only a fraction shows the difference.
            old_values.extend([0.5, 1e300].map(Value::from));
            new_values.extend([0.5, 1e300].map(Value::from));
            let effects = self.effects(here, Suspect::Values(old_values), Suspect::Values(new_values));
            let effects = self.type_effects(here, effects, &before, &after);
            let null = |rules: &[TypeRule; 6]| rules[0] == TypeRule::Allowed;
            let others_same = before[1..] == after[1..];
            let place = named(&here.place);
            let sentence = match (null(&before), null(&after)) {
                (false, true) if others_same => format!("{place} may now be null"),
                (true, false) if others_same => format!("{place} may no longer be null"),
                _ => format!("{place} was {} and is now {}", types(old), types(new)),
            };
            self.add(&here.new_pointer, &here.place, ChangeKind::TypeChanged, sentence, effects);
        } else if listed.0 != listed.1 {
            let effects = self.effects(here, Suspect::Anything, Suspect::Anything);
            let said = if listed.1 {
                "is now limited to certain values"
            } else {
                "is no longer limited to certain values"
            };
            let sentence = format!("{} {said}", named(&here.place));
            self.add(&here.new_pointer, &here.place, ChangeKind::ValuesChanged, sentence, effects);
        }
        let shared = |(b, a): (&TypeRule, &TypeRule)| *b != TypeRule::Refused && *a != TypeRule::Refused;
        !before.iter().zip(&after).any(shared)
    }

    /// A type that the other side has as well can't be what breaks.
    fn type_effects(
        &self,
        _here: &Here<'a>,
        effects: [super::Effect; 2],
        before: &[TypeRule; 6],
        after: &[TypeRule; 6],
    ) -> [super::Effect; 2] {
        let within = |inner: &[TypeRule; 6], outer: &[TypeRule; 6]| {
            inner.iter().zip(outer).all(|(i, o)| *i == TypeRule::Refused || *o == TypeRule::Allowed || i == o)
        };
        let [backward, forward] = effects;
        let settle = |effect, harmless: bool| if harmless { super::Effect::None } else { effect };
        [settle(backward, within(before, after)), settle(forward, within(after, before))]
    }

    fn compare_limits(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        for (keyword, what, kind) in LIMITS {
            let (before, after) = (old.keyword(keyword), new.keyword(keyword));
            if before == after || keyword == "format" && types(old) != types(new) {
                continue;
            }
            let effects = self.effects(here, Suspect::Anything, Suspect::Anything);
            let place = named(&here.place);
            let sentence = match keyword {
                "uniqueItems" if after == Some(&Value::Bool(true)) => {
                    format!("the elements of {place} must be unique now")
                }
                "uniqueItems" => format!("the elements of {place} need not be unique any more"),
                _ => format!("{what} of {place} was {} and is now {}", limit(before), limit(after)),
            };
            self.add(&format!("{}/{keyword}", here.new_pointer), &here.place, kind, sentence, effects);
        }
        if let (Some(before), Some(after)) = (old.keyword("enum"), new.keyword("enum"))
            && let (Some(before), Some(after)) = (before.as_array(), after.as_array())
        {
            let (before, after): (Vec<_>, Vec<_>) = (before.iter().collect(), after.iter().collect());
            self.compare_values(here, &before, &after);
        }
    }

    fn compare_elements(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        let ((before, before_rest), (after, after_rest)) = (elements(old), elements(new));
        let pointer = |node: Node<'a>, index: usize| {
            let keyword = if node.keyword("prefixItems").is_some() { "prefixItems" } else { "items" };
            format!("/{keyword}/{index}")
        };
        for (index, (first, second)) in before.iter().zip(&after).enumerate() {
            let pointers = (pointer(old, index), pointer(new, index));
            let place = format!("{}[{index}]", here.place);
            let below = here.part(first.value, second.value, (&pointers.0, &pointers.1), place);
            self.descend(here, Step::Element(index), below);
        }
        if before.len() != after.len() {
            let effects = self.effects(here, Suspect::Anything, Suspect::Anything);
            let sentence = format!(
                "{} had {} elements described and now has {}",
                named(&here.place),
                before.len(),
                after.len()
            );
            self.add(&here.new_pointer, &here.place, ChangeKind::ElementsChanged, sentence, effects);
        }
        match (before_rest, after_rest) {
            (Some(first), Some(second)) => {
                let below =
                    here.part(first.value, second.value, ("/items", "/items"), format!("{}[]", here.place));
                self.descend(here, Step::Element(before.len()), below);
            }
            (None, None) => {}
            _ => {
                let effects = self.effects(here, Suspect::Anything, Suspect::Anything);
                let sentence = format!("the elements of {} are described otherwise", named(&here.place));
                self.add(&here.new_pointer, &here.place, ChangeKind::ElementsChanged, sentence, effects);
            }
        }
    }

    fn compare_other_rules(&mut self, here: &Here<'a>) {
        let (old, new) = (self.old_node(here), self.new_node(here));
        let mut keywords: Vec<&String> = Vec::new();
        for node in [old, new] {
            keywords.extend(node.value.as_object().into_iter().flat_map(serde_json::Map::keys));
        }
        keywords.sort_unstable();
        keywords.dedup();
        for keyword in keywords {
            let is_told = TOLD.contains(&keyword.as_str()) || LIMITS.iter().any(|(name, ..)| name == keyword);
            if is_told || !is_rule(keyword) || old.keyword(keyword) == new.keyword(keyword) {
                continue;
            }
            let effects = self.effects(here, Suspect::Anything, Suspect::Anything);
            let sentence = format!("the rule `{keyword}` of {} changed", named(&here.place));
            self.add(
                &format!("{}/{keyword}", here.new_pointer),
                &here.place,
                ChangeKind::RulesChanged,
                sentence,
                effects,
            );
        }
    }
}
