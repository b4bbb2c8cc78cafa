//! `queue stats`: how much waits where.

use std::collections::BTreeMap;

use clap::Args;
use event_runtime::config::Config;
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::{Answer, Failure, Result, chain};
use crate::output::Table;
use crate::settings::{Settings, queue_name};

/// The arguments of `queue stats`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events queue stats --config config.json\n  \
    events queue stats orders.fifo --config config.json --format json\n\n\
    Counts are those of the broker; SQS calls its own approximate. Exit code 1: a queue can't be asked.")]
pub(crate) struct Stats {
    /// The queues, by name or URL; every one that the configuration names unless given
    queues: Vec<String>,
}

const COLUMNS: &[&str] = &["queue", "transport", "used_by", "visible", "in_flight", "delayed", "error"];

/// A queue that the configuration names.
pub(crate) struct Place {
    pub(crate) transport: String,
    pub(crate) client: Config,
    used_by: Vec<String>,
}

impl Stats {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let config = context.config()?;
        let places = places(&Settings::find(&config))?;
        for name in &self.queues {
            if !places.keys().any(|address| is_named(address, name)) {
                let known: Vec<_> = places.keys().map(|address| queue_name(address)).collect();
                return Err(Failure::usage(format!(
                    "the configuration names no queue `{name}`; it names: {}",
                    known.join(", ")
                )));
            }
        }
        let mut table = Table::new(COLUMNS);
        let mut answer = Answer::Good;
        for (address, place) in places {
            if !self.queues.is_empty() && !self.queues.iter().any(|name| is_named(&address, name)) {
                continue;
            }
            let backend = context.backend(&config, &place.transport)?;
            let (stats, error) = match backend.stats(&place.client, &address).await {
                Ok(stats) => (stats, Value::Null),
                Err(error) => {
                    answer = Answer::Bad;
                    (Default::default(), Value::from(chain(&error)))
                }
            };
            table.row([
                json!(queue_name(&address)),
                json!(place.transport),
                json!(place.used_by),
                json!(stats.visible),
                json!(stats.in_flight),
                json!(stats.delayed),
                error,
            ]);
        }
        context.out.table(table)?;
        Ok(answer)
    }
}

fn is_named(address: &str, name: &str) -> bool {
    address == name || queue_name(address) == name
}

/// Every queue of a configuration, by its address.
pub(crate) fn places(settings: &Settings) -> Result<BTreeMap<String, Place>> {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    let mut add = |address: String, transport: &str, client: Config, used_by: String| {
        let new = || Place { transport: transport.to_owned(), client, used_by: Vec::new() };
        places.entry(address).or_insert_with(new).used_by.push(used_by);
    };
    for section in &settings.pools {
        for producer in section.producers()? {
            add(producer.queue, &section.transport, section.client(), format!("producer {}", producer.id));
        }
    }
    for section in &settings.consumers {
        let configuration = section.configuration()?;
        let (name, client) = (section.name(), section.client());
        add(configuration.queue_url, &section.transport, client.clone(), format!("consumer {name}"));
        if let Some(address) = configuration.dead_letter_queue_url {
            add(address, &section.transport, client, format!("dead letters of {name}"));
        }
    }
    Ok(places)
}
