//! Folders and front matter that EventCatalog reads: events with their versions, schemas and examples, channels,
//! services and domains.

use serde_json::{Value, json};

use super::flows::Queue;
use super::{Catalogue, Event, Files, Pack, Version, slug, yaml};

/// The version of what has none of its own.
const ONLY_VERSION: &str = "1.0.0";

/// The files, to be put into a catalogue's folder.
pub(crate) fn files(catalogue: &Catalogue) -> Files {
    let mut files = Files::new();
    for event in catalogue.events() {
        for (index, version) in event.versions.iter().enumerate() {
            let folder = match index {
                0 => format!("events/{}", event.slug),
                _ => format!("events/{}/versioned/{}", event.slug, number(version)),
            };
            files.insert(format!("{folder}/index.mdx"), event_page(event, version));
            files.insert(format!("{folder}/schema.json"), format!("{:#}\n", version.schema));
            for example in &version.examples {
                let name = slug(&example.name.replace(' ', "_"));
                files.insert(format!("{folder}/examples/{name}.json"), format!("{}\n", example.json));
            }
        }
    }
    for queue in catalogue.flows.queues.values() {
        files.insert(format!("channels/{}/index.mdx", slug(&queue.name)), channel(queue));
        for consumer in &queue.consumers {
            files.insert(
                format!("services/{}/index.mdx", slug(consumer)),
                consumer_page(catalogue, queue, consumer),
            );
        }
        for producer in &queue.producers {
            files.insert(
                format!("services/{}/index.mdx", slug(producer)),
                producer_page(catalogue, queue, producer),
            );
        }
    }
    for pack in &catalogue.packs {
        files.insert(format!("domains/{}/index.mdx", pack.slug), domain(pack));
    }
    files
}

fn number(version: &Version) -> String {
    format!("{}.0.0", version.number())
}

/// Front matter and body.
fn page(front: &Value, body: &str) -> String {
    format!("---\n{}---\n\n{body}\n", yaml::print(front))
}

fn event_page(event: &Event, version: &Version) -> String {
    let descriptor = version.descriptor;
    let mut badges = vec![json!({ "content": event.pack, "backgroundColor": "blue", "textColor": "blue" })];
    if descriptor.holds_pii() {
        badges.push(json!({ "content": "personal data", "backgroundColor": "red", "textColor": "red" }));
    }
    let front = json!({
        "id": descriptor.payload_type,
        "name": descriptor.payload_type,
        "version": number(version),
        "summary": descriptor.description,
        "schemaPath": "schema.json",
        "badges": badges,
    });
    let mut body = format!("## Overview\n\n{}\n\n<NodeGraph />\n\n", text(descriptor.description));
    if let Some(key) = descriptor.key {
        body.push_str(&format!("Events of one `{key}` stay in order.\n\n"));
    }
    body.push_str("## Schema\n\n<SchemaViewer file=\"schema.json\" />\n\n");
    if !version.changes.is_empty() {
        body.push_str("## Changes\n\n");
        for change in &version.changes {
            let mark = if change.breaking { " (breaking)" } else { "" };
            body.push_str(&format!("- {}{mark}\n", text(&change.sentence)));
        }
        body.push('\n');
    }
    for example in &version.examples {
        body.push_str(&format!("### {}\n\n```json\n{}\n```\n\n", text(&example.name), example.json));
    }
    page(&front, body.trim_end())
}

fn channel(queue: &Queue) -> String {
    let kind = if queue.ordered { "FIFO queue" } else { "Queue" };
    let front = json!({
        "id": queue.name,
        "name": queue.name,
        "version": ONLY_VERSION,
        "summary": format!("{kind} of transport {}", queue.transport),
        "address": queue.name,
        "protocols": [queue.transport],
    });
    page(&front, "<ChannelInformation />")
}

fn producer_page(catalogue: &Catalogue, queue: &Queue, producer: &str) -> String {
    let is_sent = |event: &&Event| event.places.iter().any(|place| place.producer == producer);
    let sends: Vec<_> = catalogue
        .events()
        .filter(is_sent)
        .filter_map(|event| {
            let version = event.versions.first()?;
            let to = json!([{ "id": queue.name }]);
            Some(json!({ "id": event.descriptor.payload_type, "version": number(version), "to": to }))
        })
        .collect();
    let front = json!({
        "id": producer, "name": producer, "version": ONLY_VERSION,
        "summary": format!("Producer into {}", queue.name), "sends": sends,
    });
    page(&front, "<NodeGraph />")
}

fn consumer_page(catalogue: &Catalogue, queue: &Queue, consumer: &str) -> String {
    let arrives = |event: &&Event| event.places.iter().any(|place| place.queue == queue.name);
    let receives: Vec<_> = catalogue
        .events()
        .filter(arrives)
        .map(|event| json!({ "id": event.descriptor.payload_type, "from": [{ "id": queue.name }] }))
        .collect();
    let front = json!({
        "id": consumer, "name": consumer, "version": ONLY_VERSION,
        "summary": format!("Consumer of {}", queue.name), "receives": receives,
    });
    page(&front, "<NodeGraph />")
}

fn domain(pack: &Pack) -> String {
    let front = json!({
        "id": pack.name, "name": pack.name, "version": ONLY_VERSION, "summary": pack.description,
    });
    let mut body = format!("{}\n\n", text(&pack.description));
    for event in &pack.events {
        let name = event.descriptor.payload_type;
        let version = event.versions.first().map(number).unwrap_or_default();
        body.push_str(&format!("- [{}](/docs/events/{}/{version})\n", text(name), event.slug));
    }
    page(&front, body.trim_end())
}

/// A text that is neither Markdown nor JSX; code spans stay.
fn text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut in_code = false;
    for c in super::markdown::plain(text).chars() {
        in_code ^= c == '`';
        if !in_code && matches!(c, '{' | '}') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
