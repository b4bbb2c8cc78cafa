//! AsyncAPI 3.0: a channel a queue (a pack, where no configuration tells the queues), each with its messages.

use serde_json::{Map, Value, json};

use super::flows::Queue;
use super::{Catalogue, Event, Version, slug};

/// The SQS binding that the document's `bindings.sqs` follow.
const SQS_BINDING: &str = "0.2.0";

/// The document.
pub(crate) fn document(catalogue: &Catalogue, version: &str) -> Value {
    let mut schemas = Map::new();
    let mut messages = Map::new();
    for version in catalogue.events().flat_map(|event| &event.versions) {
        add_schema(&mut schemas, version);
        messages.insert(message_name(version), message(version));
    }
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": { "title": catalogue.title, "version": version },
        "defaultContentType": "application/json",
        "channels": channels(catalogue),
        "operations": operations(catalogue),
        "components": { "messages": messages, "schemas": schemas },
    });
    let servers = servers(catalogue);
    if !servers.is_empty() {
        document["servers"] = servers.into();
    }
    document
}

fn message_name(version: &Version) -> String {
    slug(&format!("{}.v{}", version.descriptor.payload_type, version.number()))
}

fn servers(catalogue: &Catalogue) -> Map<String, Value> {
    let queues = catalogue.flows.queues.values().filter(|queue| queue.transport == "sqs");
    let regions = queues.filter_map(|queue| queue.region.as_deref());
    regions.map(|region| (slug(&format!("sqs-{region}")), server(region))).collect()
}

fn server(region: &str) -> Value {
    json!({ "host": format!("sqs.{region}.amazonaws.com"), "protocol": "sqs", "description": "Amazon SQS" })
}

fn channels(catalogue: &Catalogue) -> Map<String, Value> {
    if catalogue.flows.is_empty() {
        let channel = |pack: &super::Pack| {
            let value = json!({
                "address": null,
                "title": pack.name,
                "description": pack.description,
                "messages": message_refs(pack.events.iter()),
            });
            (pack.slug.clone(), value)
        };
        return catalogue.packs.iter().map(channel).collect();
    }
    catalogue.flows.queues.values().map(|queue| (slug(&queue.name), channel(catalogue, queue))).collect()
}

/// The messages of a channel: of each event, every version that its code reads.
fn message_refs<'a>(events: impl Iterator<Item = &'a Event>) -> Map<String, Value> {
    let names = events.flat_map(|event| event.versions.iter().map(message_name));
    names.map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") }))).collect()
}

fn channel(catalogue: &Catalogue, queue: &Queue) -> Value {
    let kind = if queue.ordered { "FIFO queue" } else { "queue" };
    let mut channel = json!({
        "address": queue.name,
        "description": format!("{} {kind} `{}`", queue.transport, queue.name),
        "messages": message_refs(events_in(catalogue, &queue.name)),
    });
    if queue.transport != "sqs" {
        channel["x-transport"] = queue.transport.as_str().into();
        return channel;
    }
    if let Some(region) = &queue.region {
        channel["servers"] = json!([{ "$ref": format!("#/servers/{}", slug(&format!("sqs-{region}"))) }]);
    }
    let mut binding =
        json!({ "queue": { "name": queue.name, "fifoQueue": queue.ordered }, "bindingVersion": SQS_BINDING });
    if let Some(name) = &queue.dead_letters {
        binding["deadLetterQueue"] = json!({ "name": name, "fifoQueue": name.ends_with(".fifo") });
    }
    channel["bindings"] = json!({ "sqs": binding });
    channel
}

fn events_in<'a>(catalogue: &'a Catalogue, queue: &'a str) -> impl Iterator<Item = &'a Event> {
    catalogue.events().filter(move |event| event.places.iter().any(|place| place.queue == queue))
}

fn operations(catalogue: &Catalogue) -> Map<String, Value> {
    let mut operations = Map::new();
    for queue in catalogue.flows.queues.values() {
        let channel = slug(&queue.name);
        let reference = |version: &Version| json!({ "$ref": format!("#/channels/{channel}/messages/{}", message_name(version)) });
        for producer in &queue.producers {
            let sent = events_in(catalogue, &queue.name)
                .filter(|event| event.places.iter().any(|place| place.producer == *producer));
            // Only the newest version is ever sent.
            let messages: Vec<_> = sent.filter_map(|event| event.versions.first()).map(reference).collect();
            operations.insert(slug(&format!("send.{producer}")), operation("send", &channel, messages));
        }
        for consumer in &queue.consumers {
            let received = events_in(catalogue, &queue.name).flat_map(|event| &event.versions);
            let messages = received.map(reference).collect();
            operations.insert(slug(&format!("receive.{consumer}")), operation("receive", &channel, messages));
        }
    }
    operations
}

fn operation(action: &str, channel: &str, messages: Vec<Value>) -> Value {
    json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{channel}") },
        "messages": messages,
    })
}

/// The envelope of a version, as the native format writes it.
fn message(version: &Version) -> Value {
    let event = version.descriptor;
    let name = message_name(version);
    let text = |description: &str| json!({ "type": "string", "description": description });
    let payload = json!({
        "type": "object",
        "required": ["id", "payload_type", "payload"],
        "properties": {
            "id": text("The event's id"),
            "payload_type": { "const": event.payload_type },
            "version": if event.version == 1 {
                json!({ "const": 1, "description": "Absent for version 1" })
            } else {
                json!({ "const": event.version })
            },
            "occurred_at": { "type": "string", "format": "date-time" },
            "source": text("The service that emitted it"),
            "correlation_id": text("What the events of one chain share"),
            "causation_id": text("The id of the message whose handling emitted it"),
            "partition_key": text("The ordering key"),
            "payload": { "$ref": format!("#/components/schemas/{name}") },
        },
    });
    let mut message = json!({
        "name": event.payload_type,
        "title": format!("{} v{}", event.payload_type, event.version),
        "summary": event.description,
        "contentType": "application/json",
        "payload": payload,
        "x-version": event.version,
    });
    let example = |example: &super::Example| {
        let payload: Value = serde_json::from_str(&example.json).ok()?;
        let mut envelope = json!({ "id": "example", "payload_type": event.payload_type, "payload": payload });
        if event.version > 1 {
            envelope["version"] = event.version.into();
        }
        Some(json!({ "name": slug(&example.name), "payload": envelope }))
    };
    let examples: Vec<_> = version.examples.iter().filter_map(example).collect();
    if !examples.is_empty() {
        message["examples"] = examples.into();
    }
    message
}

/// The schema of a version, its definitions beside it: a reference points into the document that holds it.
fn add_schema(schemas: &mut Map<String, Value>, version: &Version) {
    let name = message_name(version);
    let mut schema = version.schema.clone();
    let Some(members) = schema.as_object_mut() else { return };
    members.remove("$schema");
    members.remove("x-writer");
    if let Some(Value::Object(definitions)) = members.remove("$defs") {
        for (definition, mut value) in definitions {
            point_to(&mut value, &name);
            schemas.insert(slug(&format!("{name}.{definition}")), value);
        }
    }
    point_to(&mut schema, &name);
    schemas.insert(name, schema);
}

/// Makes references into the schema's own `$defs` references to the document's components.
fn point_to(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref") {
                if let Some(definition) = reference.strip_prefix("#/$defs/") {
                    *reference = format!("#/components/schemas/{}", slug(&format!("{name}.{definition}")));
                } else if reference == "#" {
                    *reference = format!("#/components/schemas/{name}");
                }
            }
            members.values_mut().for_each(|member| point_to(member, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| point_to(item, name)),
        _ => {}
    }
}
