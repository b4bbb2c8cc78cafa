//! Runs this program under callgrind and reads what it counted: instructions, and calls of the allocator.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use crate::measure::MEASURED;

/// What one operation of a case costs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub instructions: f64,
    pub allocations: f64,
}

/// The costs of every case, from one run of one process.
pub fn run(argument: &str) -> Result<BTreeMap<String, Cost>, Box<dyn Error>> {
    let folder = env::temp_dir().join(format!("event-benches-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let costs = count(&folder, argument);
    fs::remove_dir_all(&folder)?;
    costs
}

fn count(folder: &Path, argument: &str) -> Result<BTreeMap<String, Cost>, Box<dyn Error>> {
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", folder.join("out").display()))
        .arg(format!("--dump-before={MEASURED}"))
        .arg(format!("--dump-after={MEASURED}"))
        .arg("--compress-strings=no")
        .arg(env::current_exe()?)
        .arg(argument)
        .stderr(Stdio::piped())
        .output()
        .map_err(|error| format!("valgrind can't be started: {error}; install it, or skip this check"))?;
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut totals: BTreeMap<String, Vec<(f64, Cost)>> = BTreeMap::new();
    for (index, line) in String::from_utf8(output.stdout)?.lines().enumerate() {
        let (name, operations) = line.split_once(' ').ok_or("a case has no number of operations")?;
        // The dump before a case takes away what preparing it cost.
        let cost = read(&dump(folder, 2 * (index + 1)))?;
        totals.entry(name.to_owned()).or_default().push((operations.parse()?, cost));
    }
    Ok(totals.into_iter().map(|(name, runs)| (name, cost_of_one(&runs))).collect())
}

fn dump(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("out.{number}"))
}

/// The cost of one operation; of one more where a case ran with two numbers of them.
fn cost_of_one(runs: &[(f64, Cost)]) -> Cost {
    let zero = (0.0, Cost::default());
    let (short, long) = match runs {
        [short, .., long] => (*short, *long),
        [only] => (zero, *only),
        [] => (zero, zero),
    };
    let operations = long.0 - short.0;
    Cost {
        instructions: (long.1.instructions - short.1.instructions) / operations,
        allocations: (long.1.allocations - short.1.allocations) / operations,
    }
}

/// The totals of one file.
fn read(path: &Path) -> Result<Cost, Box<dyn Error>> {
    const ALLOCATORS: [&str; 5] = ["malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"];
    let mut cost = Cost::default();
    let mut callee = "";
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("cfn=") {
            callee = name;
        } else if let Some(calls) = line.strip_prefix("calls=") {
            if ALLOCATORS.contains(&callee) {
                let count = calls.split(' ').next().unwrap_or_default();
                cost.allocations += count.parse::<f64>()?;
            }
        } else if let Some(total) = line.strip_prefix("totals: ") {
            cost.instructions = total.trim().parse()?;
        }
    }
    Ok(cost)
}
