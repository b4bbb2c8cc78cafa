//! A struct against its committed schema.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span};
use serde_json::{Map, Value};
use syn::Member;
use syn::spanned::Spanned;

use super::bounds::{Interval, format_shape, lengths, numbers, schema_lengths, schema_numbers};
use super::{Committed, Protected};
use crate::diagnostics::Diagnostics;
use crate::fields::{Absent, Field, Wire, type_name};
use crate::nearest::nearest;
use crate::rules::Rule;
use crate::shape::Shape;

/// The struct as it is written now.
pub(crate) struct Candidate<'a> {
    pub(crate) name: &'a Ident,
    pub(crate) version: u32,
    pub(crate) fields: &'a [Field],
    /// The member that names the struct on the wire.
    pub(crate) tag: Option<&'a str>,
    pub(crate) protected: Protected,
}

/// Reports what breaks readers for certain, each on its field.
pub(crate) fn compare(candidate: &Candidate<'_>, committed: &Committed, errors: &mut Diagnostics) {
    let Some(properties) = committed.properties() else { return };
    let comparison = Comparison { candidate, committed, properties };
    let renamed = comparison.gone(errors);
    for field in candidate.fields {
        if let Wire::Member(name) = &field.wire {
            match properties.get(name) {
                None if renamed.contains(name) => {}
                None => comparison.added(field, name, errors),
                Some(property) => comparison.changed(field, name, property, errors),
            }
        }
    }
}

struct Comparison<'a> {
    candidate: &'a Candidate<'a>,
    committed: &'a Committed,
    properties: &'a Map<String, Value>,
}

