//! `doctor`: configuration, credentials, queues, schemas and the registry, one look at each.

use clap::Args;
use event_runtime::schema;
use serde_json::json;

use super::routes;
use super::schema::SCHEMAS;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};
use crate::output::Tone;
use crate::settings::Settings;

/// The arguments of `doctor`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events doctor --config config.json\n  events doctor --offline --format json\n\n\
    Exit code 1: something is wrong; each finding says what to do."
)]
pub(crate) struct Doctor {
    /// Ask no broker
    #[arg(long)]
    offline: bool,
}

/// What one look found.
struct Finding {
    about: &'static str,
    state: State,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Good,
    Skipped,
    Bad,
}

impl Doctor {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let mut findings = vec![packs(context)];
        findings.extend(schemas(context));
        findings.extend(self.configuration(context).await?);
        let good = findings.iter().all(|finding| finding.state != State::Bad);
        for finding in &findings {
            print(context, finding)?;
        }
        Ok(Answer::good_if(good))
    }

    async fn configuration(&self, context: &Context) -> Result<Vec<Finding>> {
        let skipped =
            |about, text: &str| vec![Finding { about, state: State::Skipped, text: text.to_owned() }];
        let config = match context.optional_config() {
            Ok(Some(config)) => config,
            Ok(None) => return Ok(skipped("configuration", "none was given; --config FILE has it checked")),
            Err(failure) => return Ok(vec![bad("configuration", failure.to_string())]),
        };
        let found = routes::find(context, &config, !self.offline, false).await?;
        let mistakes: Vec<_> =
            found.iter().map(|mistake| bad("configuration", mistake.to_string())).collect();
        if !mistakes.is_empty() {
            return Ok(mistakes);
        }
        let mut findings =
            vec![good("configuration", "every section reads, and every event's routing is right")];
        if self.offline {
            findings.extend(skipped("queues", "not asked (--offline)"));
        } else {
            findings.extend(queues(context, &config).await?);
            #[cfg(feature = "registry")]
            findings.extend(registry(context, &config).await?);
        }
        Ok(findings)
    }
}

fn good(about: &'static str, text: impl Into<String>) -> Finding {
    Finding { about, state: State::Good, text: text.into() }
}

fn bad(about: &'static str, text: impl Into<String>) -> Finding {
    Finding { about, state: State::Bad, text: text.into() }
}

fn packs(context: &Context) -> Finding {
    let (packs, events) = (context.packs.descriptors().count(), context.packs.events().count());
    match packs {
        0 => bad("packs", "none is linked: give them to event_cli::run"),
        _ => good("packs", format!("{packs} packs, {events} events, no name twice")),
    }
}

fn schemas(context: &Context) -> Vec<Finding> {
    if !context.root.join(SCHEMAS).is_dir() {
        let text = format!("no folder `{SCHEMAS}` in {}; --root says where it is", context.root.display());
        return vec![Finding { about: "schemas", state: State::Skipped, text }];
    }
    let gates = context.packs.descriptors().filter_map(|pack| schema::gate(pack, &context.root).err());
    let problems: Vec<_> = gates
        .flat_map(|error| {
            error.problems().iter().map(|problem| bad("schemas", problem.to_string())).collect::<Vec<_>>()
        })
        .collect();
    if problems.is_empty() { vec![good("schemas", "fresh, and every fixture decodes")] } else { problems }
}

/// Whether each queue answers: that takes an address, a network and credentials.
async fn queues(context: &Context, config: &event_runtime::config::Config) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (address, place) in super::queue::places(&Settings::find(config))? {
        let backend = match context.backend(config, &place.transport) {
            Ok(backend) => backend,
            Err(Failure::OutputClosed) => return Err(Failure::OutputClosed),
            Err(failure) => {
                findings.push(bad("queues", failure.to_string()));
                continue;
            }
        };
        findings.push(match backend.stats(&place.client, &address).await {
            Ok(stats) => {
                let waiting = stats.visible.map(|count| format!(", {count} visible")).unwrap_or_default();
                good("queues", format!("{address} answers{waiting}"))
            }
            Err(error) => bad("queues", crate::failure::chain(&error)),
        });
    }
    Ok(findings)
}

/// Whether the registry, where there is one, answers and has every schema.
#[cfg(feature = "registry")]
async fn registry(context: &Context, config: &event_runtime::config::Config) -> Result<Vec<Finding>> {
    Ok(match super::registry::complaints(config, context).await {
        Ok(None) => Vec::new(),
        Ok(Some(complaints)) if complaints.is_empty() => {
            vec![good("registry", "answers, and has the schema of every event")]
        }
        Ok(Some(complaints)) => complaints.into_iter().map(|text| bad("registry", text)).collect(),
        Err(Failure::OutputClosed) => return Err(Failure::OutputClosed),
        Err(failure) => vec![bad("registry", failure.to_string())],
    })
}

fn print(context: &mut Context, finding: &Finding) -> Result<()> {
    let (word, tone) = match finding.state {
        State::Good => ("ok", Tone::Good),
        State::Skipped => ("skipped", Tone::Faint),
        State::Bad => ("wrong", Tone::Bad),
    };
    let out = &mut context.out;
    if out.is_json() {
        out.json(&json!({ "about": finding.about, "state": word, "text": finding.text }))?;
    } else {
        let word = out.paint(tone, &format!("{word:>7}"));
        out.line(format!("{word}  {}: {}", finding.about, finding.text))?;
    }
    Ok(())
}
