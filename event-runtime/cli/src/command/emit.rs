//! `emit`: one event from JSON, checked as the application would.

use std::io::Read;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use event_runtime::config::ProducerPoolBundle;
use event_runtime::factory::BuildError;
use event_runtime::{Codec, Emitter, Metadata, ProducersPool};
use serde_json::json;

use super::routes::paper;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result, chain};
use crate::settings::{PoolSection, Settings};

/// The arguments of `emit`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events emit OrderPaidEvent paid.json --config config.json\n  \
    jq .payload old.json | events emit OrderPaidEvent - --config config.json\n  \
    events emit OrderPaidEvent paid.json --dry-run\n\n\
    The payload is read as the application reads it: as the event's current version, with every rule.\n\
    Exit code 1: it is refused, or was not sent.")]
pub(crate) struct Emit {
    /// The payload type
    payload_type: String,
    /// The payload as JSON; - for the standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// The configuration's section with the producer pool, where there are several
    #[arg(long, value_name = "SECTION")]
    pool: Option<String>,
    /// The event's id; a new one unless given
    #[arg(long)]
    id: Option<String>,
    /// The correlation id
    #[arg(long, value_name = "ID")]
    correlation_id: Option<String>,
    /// The tenant
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// A header; may be repeated
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// How long the broker keeps it back, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    delay: u64,
}

fn header(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

impl Emit {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        if context.factory.event(&self.payload_type).is_none() {
            return Err(context.unknown_type(&self.payload_type));
        }
        let payload = self.payload()?;
        if self.dry_run {
            return self.print(context, &payload).await;
        }
        let config = context.config()?;
        let settings = Settings::find(&config);
        let section = choose(&settings, self.pool.as_deref())?;
        let backend = context.backend(&config, &section.transport)?;
        let builder = ProducersPool::builder("").packs(context.packs.clone());
        #[cfg(feature = "registry")]
        let builder = super::registry::with_schema_ids(builder, &config, context, &self.payload_type).await?;
        let transports = [backend.transport()];
        let bundle = ProducerPoolBundle::from_config_with(&section.holder, builder, &transports).await?;
        let message = self.build(context, &payload, bundle.pool.codec())?;
        let id = message.metadata().id.to_string();
        let producers: Vec<_> = bundle
            .pool
            .route(&self.payload_type)
            .into_iter()
            .map(|route| route.producer.to_string())
            .collect();
        bundle.pool.emit(message).await.map_err(|error| Failure::failed(&error))?;
        if context.out.lists_json() {
            context
                .out
                .json(&json!({ "id": id, "payload_type": self.payload_type, "producers": producers }))?;
        } else {
            context.out.line(format!("{} {id} taken by {}", self.payload_type, producers.join(", ")))?;
        }
        if section.transport == "embedded" {
            context.out.note(
                "note: embedded queues live in this process and end with it; nobody else sees the event",
            )?;
        }
        Ok(Answer::Good)
    }

    fn payload(&self) -> Result<String> {
        if self.file.as_os_str() != "-" {
            return std::fs::read_to_string(&self.file).map_err(|error| Failure::file(&self.file, &error));
        }
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| Failure::usage(format!("the standard input can't be read: {error}")))?;
        Ok(text)
    }

    fn build(&self, context: &Context, payload: &str, codec: &Codec) -> Result<event_runtime::Message> {
        let prepare = |metadata: &mut Metadata| {
            if let Some(id) = &self.id {
                metadata.id = id.as_str().into();
            }
            metadata.correlation_id = self.correlation_id.as_deref().map(Into::into);
            metadata.tenant_id = self.tenant.as_deref().map(Into::into);
            metadata.headers.extend(self.headers.iter().cloned());
        };
        let delay = Some(Duration::from_secs(self.delay)).filter(|delay| !delay.is_zero());
        let built = context.factory.build(&self.payload_type, payload, codec, prepare, delay);
        built.map_err(|error| Failure::Failed(refused(&self.payload_type, &error)))
    }

    async fn print(&self, context: &mut Context, payload: &str) -> Result {
        let codec = match context.optional_config()? {
            Some(config) => {
                let settings = Settings::find(&config);
                let section = choose(&settings, self.pool.as_deref())?;
                paper::pool(section, &context.packs).await?.codec().clone()
            }
            None => Codec::Native,
        };
        let message = self.build(context, payload, &codec)?;
        context.out.line(message.body())?;
        Ok(Answer::Good)
    }
}

fn refused(payload_type: &str, error: &BuildError) -> String {
    let reason = error.decode_error().map_or_else(|| chain(error), |error| chain(error));
    format!("{payload_type} is refused: {reason}")
}

/// The only pool, or the one in the named section.
fn choose<'a>(settings: &'a Settings, name: Option<&str>) -> Result<&'a PoolSection> {
    let path = |section: &PoolSection| section.holder.path().to_owned();
    match (settings.pools.as_slice(), name) {
        ([], _) => Err(Failure::Failed("the configuration has no producer pool".to_owned())),
        ([only], None) => Ok(only),
        (several, Some(name)) => several.iter().find(|section| path(section) == name).ok_or_else(|| {
            let known: Vec<_> = several.iter().map(path).collect();
            Failure::usage(format!("no producer pool in section `{name}`; there are: {}", known.join(", ")))
        }),
        (several, None) => {
            let known: Vec<_> = several.iter().map(path).collect();
            Err(Failure::usage(format!("several producer pools; choose with --pool: {}", known.join(", "))))
        }
    }
}
