//! What schemars does not know of an event: the rules that it reads wrongly or not at all, personal data,
//! descriptions. It goes over the finished schema by wire names, into nested types too.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::event::rules::Emptiness;
use crate::event::{FieldDescriptor, Rule, Tagging};

type Object = Map<String, Value>;

/// Which side of the wire a schema describes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Direction {
    Read,
    Written,
}

/// Adds to `root` what `fields` say.
pub(super) fn constrain(root: &mut Object, fields: &'static [FieldDescriptor], direction: Direction) {
    let mut pass = Pass { direction, seen: BTreeSet::new(), found: Vec::new() };
    pass.fields(root, fields);
    while let Some((name, fields)) = pass.found.pop() {
        if pass.seen.insert(name.clone()) {
            let definition = root.get_mut("$defs").and_then(|definitions| definitions.get_mut(&name));
            if let Some(Value::Object(definition)) = definition {
                pass.fields(definition, fields);
            }
        }
    }
}

struct Pass {
    direction: Direction,
    /// The definitions that were done.
    seen: BTreeSet<String>,
    /// The definitions that were found, with the fields of their types.
    found: Vec<(String, &'static [FieldDescriptor])>,
}

impl Pass {
    /// The fields of the type that `holder` describes.
    fn fields(&mut self, holder: &mut Object, fields: &'static [FieldDescriptor]) {
        for field in fields {
            match &field.variant {
                None => self.field(holder, field),
                Some(variant) => {
                    for branch in branches(holder, variant.name, variant.tagging) {
                        self.field(branch, field);
                    }
                }
            }
        }
    }

    fn field(&mut self, holder: &mut Object, field: &'static FieldDescriptor) {
        if field.is_flat() {
            self.rules(holder, field.rules);
            return;
        }
        let name = match self.direction {
            Direction::Read => field.name,
            Direction::Written => field.written_name,
        };
        let Some(property) = property(holder, name).and_then(object) else { return };
        if !field.description.is_empty() {
            property.insert("description".to_owned(), field.description.into());
        }
        if let Some(pii) = field.pii {
            property.insert("x-pii".to_owned(), pii.as_str().into());
        }
        if self.direction == Direction::Read && !field.aliases.is_empty() {
            property.insert("x-aliases".to_owned(), field.aliases.iter().copied().collect());
        }
        self.rules(property, field.rules);
        if field.required && holder.contains_key("properties") {
            require(holder, name);
        }
    }

    fn rules(&mut self, schema: &mut Object, rules: &'static [Rule]) {
        for rule in rules {
            self.rule(schema, rule);
        }
    }

    fn rule(&mut self, schema: &mut Object, rule: &'static Rule) {
        match rule {
            Rule::Required(Emptiness::Empty) => length(schema, 1, usize::MAX),
            Rule::Required(_) | Rule::Custom(_) => {}
            Rule::Length { min, max } => length(schema, *min, *max),
            Rule::Range { min, max } => {
                for (keyword, bound) in [("minimum", min), ("maximum", max)] {
                    if let Some(bound) = bound.to_json() {
                        schema.insert(keyword.to_owned(), bound);
                    }
                }
            }
            Rule::Email => format(schema, "email"),
            Rule::Url => format(schema, "uri"),
            Rule::Uuid => format(schema, "uuid"),
            Rule::Ip => {
                schema.remove("format");
                let either = json!([{ "format": "ipv4" }, { "format": "ipv6" }]);
                schema.insert("anyOf".to_owned(), either);
            }
            Rule::Pattern(pattern) => {
                schema.insert("pattern".to_owned(), (*pattern).into());
            }
            Rule::OneOf(choices) => {
                let null = has_type(schema, "null").then_some(Value::Null);
                let choices: Vec<_> =
                    choices.iter().filter_map(|choice| choice.to_json()).chain(null).collect();
                schema.insert("enum".to_owned(), choices.into());
            }
            Rule::Inner(rules) => {
                for item in items(schema) {
                    self.rules(item, rules);
                }
            }
            Rule::Nested(fields) => self.nested(schema, fields()),
        }
    }

