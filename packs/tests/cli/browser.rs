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
        .args([
            "--enable-logging=stderr",
            "--dump-dom",
            "--virtual-time-budget=5000",
            "--allow-file-access-from-files",
        ])
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
    assert!(results.contains("lines[].unit_price.amount_minor"), "the fields that were found: {results}");
    assert_eq!(complaints, "");
    let event = site.join("events/OrderCreatedEvent.html");
    let Some((page, complaints)) = open(&event, "?q=nothing-like-it", &profile) else { return };
    assert!(page.contains("lines[].unit_price.amount_minor") && page.contains("Nothing found"));
    assert_eq!(complaints, "");
}

/// A page of ours inside the site: it opens each kind of page in a frame, goes over the map by focus as the Tab key
/// does, and writes down what it saw.
const VISITOR: &str = r##"<!doctype html><meta charset="utf-8"><body data-root=""><pre id="seen"></pre>
<iframe id="page" src="index.html" style="width:360px;height:700px"></iframe><script>
const frame = document.getElementById("page"), seen = document.getElementById("seen");
const say = (text) => seen.append(text + "\n");
const pages = ["index.html", "packs/OrderMessagePack.html", "events/UserRegisteredEvent.html"];
frame.addEventListener("load", () => {
  const page = frame.contentDocument, view = frame.contentWindow;
  say(`wide ${page.documentElement.scrollWidth > page.documentElement.clientWidth}`);
  const box = page.querySelector('.map .node[data-node="2:orders.fifo"]');
  if (box) { box.focus(); say("flows " + page.getElementById("flow-events").textContent); }
  const menu = page.getElementById("menu"); menu.click();
  say(`menu ${menu.getAttribute("aria-expanded")}`);
  page.getElementById("theme").click();
  say(`theme ${page.documentElement.dataset.theme}`);
  const search = page.getElementById("search");
  page.dispatchEvent(new view.KeyboardEvent("keydown", { key: "/", bubbles: true }));
  say(`slash ${page.activeElement === search}`);
  search.value = "orderpaid"; search.dispatchEvent(new view.Event("input"));
  search.dispatchEvent(new view.KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
  say(`selected ${page.querySelector("#results [aria-selected=true] strong")?.textContent}`);
  search.dispatchEvent(new view.KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
  say(`closed ${page.getElementById("results").hidden}`);
  pages.shift();
  if (pages.length) frame.src = pages[0]; else say("end");
});
</script></body>"##;

#[test]
fn every_kind_of_page_serves_the_keyboard_and_a_narrow_screen() {
    let site = folder("browser-keyboard");
    assert_eq!(run(&["catalog", "html", "-c", CONFIG, "--out", site.to_str().unwrap()]).code, 0);
    std::fs::write(site.join("visitor.html"), VISITOR).unwrap();
    let profile = folder("browser-keyboard-profile");
    let Some((page, complaints)) = open(&site.join("visitor.html"), "", &profile) else { return };
    assert_eq!(complaints, "");
    let seen = page.split("id=\"seen\">").nth(1).and_then(|rest| rest.split("</pre>").next()).unwrap();
    assert!(seen.contains("end"), "{seen}");
    let count = |text: &str| seen.lines().filter(|line| line.contains(text)).count();
    for text in ["wide false", "menu true", "theme ", "slash true", "selected OrderPaidEvent", "closed true"]
    {
        assert_eq!(count(text), 3, "{text} in {seen}");
    }
    assert!(seen.contains("flows orders.fifo 5 events: OrderCancelledEvent, OrderCreatedEvent"), "{seen}");
}
