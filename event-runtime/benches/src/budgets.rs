//! The budgets: what each figure may be, by a file that is changed on purpose.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{fs, io};

use crate::callgrind::Cost;
use crate::goals::GOALS;

/// How far a figure may lie above its budget, for another compiler's or allocator's sake.
const TOLERANCE: f64 = 0.03;

/// Figures by name.
pub(crate) type Figures = BTreeMap<String, f64>;

/// What is held to a budget: every goal's value, and the instructions behind each ratio.
pub(crate) fn figures(costs: &BTreeMap<String, Cost>) -> Figures {
    let mut figures = Figures::new();
    for goal in GOALS {
        let Some(figure) = goal.figure(costs) else { continue };
        figures.insert(goal.name.to_owned(), figure.value);
        if figure.unit.is_empty() {
            figures.insert(format!("{}.instructions", goal.name), figure.framework);
        }
    }
    figures
}

/// Every figure that is over its budget or has none, one line each.
pub(crate) fn violations(figures: &Figures, budgets: &Figures) -> Vec<String> {
    let missing = budgets.keys().filter(|name| !figures.contains_key(*name));
    let mut violations: Vec<String> =
        missing.map(|name| format!("budget `{name}` was not measured: take it out of the file")).collect();
    for (name, measured) in figures {
        match budgets.get(name) {
            None => violations.push(format!("`{name}` has no budget: measured {measured:.2}")),
            Some(allowed) if *measured > allowed.max(0.0) * (1.0 + TOLERANCE) + slack(*allowed) => {
                let over = (measured / allowed - 1.0) * 100.0;
                violations.push(format!(
                    "budget `{name}` allows {allowed}, measured {measured:.2}: {over:.1} % over"
                ));
            }
            Some(_) => {}
        }
    }
    violations
}

/// What a per cent of a small budget does not cover: a tenth of an allocation, two dozen instructions. A layer's figure
/// is the difference of two counts, and two builds of one source were seen to differ by a dozen in it (320 and 332).
fn slack(allowed: f64) -> f64 {
    match allowed {
        ..1.0 => 0.1,
        10.0..1_000.0 => 24.0,
        _ => 0.0,
    }
}

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/budgets.txt"))
}

/// Reads the file: a name and a number a line, `#` begins a remark.
pub(crate) fn read() -> Result<Figures, String> {
    let path = path();
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Figures, String> {
    let lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.split('#').next().unwrap_or_default().trim()));
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            let pair = line.split_once(char::is_whitespace);
            let pair = pair.and_then(|(name, value)| Some((name.to_owned(), value.trim().parse().ok()?)));
            pair.ok_or_else(|| format!("line {number}: expected a name and a number, found `{line}`"))
        })
        .collect()
}

/// Makes what was measured the budget.
pub(crate) fn write(figures: &Figures) -> io::Result<()> {
    let mut text = String::from(
        "# What each figure may be; the check fails more than 3 % above it. Written by\n\
         # `cargo run --release -p event-benches -- --update`; a rise needs its reason in the commit.\n",
    );
    for (name, value) in figures {
        let digits = if value.abs() < 100.0 { 2 } else { 0 };
        let _ = writeln!(text, "{name} {value:.digits$}");
    }
    fs::write(path(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(pairs: &[(&str, f64)]) -> Figures {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
    }

    #[test]
    fn more_than_three_per_cent_is_over_and_says_by_how_much() {
        let budgets = figures(&[("encode", 1_000.0)]);
        assert_eq!(violations(&figures(&[("encode", 1_030.0)]), &budgets), Vec::<String>::new());
        let over = violations(&figures(&[("encode", 1_050.0)]), &budgets);
        assert!(over.len() == 1 && over[0].contains("`encode`") && over[0].contains("5.0 %"), "{over:?}");
    }

    #[test]
    fn two_builds_of_one_source_are_both_within_a_small_budget() {
        let budgets = figures(&[("layer", 320.0)]);
        assert_eq!(violations(&figures(&[("layer", 332.0)]), &budgets), Vec::<String>::new());
        assert_eq!(violations(&figures(&[("layer", 360.0)]), &budgets).len(), 1);
    }

    #[test]
    fn a_figure_without_budget_and_a_budget_without_figure_are_told() {
        assert_eq!(violations(&figures(&[("new", 1.0)]), &figures(&[("old", 1.0)])).len(), 2);
    }

    #[test]
    fn remarks_are_skipped_and_nonsense_is_refused() {
        assert_eq!(parse("# a\n\nx 1.5 # why\n"), Ok(figures(&[("x", 1.5)])));
        assert!(parse("x\n").is_err() && parse("x y\n").is_err());
    }
}
