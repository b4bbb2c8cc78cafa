//! The generated site in a real browser, where `CHROMIUM` names one.

use std::path::Path;
use std::process::Command;

use super::{CONFIG, folder, run};

/// The page as the browser has it once its scripts ran, and what they complained of.
fn open(page: &Path, query: &str, profile: &Path) -> Option<(String, String)> {
    let Some(browser) = std::env::var_os("CHROMIUM") else {
        println!("skipped: CHROMIUM names no browser");
        return None;
    };
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--dump-dom", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}{query}", page.display()))
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints = complaints.lines().filter(|line| line.contains("CONSOLE"));
    Some((String::from_utf8(output.stdout).unwrap(), complaints.collect()))
}

#[test]
fn search_works_and_an_event_shows_its_fields() {
    let site = folder("browser");
    assert_eq!(run(&["catalog", "html", "-c", CONFIG, "--out", site.to_str().unwrap()]).code, 0);
    let profile = folder("browser-profile");
    let Some((page, complaints)) = open(&site.join("index.html"), "?q=unit_price", &profile) else { return };
    let results = page.split("id=\"results\"").nth(1).and_then(|rest| rest.split("</ul>").next()).unwrap();
    assert!(results.contains("OrderCreatedEvent") && !results.contains("ChatMessageEvent"), "{results}");
    assert_eq!(complaints, "");
    let event = site.join("events/OrderCreatedEvent.html");
    let Some((page, complaints)) = open(&event, "?q=nothing-like-it", &profile) else { return };
    assert!(page.contains("lines[].unit_price.amount_minor") && page.contains("Nothing found"));
    assert_eq!(complaints, "");
}
