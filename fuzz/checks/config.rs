//! What holds for any bytes that are read as a configuration. Run by the fuzz target and by the replay of its corpus.

use std::collections::BTreeMap;

use event_runtime::config::{Config, ConfigError, ConsumerConfig, Secret};
use event_runtime::pool::ProducerPoolConfig;

/// The value of every variable whose name starts with `A`; no report may show it.
const VALUE: &str = "value-of-a-variable";

/// Reads `bytes` in the ways in which the runtime does: no panic; what is refused names a problem, and no problem
/// shows the environment.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let environment = |name: &str| name.starts_with('A').then(|| VALUE.to_owned());
    match Config::from_str(&text, &environment) {
        Ok(config) => sections(&config, 0),
        Err(error) => report(&error),
    }
}

/// This section, and those in it, as whatever they may be meant to be.
fn sections(config: &Config, depth: usize) {
    [
        config.check().err(),
        config.read::<ConsumerConfig>().err(),
        config.read::<ProducerPoolConfig>().err(),
        config.read::<BTreeMap<String, Secret>>().err(),
        config.read::<Vec<(u8, Option<bool>, f64)>>().err(),
        config.check_keys(&["queue_url"]).err(),
    ]
    .iter()
    .flatten()
    .for_each(report);
    if depth < 4 {
        let elements = config.elements().unwrap_or_default();
        let keyed = config.keys().filter_map(|key| config.section(key));
        elements.into_iter().chain(keyed).take(8).for_each(|section| sections(&section, depth + 1));
    }
    assert!(!format!("{config:?}").contains(VALUE));
}

fn report(error: &ConfigError) {
    assert!(!error.problems().is_empty());
    assert!(!format!("{error} {error:?}").contains(VALUE));
}