    /// Follows a value to the type that it is of, through options, lists and maps.
    fn nested(&mut self, schema: &mut Object, fields: &'static [FieldDescriptor]) {
        if fields.is_empty() {
            return;
        }
        if let Some(name) =
            schema.get("$ref").and_then(Value::as_str).and_then(|at| at.strip_prefix("#/$defs/"))
        {
            self.found.push((name.replace("~1", "/").replace("~0", "~"), fields));
            return;
        }
        let is_variants = ["oneOf", "anyOf"].iter().any(|keyword| schema.contains_key(*keyword))
            && fields.iter().any(|field| field.variant.is_some());
        if schema.contains_key("properties") || is_variants {
            self.fields(schema, fields);
            return;
        }
        for keyword in ["anyOf", "oneOf", "allOf"] {
            if let Some(Value::Array(options)) = schema.get_mut(keyword) {
                options
                    .iter_mut()
                    .filter_map(Value::as_object_mut)
                    .for_each(|option| self.nested(option, fields));
            }
        }
        for item in items(schema) {
            self.nested(item, fields);
        }
    }
}

/// The value of a property or of an item.
fn property<'a>(holder: &'a mut Object, name: &str) -> Option<&'a mut Value> {
    if holder.contains_key("properties") {
        return holder.get_mut("properties")?.get_mut(name);
    }
    let index: usize = name.parse().ok()?;
    holder.get_mut("prefixItems")?.get_mut(index)
}

/// The schema as an object; `true` is one without members.
fn object(schema: &mut Value) -> Option<&mut Object> {
    if !schema.is_object() {
        *schema = Value::Object(Object::new());
    }
    schema.as_object_mut()
}

fn require(holder: &mut Object, name: &str) {
    let required = holder.entry("required").or_insert_with(|| json!([]));
    if let Value::Array(required) = required
        && !required.iter().any(|known| known == name)
    {
        required.push(name.into());
    }
}

fn has_type(schema: &Object, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

fn length(schema: &mut Object, min: usize, max: usize) {
    let kinds = [
        ("string", "minLength", "maxLength"),
        ("array", "minItems", "maxItems"),
        ("object", "minProperties", "maxProperties"),
    ];
    for (kind, least, most) in kinds {
        if !has_type(schema, kind) {
            continue;
        }
        let before = schema.get(least).and_then(Value::as_u64).unwrap_or(0);
        if min as u64 > before {
            schema.insert(least.to_owned(), min.into());
        }
        if max < usize::MAX {
            schema.insert(most.to_owned(), max.into());
        }
    }
}

fn format(schema: &mut Object, format: &str) {
    schema.insert("format".to_owned(), format.into());
}

/// The schemas of what a list or a map holds.
fn items(schema: &mut Object) -> Vec<&mut Object> {
    let mut items = Vec::new();
    for (keyword, value) in schema.iter_mut() {
        match (keyword.as_str(), value) {
            ("items" | "additionalProperties", Value::Object(item)) => items.push(item),
            ("patternProperties", Value::Object(patterns)) => {
                items.extend(patterns.values_mut().filter_map(Value::as_object_mut));
            }
            ("prefixItems", Value::Array(prefix)) => {
                items.extend(prefix.iter_mut().filter_map(Value::as_object_mut))
            }
            _ => {}
        }
    }
    items
}

/// The schemas of a variant's content.
fn branches<'a>(holder: &'a mut Object, name: &str, tagging: Tagging) -> Vec<&'a mut Object> {
    let mut branches = Vec::new();
    for (keyword, value) in holder.iter_mut() {
        if let ("oneOf" | "anyOf", Value::Array(options)) = (keyword.as_str(), value) {
            let objects = options.iter_mut().filter_map(Value::as_object_mut);
            branches.extend(objects.filter_map(|option| content(option, name, tagging)));
        }
    }
    branches
}

/// The content of a branch, where it is that of the variant.
fn content<'a>(option: &'a mut Object, name: &str, tagging: Tagging) -> Option<&'a mut Object> {
    let is_tagged = |option: &Object, tag: &str| {
        option.get("properties").and_then(|properties| properties.get(tag)).and_then(|tag| tag.get("const"))
            == Some(&Value::from(name))
    };
    match tagging {
        Tagging::External => option.get_mut("properties")?.get_mut(name)?.as_object_mut(),
        Tagging::Internal { tag } => is_tagged(option, tag).then_some(option),
        Tagging::Adjacent { tag, content } => {
            if !is_tagged(option, tag) {
                return None;
            }
            option.get_mut("properties")?.get_mut(content)?.as_object_mut()
        }
        Tagging::Untagged => Some(option),
    }
}
