//! `catalog`: every format over the packs.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{CONFIG, folder, root, run};

#[test]
fn asyncapi_documents_are_valid() {
    let path = root().join("../../shared/conformance/asyncapi/asyncapi-3.0.0.schema.json");
    let Ok(schema) = std::fs::read_to_string(path) else {
        println!("skipped: conformance data not found");
        return;
    };
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let sqs = folder("asyncapi").join("sqs.json");
    let text = std::fs::read_to_string(root().join("tests/packs/source_design.json")).unwrap();
    std::fs::write(
        &sqs,
        text.replace("${env.AWS_ACCESS_KEY_ID}", "x").replace("${env.AWS_SECRET_ACCESS_KEY}", "x"),
    )
    .unwrap();
    for config in [&[][..], &["-c", CONFIG], &["-c", sqs.to_str().unwrap()]] {
        let run = run(&[&["catalog", "asyncapi"], config].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        let document: Value = serde_json::from_str(&run.out).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{config:?}: {errors:?}");
        references_lead_somewhere(&document, &document);
    }
}

fn references_lead_somewhere(value: &Value, document: &Value) {
    if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
        let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads out"));
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    let members = value.as_object().into_iter().flat_map(|members| members.values());
    let items = value.as_array().into_iter().flatten();
    members.chain(items).for_each(|inner| references_lead_somewhere(inner, document));
}

#[test]
fn a_queue_is_a_channel_of_many_messages() {
    let document: Value = serde_json::from_str(&run(&["catalog", "asyncapi", "-c", CONFIG]).out).unwrap();
    let messages = document["channels"]["orders.fifo"]["messages"].as_object().unwrap();
    assert!(messages.contains_key("OrderCreatedEvent.v1") && messages.contains_key("OrderCreatedEvent.v2"));
    let sent = document["operations"]["send.orders_producer"]["messages"].as_array().unwrap();
    assert!(sent.iter().all(|message| !message["$ref"].as_str().unwrap().contains("OrderCreatedEvent.v1")));
    assert!(document["operations"]["receive.orders"].is_object());
}

/// Every link of every page leads to a page, and nothing leads out.
#[test]
fn the_site_is_whole_and_needs_no_network() {
    let site = folder("site");
    let run = run(&["catalog", "html", "-c", CONFIG, "--out", site.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let mut pages = vec![site.join("index.html")];
    for inner in ["packs", "events"] {
        pages.extend(std::fs::read_dir(site.join(inner)).unwrap().map(|entry| entry.unwrap().path()));
    }
    assert_eq!(pages.len(), 1 + 11 + 29);
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for attribute in ["href=\"", "src=\""] {
            for link in text.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()) {
                if link.starts_with('#') || link == "data:," {
                    continue;
                }
                assert!(!link.contains(':') && !link.starts_with("//"), "{}: {link}", page.display());
                let target = page.parent().unwrap().join(link.split('#').next().unwrap());
                assert!(target.exists(), "{}: {link}", page.display());
            }
        }
    }
    let event = std::fs::read_to_string(site.join("events/UserRegisteredEvent.html")).unwrap();
    for part in [
        "marketing_consent",
        "personal data",
        "Version 2",
        "ada.brunner@example.com",
        "<svg",
        "audit_producer",
    ] {
        assert!(event.contains(part), "{part}");
    }
}

#[test]
fn pages_of_what_is_gone_go_and_what_others_put_there_stays() {
    let site = folder("stale");
    let out = site.to_str().unwrap();
    assert_eq!(run(&["catalog", "html", "--out", out]).code, 0);
    let manifest = site.join(".events-catalog.json");
    let mut names: Vec<String> = serde_json::from_str(&std::fs::read_to_string(&manifest).unwrap()).unwrap();
    for (name, is_ours) in [("old/GoneEvent.html", true), ("notes.html", false)] {
        let file = site.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "").unwrap();
        names.extend(is_ours.then(|| name.to_owned()));
    }
    // A manifest that somebody spoilt leads nowhere else.
    let outside = folder("stale-outside").join("kept.html");
    std::fs::write(&outside, "").unwrap();
    names.extend(["../stale-outside/kept.html".to_owned(), outside.to_str().unwrap().to_owned()]);
    std::fs::write(&manifest, serde_json::to_string(&names).unwrap()).unwrap();
    let again = run(&["catalog", "html", "--out", out]);
    assert!(again.code == 0 && again.err.contains("1 of events and packs that are gone"), "{}", again.err);
    assert!(!site.join("old").exists() && site.join("notes.html").exists() && outside.exists());
    assert!(site.join("events/OrderPaidEvent.html").exists());
}

#[test]
fn markdown_has_a_page_a_pack() {
    let wiki = folder("wiki");
    assert_eq!(run(&["catalog", "markdown", "--out", wiki.to_str().unwrap()]).code, 0);
    assert_eq!(
        std::fs::read_dir(&wiki).unwrap().count(),
        12 + 1,
        "a page a pack, an index, the list of pages"
    );
    let index = std::fs::read_to_string(wiki.join("README.md")).unwrap();
    assert!(index.contains("(OrderMessagePack.md#orderpaidevent)"), "{index}");
    assert!(run(&["catalog", "markdown"]).out.contains("\n### OrderPaidEvent\n"));
}

#[test]
fn eventcatalog_pages_have_ids_versions_and_schemas() {
    let out = folder("eventcatalog");
    assert_eq!(run(&["catalog", "eventcatalog", "-c", CONFIG, "--out", out.to_str().unwrap()]).code, 0);
    let event = |path: &str| front(&out.join("events").join(path));
    assert!(event("OrderCreatedEvent/index.mdx").contains("version: \"2.0.0\""));
    assert!(event("OrderCreatedEvent/versioned/1.0.0/index.mdx").contains("version: \"1.0.0\""));
    assert!(out.join("events/OrderCreatedEvent/schema.json").exists());
    let kinds: BTreeSet<_> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [".events-catalog.json", "channels", "domains", "events", "services"]
    );
    assert!(front(&out.join("services/orders/index.mdx")).contains("receives:"));
    assert!(front(&out.join("services/orders_producer/index.mdx")).contains("sends:"));
}

fn front(page: &Path) -> String {
    let text = std::fs::read_to_string(page).unwrap();
    text.split("---\n").nth(1).unwrap().to_owned()
}
