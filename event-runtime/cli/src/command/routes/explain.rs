//! `routes explain`: where one event goes, and why not elsewhere.

use clap::Args;
use event_runtime::pool::{Explanation, Verdict};
use serde_json::json;

use super::paper;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};
use crate::output::Tone;
use crate::settings::{PoolSection, Settings, queue_name};

/// The arguments of `routes explain`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events routes explain OrderPaidEvent --config config.json\n  \
    events routes explain OrderPaidEvent --config config.json --format json\n\n\
    No broker is asked. Exit code 1: no producer takes the event.")]
pub(crate) struct Explain {
    /// The payload type
    payload_type: String,
}

impl Explain {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let config = context.config()?;
        let settings = Settings::find(&config);
        if settings.pools.is_empty() {
            return Err(Failure::Failed("the configuration has no producer pool".to_owned()));
        }
        let mut taken = false;
        for section in &settings.pools {
            let pool = paper::pool(section, &context.packs).await?;
            let explanation = pool.explain(&self.payload_type);
            if !explanation.known {
                return Err(context.unknown_type(&self.payload_type));
            }
            taken |= explanation.producers.iter().any(|producer| takes(&producer.verdict));
            print(context, section, pool.id(), &explanation)?;
        }
        if !taken && !context.out.is_json() {
            let text = context.out.paint(Tone::Bad, "no producer takes it: emitting it is an error");
            context.out.line(text)?;
        }
        Ok(Answer::good_if(taken))
    }
}

fn takes(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Takes(_))
}

fn print(context: &mut Context, section: &PoolSection, pool: &str, explanation: &Explanation) -> Result<()> {
    let places = section.producers()?;
    let queue_of = |producer: &str| {
        let place = places.iter().find(|place| place.id == producer);
        place.map(|place| queue_name(&place.queue).to_owned())
    };
    let payload_type = &explanation.payload_type;
    let out = &mut context.out;
    if out.is_json() {
        for producer in &explanation.producers {
            out.json(&json!({
                "payload_type": payload_type,
                "pool": pool,
                "producer": &*producer.producer,
                "queue": queue_of(&producer.producer),
                "takes": takes(&producer.verdict),
                "why": producer.verdict.to_string(),
            }))?;
        }
        return Ok(());
    }
    let pack = context.factory.pack_of(payload_type);
    let pack = pack.map(|pack| format!(" of pack {}", pack.name)).unwrap_or_default();
    out.line(format!("{}{pack} in pool `{pool}`:", out.paint(Tone::Strong, payload_type)))?;
    for producer in &explanation.producers {
        let (tone, mark) = if takes(&producer.verdict) { (Tone::Good, "+") } else { (Tone::Faint, "-") };
        let queue = queue_of(&producer.producer).map(|queue| format!(" -> {queue}")).unwrap_or_default();
        let line = format!("  {mark} {}{queue} {}", producer.producer, producer.verdict);
        let line = out.paint(tone, &line);
        out.line(line)?;
    }
    Ok(())
}
