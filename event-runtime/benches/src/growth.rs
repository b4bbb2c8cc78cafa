//! How costs grow with payload types, message size and concurrency: one table and one graph each.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use crate::callgrind::Cost;
use crate::cases::growth::{CONCURRENCY, LINES, TYPES, size_of};
use crate::graph::{Line, draw};

/// Prints the tables and writes the graphs.
pub(crate) fn publish(costs: &BTreeMap<String, Cost>) -> io::Result<()> {
    let types: Vec<usize> = TYPES.to_vec();
    let sizes: Vec<usize> = LINES.into_iter().map(size_of).collect();
    let concurrency: Vec<usize> = CONCURRENCY.to_vec();
    let series = |name: &'static str, case: &str, values: &[usize]| {
        let cost = |value: &usize| costs.get(&case.replace("{}", &value.to_string()));
        let point = |value: &usize| Some((*value as f64, cost(value)?.instructions));
        Line { name, points: values.iter().filter_map(point).collect() }
    };
    show(
        "types",
        "Routing and calling a handler",
        "payload types",
        &[series("router", "route.{}", &types), series("map of closures", "route.{}.floor", &types)],
    )?;
    show(
        "size",
        "Decoding",
        "bytes of the message",
        &[
            series("to the typed event", "decode.{}", &sizes),
            series("to be routed", "decode.{}.routed", &sizes),
            series("serde_json, one pass", "decode.{}.floor", &sizes),
        ],
    )?;
    show(
        "concurrency",
        "One more message through the consumer",
        "handlers at once",
        &[
            series("that are ready at once", "engine.{}", &concurrency),
            series("that wait once", "engine.yielding.{}", &concurrency),
        ],
    )
}

fn show(file: &str, title: &str, across: &str, lines: &[Line]) -> io::Result<()> {
    println!("\n### {title}: instructions\n");
    println!("| {across} |{} ", lines.iter().map(|line| format!(" {} |", line.name)).collect::<String>());
    println!("|--:|{}", "--:|".repeat(lines.len()));
    let values = lines.first().map_or(&[][..], |line| &line.points);
    for (index, (value, _)) in values.iter().enumerate() {
        let costs = lines.iter().filter_map(|line| line.points.get(index));
        println!("| {value} |{}", costs.map(|(_, cost)| format!(" {cost:.0} |")).collect::<String>());
    }
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/graphs"));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{file}.svg")), draw(title, across, "instructions", lines))
}
