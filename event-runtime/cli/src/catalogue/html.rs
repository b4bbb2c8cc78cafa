//! The static site: pages, a style sheet, a script, a search index. Nothing of it asks the network.

use askama::Template;
use serde_json::{Value, json};

use super::{Catalogue, Event, Files, Pack, map};
use crate::failure::{Failure, Result};

const STYLE: &str = include_str!("../../templates/style.css");
const SCRIPT: &str = include_str!("../../templates/site.js");

/// What every page has around its content.
struct Frame<'a> {
    title: &'a str,
    /// From the page to the site's root.
    root: &'static str,
    catalogue: &'a Catalogue,
    /// The pack whose place in the list is marked.
    current: &'a str,
}

#[derive(Template)]
#[template(path = "index.html")]
struct Index<'a> {
    frame: Frame<'a>,
    map: String,
    events: usize,
}

#[derive(Template)]
#[template(path = "pack.html")]
struct PackPage<'a> {
    frame: Frame<'a>,
    pack: &'a Pack,
}

#[derive(Template)]
#[template(path = "event.html")]
struct EventPage<'a> {
    frame: Frame<'a>,
    event: &'a Event,
    map: String,
    schema: String,
}

/// The site's files.
///
/// # Errors
/// Where a template fails.
pub(crate) fn files(catalogue: &Catalogue) -> Result<Files> {
    let mut files = Files::from([
        ("style.css".to_owned(), STYLE.to_owned()),
        ("site.js".to_owned(), SCRIPT.to_owned()),
        ("search.js".to_owned(), search_index(catalogue)),
    ]);
    let frame = |title, root, current| Frame { title, root, catalogue, current };
    let index = Index {
        frame: frame("Overview", "", ""),
        map: map::svg(catalogue, None, ""),
        events: catalogue.events().count(),
    };
    files.insert("index.html".to_owned(), render(&index)?);
    for pack in &catalogue.packs {
        let page = PackPage { frame: frame(pack.name, "../", pack.name), pack };
        files.insert(format!("packs/{}.html", pack.slug), render(&page)?);
        for event in &pack.events {
            let payload_type = event.descriptor.payload_type;
            let page = EventPage {
                frame: frame(payload_type, "../", pack.name),
                event,
                map: map::svg(catalogue, Some(payload_type), "../"),
                schema: event.versions.first().map(|one| format!("{:#}", one.schema)).unwrap_or_default(),
            };
            files.insert(format!("events/{}.html", event.slug), render(&page)?);
        }
    }
    Ok(files)
}

fn render(page: &impl Template) -> Result<String> {
    page.render().map_err(|error| Failure::failed(&error))
}

/// A text as HTML, what stands in backticks as code.
pub(crate) fn prose(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let parts: Vec<_> = escaped.split('`').collect();
    // A backtick without a second one is a backtick.
    if parts.len() % 2 == 0 {
        return escaped;
    }
    let code = |(index, part): (usize, &&str)| match index % 2 {
        0 => (*part).to_owned(),
        _ => format!("<code>{part}</code>"),
    };
    parts.iter().enumerate().map(code).collect()
}

/// A name as HTML that may be broken where its words meet: `OrderPaid<wbr>Event`, `orders.<wbr>order`.
pub(crate) fn name(text: &str) -> String {
    let mut html = String::new();
    let mut before = ' ';
    for character in text.chars() {
        let meets = character.is_uppercase() && before.is_lowercase() || matches!(before, '.' | '_' | '-');
        if meets {
            html.push_str("<wbr>");
        }
        html.push_str(&prose_character(character));
        before = character;
    }
    html
}

fn prose_character(character: char) -> String {
    match character {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    }
}

/// The index as a script: a page that was opened as a file may load scripts, and nothing else.
fn search_index(catalogue: &Catalogue) -> String {
    let packs = catalogue.packs.iter().map(|pack| {
        json!({
            "name": pack.name, "kind": "pack", "url": format!("packs/{}.html", pack.slug), "about": pack.description,
            "words": "", "fields": [],
        })
    });
    let events = catalogue.events().map(|event| {
        let fields: Vec<_> = event.fields.iter().map(|field| field.path.as_str()).collect();
        let descriptions = event.fields.iter().map(|field| field.description.to_owned());
        let places = event.places.iter().map(|place| format!("{} {}", place.producer, place.queue));
        json!({
            "name": event.descriptor.payload_type,
            "kind": event.pack,
            "url": format!("events/{}.html", event.slug),
            "about": event.descriptor.description,
            "fields": fields,
            "words": descriptions.chain(places).collect::<Vec<_>>().join(" "),
        })
    });
    let entries: Value = packs.chain(events).collect();
    // `</` would end the script where the index is inlined.
    format!("window.CATALOGUE = {};\n", entries.to_string().replace("</", "<\\/"))
}

#[cfg(test)]
mod tests {
    use super::{name, prose};

    #[test]
    fn names_may_be_broken_where_words_meet() {
        assert_eq!(name("AIRequestedEvent"), "AIRequested<wbr>Event");
        assert_eq!(name("orders.order<x>"), "orders.<wbr>order&lt;x&gt;");
    }

    #[test]
    fn prose_is_escaped_and_code_is_marked() {
        assert_eq!(prose("a `b<c>` & d"), "a <code>b&lt;c&gt;</code> &amp; d");
        assert_eq!(prose("a ` b"), "a ` b");
    }
}
