//! The fields of an event as rows, those of nested types below the field that holds them.

use event_runtime::event::{EventDescriptor, FieldDescriptor, Rule};

/// Types inside types inside types: deeper rows help nobody.
const MAX_DEPTH: usize = 4;

/// One field.
pub(crate) struct FieldRow {
    /// The path on the wire: `lines[].sku`.
    pub(crate) path: String,
    pub(crate) type_name: String,
    pub(crate) required: bool,
    /// The rules, but for nesting.
    pub(crate) constraints: String,
    pub(crate) pii: Option<&'static str>,
    pub(crate) description: &'static str,
    pub(crate) depth: usize,
}

/// The rows of an event.
pub(crate) fn rows(event: &EventDescriptor) -> Vec<FieldRow> {
    let mut rows = Vec::new();
    add(&mut rows, event.fields, "", 0);
    rows
}

fn add(rows: &mut Vec<FieldRow>, fields: &'static [FieldDescriptor], above: &str, depth: usize) {
    for field in fields {
        let own = if field.is_flat() { "(flattened)" } else { field.name };
        let variant = field.variant.map(|variant| format!("{}: ", variant.name)).unwrap_or_default();
        let path =
            if above.is_empty() { format!("{variant}{own}") } else { format!("{above}.{variant}{own}") };
        let constraints: Vec<_> = field
            .rules
            .iter()
            .filter(|rule| !matches!(rule, Rule::Nested(_)))
            .map(|rule| rule.to_string())
            .collect();
        rows.push(FieldRow {
            path: path.clone(),
            type_name: field.type_name.to_owned(),
            required: field.required,
            constraints: constraints.join(", "),
            pii: field.pii.map(|pii| pii.as_str()),
            description: field.description,
            depth,
        });
        if depth < MAX_DEPTH {
            let is_list = field.type_name.contains("Vec<") || field.type_name.contains("Set<");
            let below = if is_list { format!("{path}[]") } else { path };
            nested(rows, field.rules, &below, depth + 1);
        }
    }
}

fn nested(rows: &mut Vec<FieldRow>, rules: &'static [Rule], above: &str, depth: usize) {
    for rule in rules {
        match rule {
            Rule::Nested(fields) => add(rows, fields(), above, depth),
            Rule::Inner(rules) => nested(rows, rules, above, depth),
            _ => {}
        }
    }
}
