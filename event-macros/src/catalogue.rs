//! The catalogue in rustdoc: a table of fields on each event's page, a row of each event on its pack's page.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Visibility;
use syn::ext::IdentExt;

use crate::fields::Pii;
use crate::fields::{Field, Wire, type_name};
use crate::rules::short;

/// What the page of an event shows.
pub(crate) struct Entry<'a> {
    /// What happened, where the struct's own documentation does not say it.
    pub(crate) description: Option<&'a str>,
    pub(crate) payload_type: &'a str,
    pub(crate) version: u32,
    pub(crate) key: Option<&'a str>,
    pub(crate) fields: &'a [Field],
}

/// The lines of an event's entry.
pub(crate) fn table(entry: Entry<'_>) -> Vec<String> {
    let mut lines: Vec<_> =
        entry.description.into_iter().flat_map(|text| [format!(" {text}"), String::new()]).collect();
    lines.extend([
        format!(
            " Payload type `{}`, version {}, {}.",
            entry.payload_type,
            entry.version,
            match entry.key {
                Some(key) => format!("ordered by `{key}`"),
                None => "without an ordering key".to_owned(),
            }
        ),
        String::new(),
    ]);
    let fields: Vec<_> = entry.fields.iter().filter(|field| field.wire != Wire::Nowhere).collect();
    if !fields.is_empty() {
        let has_rules = fields.iter().any(|field| !field.rules.is_empty());
        let has_personal = fields.iter().any(|field| field.pii.is_some());
        // A column without an entry only narrows the others.
        let row = |[field, ty, required, rules, personal, description]: [String; 6]| {
            let mut cells = vec![field, ty, required];
            cells.extend(has_rules.then_some(rules));
            cells.extend(has_personal.then_some(personal));
            cells.push(description);
            format!(" | {} |", cells.join(" | "))
        };
        lines.push(row(["field", "type", "required", "rules", "personal", "description"].map(str::to_owned)));
        lines.push(row(["---"; 6].map(str::to_owned)));
        lines.extend(fields.into_iter().map(cells).map(row));
    }
    lines
}

/// What is said of a field, column by column.
fn cells(field: &Field) -> [String; 6] {
    let name = match &field.wire {
        Wire::Member(name) => code(name),
        Wire::Item(index) => index.to_string(),
        Wire::Flat | Wire::Nowhere => format!("members of {}", code(&type_name(&field.ty))),
    };
    let rules: Vec<_> = field.rules.iter().map(short).map(|rule| code(&rule)).collect();
    let personal = match field.pii {
        Some(Pii::Personal) => "yes",
        Some(Pii::Secret) => "secret",
        None => "",
    };
    let required = if field.required { "yes" } else { "" };
    [
        name,
        code(&type_name(&field.ty)),
        required.to_owned(),
        rules.join(", "),
        personal.to_owned(),
        text(&field.description),
    ]
}

/// What a pack's table says of an event, behind its link.
pub(crate) fn row(payload_type: &str, version: u32, description: &str) -> String {
    format!(" {} | {version} | {} |", code(payload_type), text(description))
}

/// The macro by which a pack finds an event's row: it has the event's name, so that the path of the one is the
/// path of the other. `origin` tells events of one name apart.
///
/// A public event's row is public too: another crate's pack that lists the event is refused for that, and not for
/// a macro that it cannot see.
pub(crate) fn row_macro(event: &Ident, visibility: &Visibility, origin: u64, row: &str) -> TokenStream {
    let name = format_ident!("__event_row_of_{}_{origin:x}", event.unraw());
    let export = matches!(visibility, Visibility::Public(_)).then(|| quote!(#[macro_export]));
    quote! {
        #[doc(hidden)]
        #export
        #[allow(unused_macros, non_local_definitions)]
        macro_rules! #name {
            () => {
                #row
            };
        }
        #[doc(hidden)]
        #[allow(unused_imports)]
        #visibility use #name as #event;
    }
}

/// Code in a table's cell. A bar would end the cell; a backtick would end the code.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Text in a table's cell.
fn text(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    plain(&line).replace('|', "\\|")
}

/// Text without what only its own place explains: links to Rust names become their words, a `<` opens no tag. Code and
/// links to pages stay as they are.
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['`', '[', '<', '\\']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let (taken, written) = match from.as_bytes().first() {
            Some(b'`') => {
                verbatim(from, from.get(1..).and_then(|inner| inner.find('`')).map_or(1, |end| end + 2))
            }
            Some(b'\\') => verbatim(from, 1 + from.chars().nth(1).map_or(0, char::len_utf8)),
            Some(b'<') if from.starts_with("<http") => {
                verbatim(from, from.find('>').map_or(1, |end| end + 1))
            }
            Some(b'<') => (1, "&lt;".to_owned()),
            _ => link(from),
        };
        plain.push_str(&written);
        rest = from.get(taken..).unwrap_or_default();
    }
    plain + rest
}

fn verbatim(from: &str, taken: usize) -> (usize, String) {
    (taken, from.get(..taken).unwrap_or_default().to_owned())
}

/// What begins with `[`: how much of it is a link, and what it becomes.
fn link(from: &str) -> (usize, String) {
    let Some(end) = from.find(']') else { return (1, "\\[".to_owned()) };
    let words = from.get(1..end).unwrap_or_default();
    let behind = from.get(end + 1..).unwrap_or_default();
    let target = match behind.as_bytes().first() {
        Some(b'(') => behind.find(')').map(|end| end + 1),
        Some(b'[') => behind.find(']').map(|end| end + 1),
        _ => None,
    };
    match target {
        Some(target) if behind.starts_with("(http") => verbatim(from, end + 1 + target),
        Some(target) => (end + 1 + target, plain(words)),
        None if words.starts_with('`') => (end + 1, plain(words)),
        None => (end + 1, format!("\\[{}\\]", plain(words))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_keeps_code_and_links_to_pages_alone() {
        for (written, shown) in [
            ("plain | text", "plain \\| text"),
            ("a [`Wallet`] of [it](super::It) or [that][It]", "a `Wallet` of it or that"),
            ("see [RFC 3339](https://example.org/a)", "see [RFC 3339](https://example.org/a)"),
            ("<https://example.org> and Vec<u8>", "<https://example.org> and Vec&lt;u8>"),
            ("`a[0] <b>` stays, [0] and \\[x\\] too", "`a[0] <b>` stays, \\[0\\] and \\[x\\] too"),
            ("open ` [ <", "open ` \\[ &lt;"),
            ("ends \\", "ends \\"),
            ("größe [ü", "größe \\[ü"),
        ] {
            assert_eq!(text(written), shown);
        }
    }
}
