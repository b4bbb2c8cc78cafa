//! Lists with columns.

use comfy_table::{Attribute, Cell, ContentArrangement, presets};
use serde_json::{Map, Value};

/// A terminal that says it is narrower does not know its width.
const NARROWEST: u16 = 40;

/// A list: each row is printed as cells or as a JSON object with the columns' names.
pub(crate) struct Table {
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Table {
    pub(crate) fn new(columns: &'static [&'static str]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row; one value a column.
    pub(crate) fn row(&mut self, values: impl IntoIterator<Item = Value>) {
        self.rows.push(values.into_iter().collect());
    }

    pub(crate) fn objects(&self) -> Vec<Value> {
        let object = |row: &Vec<Value>| {
            let members = self.columns.iter().map(|name| (*name).to_owned()).zip(row.iter().cloned());
            Value::Object(members.collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }

    /// The table as text; as wide as the terminal where there is one.
    pub(crate) fn render(&self, terminal: bool, colors: bool) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        if terminal && table.width().is_some_and(|width| width >= NARROWEST) {
            table.set_content_arrangement(ContentArrangement::Dynamic);
        }
        if !colors {
            table.force_no_tty();
        }
        let head =
            self.columns.iter().map(|name| Cell::new(name.replace('_', " ")).add_attribute(Attribute::Bold));
        table.set_header(head);
        for row in &self.rows {
            table.add_row(row.iter().map(text));
        }
        table.trim_fmt()
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rows_are_objects_or_cells() {
        let mut table = Table::new(&["queue", "in_flight"]);
        table.row([json!("orders"), Value::Null]);
        assert_eq!(table.objects(), [json!({ "queue": "orders", "in_flight": null })]);
        let text = table.render(false, false);
        assert!(text.contains("in flight") && text.contains("orders") && !text.contains('\u{1b}'), "{text}");
    }
}