impl Comparison<'_> {
    /// How a message ends: where the field comes from, and the way out that always works.
    fn way_out(&self) -> String {
        let (version, path) = (self.candidate.version, &self.committed.path);
        let place = match self.committed.newest_after(version) {
            Some(newest) => format!("the newest version, {newest}"),
            None => format!("`version = {}`", version + 1),
        };
        format!("or make the change in {place} (version {version} is committed in {path})")
    }

    fn report(&self, span: Span, what: &str, remedy: &str, errors: &mut Diagnostics) {
        errors.at(span, format!("{what}: {remedy}, {}", self.way_out()));
    }

    /// Reports committed fields that are gone and missed; gives the names of the fields that replace them.
    fn gone(&self, errors: &mut Diagnostics) -> BTreeSet<String> {
        let fields = self.candidate.fields;
        let mut renamed = BTreeSet::new();
        if fields.iter().any(|field| field.wire == Wire::Flat) {
            return renamed;
        }
        let mut new: Vec<_> = fields
            .iter()
            .filter(|field| member_name(field).is_some_and(|name| !self.properties.contains_key(name)))
            .collect();
        let gone: Vec<_> = self.properties.keys().filter(|name| !self.is_kept(name)).collect();
        let is_exchange = gone.len() == 1 && new.len() == 1;
        for name in gone {
            let heir = self.heir(name, &new, is_exchange);
            let Some(why) = self.why_missed(name, heir) else { continue };
            match heir {
                Some(heir) => {
                    renamed.extend(member_name(heir).map(str::to_owned));
                    new.retain(|field| member_name(field) != member_name(heir));
                    let remedy = format!("write `#[serde(rename = \"{name}\")]` on it");
                    let what = format!("field `{name}` was renamed, and {why}");
                    self.report(member_span(heir), &what, &remedy, errors);
                }
                None => {
                    let what = format!("field `{name}` was removed, and {why}");
                    self.report(self.candidate.name.span(), &what, "keep it", errors);
                }
            }
        }
        renamed
    }

    /// Whether a field still has the committed name; an alias reads old events, which old readers do not see.
    fn is_kept(&self, name: &str) -> bool {
        let by_alias = !self.candidate.protected.forward;
        let keeps = |field: &Field| {
            member_name(field) == Some(name) || by_alias && field.aliases.iter().any(|alias| alias == name)
        };
        self.candidate.tag == Some(name) || self.candidate.fields.iter().any(keeps)
    }

    /// The field that a committed one became, as far as can be told: of its kind, and alike in name or the only one.
    fn heir<'a>(&self, name: &str, new: &[&'a Field], is_exchange: bool) -> Option<&'a Field> {
        let property = self.properties.get(name)?.as_object()?;
        let fits = |field: &&&Field| !field.is_plain || self.changed_type(field, property).is_none();
        let fitting: Vec<_> = new.iter().filter(fits).copied().collect();
        let alike = nearest(name, fitting.iter().filter_map(|field| member_name(field)));
        match alike {
            Some(_) => fitting.into_iter().find(|field| member_name(field) == alike),
            None => fitting.into_iter().next().filter(|_| is_exchange && self.candidate.protected.forward),
        }
    }

    /// Who misses a committed field that is gone; nobody where the rule lets it go.
    fn why_missed(&self, name: &str, heir: Option<&Field>) -> Option<&'static str> {
        let Protected { backward, forward } = self.candidate.protected;
        if forward && self.committed.requires(name) {
            Some("old readers require it")
        } else if backward && (forward || heir.is_some()) {
            Some("what old events carry in it would be lost")
        } else {
            None
        }
    }

    fn added(&self, field: &Field, name: &str, errors: &mut Diagnostics) {
        if self.candidate.protected.backward && field.required {
            let what = format!("new required field `{name}`");
            self.report(member_span(field), &what, "make it `Option` or `#[serde(default)]`", errors);
        }
    }

    fn changed(&self, field: &Field, name: &str, property: &Value, errors: &mut Diagnostics) {
        let Protected { backward, forward } = self.candidate.protected;
        let was_required = self.committed.requires(name);
        if backward && field.required && !was_required {
            let what = format!("field `{name}` became required, and old events may lack it");
            self.report(field.ty.span(), &what, "make it `Option` or `#[serde(default)]`", errors);
        } else if forward && was_required && matches!(field.absent, Absent::OptionNone) && !field.required {
            let what = format!("field `{name}` became optional, and old readers require it");
            self.report(field.ty.span(), &what, "leave it without `Option`", errors);
        }
        let Some(property) = property.as_object() else { return };
        if field.is_plain {
            if let Some(was) = self.changed_type(field, property) {
                let what = format!("field `{name}` was {was} and is `{}`", type_name(&field.ty));
                self.report(field.ty.span(), &what, "keep its type", errors);
            } else {
                self.changed_rules(field, name, property, errors);
            }
        }
    }

    /// What the field was, where its type is another now and not both are read by each other.
    fn changed_type(&self, field: &Field, property: &Map<String, Value>) -> Option<String> {
        let was = only_type(property)?;
        let shape = field.shape.present();
        let is = match shape {
            Shape::Text | Shape::Uuid => &["string"][..],
            Shape::Integer { .. } => &["integer"],
            Shape::Float => &["number"],
            Shape::Bool => &["boolean"],
            Shape::Collection(_) => &["array", "object"],
            Shape::Option(_) | Shape::Other => return None,
        };
        let Protected { backward, forward } = self.candidate.protected;
        let is_wider = was == "integer" && *shape == Shape::Float && !forward;
        let is_narrower = was == "number" && matches!(shape, Shape::Integer { .. }) && !backward;
        if !is.contains(&was) && !is_wider && !is_narrower {
            return Some(format!("`{was}`"));
        }
        let format = property.get("format").and_then(Value::as_str).unwrap_or_default();
        let is_resized =
            matches!(shape, Shape::Integer { .. }) && format_shape(format).is_some_and(|was| was != *shape);
        let refused = self.refused(&schema_numbers(property), &numbers(shape, &field.rules));
        (is_resized && refused.is_some()).then(|| format!("`{format}`"))
    }

    /// What is wrong with an interval that was and one that is.
    fn refused(&self, was: &Interval, is: &Interval) -> Option<&'static str> {
        let Protected { backward, forward } = self.candidate.protected;
        if backward && !is.holds(was) {
            Some("tightened, and old events may break it")
        } else if forward && !was.holds(is) {
            Some("loosened, and old readers refuse what it allows now")
        } else {
            None
        }
    }

    fn changed_rules(
        &self,
        field: &Field,
        name: &str,
        property: &Map<String, Value>,
        errors: &mut Diagnostics,
    ) {
        let shape = field.shape.present();
        let mut report = |rule: &str, how: &str| {
            let what = format!("`{rule}` of field `{name}` was {how}");
            self.report(member_span(field), &what, "keep the rule as it was", errors);
        };
        if let Shape::Text | Shape::Collection(_) = shape {
            let was = schema_lengths(property, shape, only_type(property).unwrap_or_default());
            if let Some(how) = self.refused(&was, &lengths(&field.rules)) {
                report("length", how);
            }
        }
        if shape.is_number()
            && let Some(how) = self.refused(&schema_numbers(property), &numbers(shape, &field.rules))
        {
            report("range", how);
        }
        if *shape == Shape::Text {
            for (rule, was, is) in self.text_rules(field, property) {
                let Protected { backward, forward } = self.candidate.protected;
                match (was, is) {
                    (false, true) if backward => report(rule, "added, and old events may break it"),
                    (true, false) if forward => {
                        report(rule, "removed, and old readers refuse what it allows now")
                    }
                    _ => {}
                }
            }
        }
        if let Some(how) = self.changed_choices(field, property) {
            report("one_of", how);
        }
    }

    /// The rules of texts: whether each was there, and whether it is.
    fn text_rules(&self, field: &Field, property: &Map<String, Value>) -> [(&'static str, bool, bool); 4] {
        let format = property.get("format").and_then(Value::as_str);
        let has = |test: fn(&Rule) -> bool| field.rules.iter().any(test);
        [
            ("email", format == Some("email"), has(|rule| matches!(rule, Rule::Email))),
            ("url", format == Some("uri"), has(|rule| matches!(rule, Rule::Url))),
            ("uuid", format == Some("uuid"), has(|rule| matches!(rule, Rule::Uuid))),
            ("pattern", property.contains_key("pattern"), has(|rule| matches!(rule, Rule::Pattern { .. }))),
        ]
    }

    fn changed_choices(&self, field: &Field, property: &Map<String, Value>) -> Option<&'static str> {
        let Protected { backward, forward } = self.candidate.protected;
        let is: Option<BTreeSet<String>> = field.rules.iter().find_map(|rule| match rule {
            Rule::OneOfTexts(texts) => {
                Some(texts.iter().map(|text| Value::from(text.as_str()).to_string()).collect())
            }
            Rule::OneOfNumbers(numbers) => Some(numbers.iter().map(ToString::to_string).collect()),
            _ => None,
        });
        let was = property.get("enum").and_then(Value::as_array);
        let was: Option<BTreeSet<String>> =
            was.map(|was| was.iter().filter(|choice| !choice.is_null()).map(ToString::to_string).collect());
        match (was, is) {
            (None, Some(_)) if backward => Some("added, and old events may break it"),
            (Some(was), Some(is)) if backward && !is.is_superset(&was) => {
                Some("tightened, and old events may break it")
            }
            (Some(was), Some(is)) if forward && !was.is_superset(&is) => {
                Some("loosened, and old readers refuse what it allows now")
            }
            _ => None,
        }
    }
}

/// The one type that a property has beside `null`.
fn only_type(property: &Map<String, Value>) -> Option<&str> {
    match property.get("type")? {
        Value::String(only) => Some(only),
        Value::Array(several) => {
            let mut types = several.iter().filter_map(Value::as_str).filter(|ty| *ty != "null");
            types.next().filter(|_| types.next().is_none())
        }
        _ => None,
    }
}

fn member_name(field: &Field) -> Option<&str> {
    match &field.wire {
        Wire::Member(name) => Some(name),
        _ => None,
    }
}

fn member_span(field: &Field) -> Span {
    match &field.member {
        Member::Named(name) => name.span(),
        Member::Unnamed(_) => field.ty.span(),
    }
}
