//! Who produces what where, and who handles it: as far as a configuration says it.

use std::collections::BTreeMap;

use event_runtime::config::Config;
use event_runtime::pool::Verdict;

use crate::command::routes::paper;
use crate::context::Context;
use crate::failure::Result;
use crate::settings::{Settings, queue_name};

/// The queues of a configuration, with who sends to them and who reads them.
#[derive(Default)]
pub(crate) struct Flows {
    pub(crate) queues: BTreeMap<String, Queue>,
    /// Payload type → where it goes.
    routes: BTreeMap<&'static str, Vec<Place>>,
}

/// A queue.
#[derive(Clone, Default)]
pub(crate) struct Queue {
    pub(crate) name: String,
    pub(crate) transport: String,
    pub(crate) region: Option<String>,
    pub(crate) ordered: bool,
    pub(crate) producers: Vec<String>,
    pub(crate) consumers: Vec<String>,
    pub(crate) dead_letters: Option<String>,
}

/// A place that an event reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) producer: String,
    pub(crate) queue: String,
    /// The rule by which the producer takes the event.
    pub(crate) rule: String,
    pub(crate) consumers: Vec<String>,
}

impl Flows {
    /// Reads the routing of a configuration; no broker is asked.
    pub(crate) async fn read(config: &Config, context: &Context) -> Result<Self> {
        let settings = Settings::find(config);
        let mut flows = Self::default();
        for section in &settings.consumers {
            let configuration = section.configuration()?;
            let name = queue_name(&configuration.queue_url).to_owned();
            let queue = flows.queue(&name, &section.transport, &section.client());
            queue.ordered |= name.ends_with(".fifo");
            queue.consumers.push(section.name());
            queue.dead_letters =
                configuration.dead_letter_queue_url.map(|address| queue_name(&address).to_owned());
        }
        for section in &settings.pools {
            for producer in section.producers()? {
                let queue = flows.queue(queue_name(&producer.queue), &section.transport, &section.client());
                queue.ordered |= producer.ordered;
                queue.producers.push(producer.id);
            }
        }
        for section in &settings.pools {
            let pool = paper::pool(section, &context.packs).await?;
            let producers = section.producers()?;
            for event in context.packs.events() {
                for found in pool.explain(event.payload_type).producers {
                    let Verdict::Takes(rule) = found.verdict else { continue };
                    let Some(producer) = producers.iter().find(|one| *one.id == *found.producer) else {
                        continue;
                    };
                    let queue = queue_name(&producer.queue).to_owned();
                    let consumers = flows.queues.get(&queue).map(|queue| queue.consumers.clone());
                    flows.routes.entry(event.payload_type).or_default().push(Place {
                        producer: producer.id.clone(),
                        queue,
                        rule: rule.to_string(),
                        consumers: consumers.unwrap_or_default(),
                    });
                }
            }
        }
        Ok(flows)
    }

    fn queue(&mut self, name: &str, transport: &str, client: &Config) -> &mut Queue {
        let region = || client.section("region").and_then(|region| region.read::<String>().ok());
        self.queues.entry(name.to_owned()).or_insert_with(|| Queue {
            name: name.to_owned(),
            transport: transport.to_owned(),
            region: region().filter(|region| !region.is_empty()),
            ..Queue::default()
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// Where a payload type goes.
    pub(crate) fn of(&self, payload_type: &str) -> Vec<Place> {
        self.routes.get(payload_type).cloned().unwrap_or_default()
    }
}
