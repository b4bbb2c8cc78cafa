//! The tables, as Markdown.

use std::collections::BTreeMap;

use crate::callgrind::Cost;
use crate::goals::{GOALS, Goal};

/// The goals that CI holds, with the cases behind them.
pub(crate) fn print(costs: &BTreeMap<String, Cost>) {
    print_goals(GOALS, costs);
}

/// These goals, and the cases behind them.
pub(crate) fn print_goals(goals: &[Goal], costs: &BTreeMap<String, Cost>) {
    println!("| goal | floor | framework | measured | at most | stretch | |");
    println!("|---|--:|--:|--:|--:|--:|---|");
    for goal in goals {
        let Some(figure) = goal.figure(costs) else {
            println!("| {} | | | not measured | {} | {} | |", goal.name, goal.at_most, goal.stretch);
            continue;
        };
        let judged = match figure.value {
            value if value <= goal.stretch => "stretch",
            value if value <= goal.at_most => "met",
            _ => "MISSED",
        };
        let unit = if figure.unit.is_empty() { String::new() } else { format!(" {}", figure.unit) };
        println!(
            "| {} | {} | {} | {}{unit} | {} | {} | {judged} |",
            goal.name,
            number(figure.floor),
            number(figure.framework),
            number(figure.value),
            goal.at_most,
            goal.stretch
        );
    }
    println!();
    println!("| case | instructions | allocations |");
    println!("|---|--:|--:|");
    for (name, cost) in costs {
        println!("| {name} | {} | {:.2} |", number(cost.instructions), cost.allocations);
    }
}

fn number(value: f64) -> String {
    let digits = if value.abs() < 100.0 { 2 } else { 0 };
    format!("{value:.digits$}")
}
