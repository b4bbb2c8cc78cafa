//! `routes check`: every mistake of a configuration at once.

use std::path::PathBuf;

use clap::Args;
use event_runtime::config::{BundleError, BundleErrorKind, Config, ConfigError, ProducerPoolBundle};
use event_runtime::pool::ProducersPool;
use serde_json::{Value, json};

use super::paper;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result, chain};
use crate::output::Tone;
use crate::settings::{PoolSection, Settings};

/// The arguments of `routes check`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events routes check config.json\n  events routes check config.json --format json\n  \
    events routes check config.json --connect\n\n\
    Without --connect no broker is asked. Exit code 1: there are mistakes."
)]
pub(crate) struct Check {
    /// The configuration; --config unless given
    file: Option<PathBuf>,
    /// Build producers and consumers for real: check their keys, credentials and queues too
    #[arg(long)]
    connect: bool,
    /// An event that no producer takes is a mistake too
    #[arg(long)]
    every_event: bool,
}

/// One mistake and where it is.
pub(crate) struct Mistake {
    place: String,
    text: String,
}

impl Check {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        if self.file.is_some() {
            context.config = self.file;
        }
        let mistakes = match context.config() {
            Ok(config) => find(context, &config, self.connect, self.every_event).await?,
            Err(Failure::Failed(text)) => vec![Mistake { place: String::new(), text }],
            Err(failure) => return Err(failure),
        };
        report(context, &mistakes)
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place.as_str() {
            "" => formatter.write_str(&self.text),
            place => write!(formatter, "{place}: {}", self.text),
        }
    }
}

/// The mistakes of every bundle of a configuration.
pub(crate) async fn find(
    context: &Context,
    config: &Config,
    connect: bool,
    every_event: bool,
) -> Result<Vec<Mistake>> {
    let settings = Settings::find(config);
    let mut mistakes = Mistakes::default();
    if settings.pools.is_empty() && settings.consumers.is_empty() {
        let no_object = || config.keys().next().is_none().then(|| config.check_keys(&[]).err()).flatten();
        mistakes.config(&config.check().err().or_else(no_object).unwrap_or_else(|| {
            config.invalid("", "no `<transport>_producer_pool_bundle` and no `<transport>_consumer_bundle`")
        }));
    }
    #[cfg(feature = "registry")]
    if let Err(error) = event_registry::Registry::from_config(config) {
        mistakes.config(&error);
    }
    let backends = match context.backends(config) {
        Ok(backends) => backends,
        Err(Failure::Failed(text)) => {
            mistakes.add("", text);
            Vec::new()
        }
        Err(failure) => return Err(failure),
    };
    let local = |name: &str| connect || name == "embedded";
    let of_name = |name: &str| backends.iter().find(|backend| backend.transport().name() == name);
    for section in &settings.pools {
        let pool = match of_name(&section.transport).filter(|_| local(&section.transport)) {
            Some(backend) => {
                let packs = context.packs.clone();
                let holder = &section.holder;
                let bundle = ProducerPoolBundle::from_config(holder, packs, &[backend.transport()]).await;
                bundle.map(|bundle| bundle.pool)
            }
            None if connect => {
                mistakes.add(section.bundle.path(), unusable(&section.transport));
                paper::pool(section, &context.packs).await
            }
            None => paper::pool(section, &context.packs).await,
        };
        match pool {
            Ok(pool) if every_event => unrouted(section, &pool, context, &mut mistakes),
            Ok(_) => {}
            Err(error) => mistakes.bundle(section.bundle.path(), &error),
        }
    }
    for section in &settings.consumers {
        if let Err(error) = section.check_keys() {
            mistakes.config(&error);
        }
        let configuration = match section.configuration() {
            Ok(configuration) => configuration,
            Err(error) => {
                mistakes.config(&error);
                continue;
            }
        };
        match of_name(&section.transport).filter(|_| local(&section.transport)) {
            Some(backend) => {
                let key = format!("{}_consumer_configuration", section.transport);
                let own = section.bundle.section_or_empty(&key);
                let inlet = backend.transport().inlet(&section.client(), &configuration, &own).await;
                if let Err(error) = inlet {
                    mistakes.bundle(section.bundle.path(), &error);
                }
            }
            None if connect => mistakes.add(section.bundle.path(), unusable(&section.transport)),
            None => {}
        }
    }
    Ok(mistakes.0)
}

/// Events that no producer of the only pool takes: emitting one is an error.
fn unrouted(section: &PoolSection, pool: &ProducersPool, context: &Context, mistakes: &mut Mistakes) {
    for event in context.packs.events() {
        if pool.route(event.payload_type).is_empty() {
            let place = format!("{}.producer_pool", section.bundle.path());
            let text = format!(
                "no producer takes event `{}`; add the type, its pack or `?` to one",
                event.payload_type
            );
            mistakes.add(&place, text);
        }
    }
}

fn unusable(transport: &str) -> String {
    format!("transport `{transport}` is not built in, so nothing can be connected; build with that feature")
}

#[derive(Default)]
struct Mistakes(Vec<Mistake>);

impl Mistakes {
    fn add(&mut self, place: &str, text: impl Into<String>) {
        let mistake = Mistake { place: place.to_owned(), text: text.into() };
        if !self.0.iter().any(|known| known.place == mistake.place && known.text == mistake.text) {
            self.0.push(mistake);
        }
    }

    fn config(&mut self, error: &ConfigError) {
        for problem in error.problems() {
            let text = problem.to_string();
            let place = problem.path();
            let text = text.strip_prefix(place).map_or(text.as_str(), |rest| rest.trim_start_matches(": "));
            self.add(place, text);
        }
    }

    fn bundle(&mut self, place: &str, error: &BundleError) {
        if let Some(error) = error.config() {
            self.config(error);
        }
        for problem in error.pools().iter().flat_map(|pool| pool.problems()) {
            let text = problem.to_string();
            let own = problem.place();
            let text = text.strip_prefix(own).map_or(text.as_str(), |rest| rest.trim_start_matches(": "));
            self.add(&format!("{place}.producer_pool.{own}"), text);
        }
        if error.kind() == BundleErrorKind::Transport {
            self.add(place, chain(error));
        }
    }
}

/// Prints the mistakes.
fn report(context: &mut Context, mistakes: &[Mistake]) -> Result {
    let out = &mut context.out;
    for Mistake { place, text } in mistakes {
        if out.is_json() {
            let place = if place.is_empty() { Value::Null } else { Value::from(place.as_str()) };
            out.json(&json!({ "place": place, "mistake": text }))?;
        } else if place.is_empty() {
            out.line(text)?;
        } else {
            let place = out.paint(Tone::Strong, place);
            out.line(format!("{place}: {text}"))?;
        }
    }
    if !out.is_json() {
        let summary = match mistakes.len() {
            0 => out.paint(Tone::Good, "the configuration is right"),
            1 => out.paint(Tone::Bad, "1 mistake"),
            count => out.paint(Tone::Bad, &format!("{count} mistakes")),
        };
        out.line(summary)?;
    }
    Ok(Answer::good_if(mistakes.is_empty()))
}
