//! Markdown for a wiki: an index, and a page a pack.

use std::fmt::Write as _;

use super::{Catalogue, Event, Files, Pack};

/// The pages.
pub(crate) fn files(catalogue: &Catalogue) -> Files {
    let mut files = Files::from([("README.md".to_owned(), index(catalogue))]);
    files.extend(catalogue.packs.iter().map(|pack| (format!("{}.md", pack.slug), page(pack))));
    files
}

/// Everything on one page.
pub(crate) fn whole(catalogue: &Catalogue) -> String {
    let mut text = format!("# {}\n\n", plain(&catalogue.title));
    for pack in &catalogue.packs {
        text.push_str(&page(pack).replace("\n#", "\n##").replacen('#', "##", 1));
        text.push('\n');
    }
    text
}

fn index(catalogue: &Catalogue) -> String {
    let mut text = format!("# {}\n\n", plain(&catalogue.title));
    for pack in &catalogue.packs {
        line(
            &mut text,
            format_args!("## [{}]({}.md)\n\n{}\n", plain(pack.name), pack.slug, plain(&pack.description)),
        );
        for event in &pack.events {
            let name = event.descriptor.payload_type;
            let link = format!("{}.md#{}", pack.slug, anchor(name));
            line(
                &mut text,
                format_args!("- [{}]({link}): {}", plain(name), plain(event.descriptor.description)),
            );
        }
        text.push('\n');
    }
    text
}

/// The anchor that wikis give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
}

fn page(pack: &Pack) -> String {
    let mut text = format!("# {}\n\n{}\n\n", plain(pack.name), plain(&pack.description));
    for event in &pack.events {
        event_section(&mut text, event);
    }
    text
}

fn event_section(text: &mut String, event: &Event) {
    let descriptor = event.descriptor;
    line(text, format_args!("## {}\n\n{}\n", plain(descriptor.payload_type), plain(descriptor.description)));
    let key = descriptor.key.map(|key| format!(", ordering key `{key}`")).unwrap_or_default();
    let compat = descriptor.compatibility.as_str();
    line(text, format_args!("Version {}{key}, compatibility `{compat}`.\n", descriptor.version));
    if !event.fields.is_empty() {
        text.push_str(
            "| field | type | required | rules | personal data | description |\n|---|---|---|---|---|---|\n",
        );
    }
    for field in &event.fields {
        let required = if field.required { "yes" } else { "" };
        line(
            text,
            format_args!(
                "| `{}` | `{}` | {required} | {} | {} | {} |",
                code(&field.path),
                code(&field.type_name),
                cell(&field.constraints),
                field.pii.unwrap_or(""),
                cell(field.description)
            ),
        );
    }
    text.push('\n');
    for place in &event.places {
        let consumers = match place.consumers.as_slice() {
            [] => "nobody here".to_owned(),
            consumers => consumers.join(", "),
        };
        line(
            text,
            format_args!(
                "- `{}` sends it to `{}` ({}); read by {consumers}",
                place.producer, place.queue, place.rule
            ),
        );
    }
    if !event.places.is_empty() {
        text.push('\n');
    }
    for version in event.versions.iter().filter(|version| !version.changes.is_empty()) {
        line(text, format_args!("Changes of version {}:\n", version.number()));
        for change in &version.changes {
            let mark = if change.breaking { " (breaking)" } else { "" };
            line(text, format_args!("- {}{mark}", plain(&change.sentence)));
        }
        text.push('\n');
    }
    if let Some(example) = event.example() {
        line(text, format_args!("```json\n{}\n```\n", example.json));
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing into a String does not fail.
    let _ = writeln!(text, "{arguments}");
}

/// A text that is no markup; code spans stay.
pub(crate) fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut in_code = false;
    for c in text.chars() {
        in_code ^= c == '`';
        if !in_code && matches!(c, '<' | '>' | '*' | '_' | '#' | '|' | '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn cell(text: &str) -> String {
    plain(text).replace('\n', " ")
}

/// A text inside a code span of a table.
fn code(text: &str) -> String {
    text.replace('`', "'").replace('|', "\\|")
}
