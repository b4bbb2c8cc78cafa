//! `tail`: messages of a queue as they lie there.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args;
use event_runtime::delivery::{Delivery, SettleAction, Settlement};
use event_runtime::transport::DynSource;
use event_runtime::{Clock, Codec, schema};
use serde_json::{Value, json};

use super::dlq::place;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};
use crate::output::Tone;

/// The arguments of `tail`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events tail orders --config config.json\n  \
    events tail orders.fifo --config config.json --follow --format json | jq .payload_type\n\n\
    Messages are received and handed back at once: consumers wait for a moment, and a broker that counts \
    receives counts these too. Personal data is hidden unless --reveal is given.")]
pub(crate) struct Tail {
    /// A consumer's section in the configuration, or a queue by name or URL
    queue: String,
    /// Go on until interrupted
    #[arg(short, long)]
    follow: bool,
    /// Stop after so many messages
    #[arg(short = 'n', long, default_value_t = 10)]
    count: usize,
    /// Only this payload type
    #[arg(long = "type", value_name = "PAYLOAD_TYPE")]
    payload_type: Option<String>,
    /// Print personal data as it is
    #[arg(long)]
    reveal: bool,
}

/// A queue without anything new is asked again after this time.
const PAUSE: Duration = Duration::from_secs(1);
/// So many receives in a row without anything new end a tail that does not follow.
const QUIET_RECEIVES: usize = 2;

impl Tail {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let config = context.config()?;
        let place = place::queue(context, &config, &self.queue)?;
        let inlet = place.inlet(context, None).await?;
        let interrupted = async {
            // Where signals can't be had, the process ends by them anyway.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            result = self.show(context, &*inlet.source) => result,
            () = interrupted => Ok(Answer::Good),
        }
    }

    async fn show(&self, context: &mut Context, source: &dyn DynSource) -> Result {
        let failed = |error| Failure::failed(&error);
        let info = source.describe().await.map_err(failed)?;
        let clock = Clock::system();
        let (mut seen, mut shown, mut quiet) = (HashSet::new(), 0, 0);
        while self.follow || (shown < self.count && quiet < QUIET_RECEIVES) {
            let batch = source.receive(info.max_batch, Duration::ZERO).await.map_err(failed)?;
            let action = SettleAction::HandBack { after: Duration::ZERO };
            let back: Vec<_> =
                batch.iter().map(|delivery| Settlement { lease: delivery.lease.clone(), action }).collect();
            // What can't be handed back is visible again when its lease ends.
            source.settle(&back).await;
            let before = seen.len();
            for delivery in &batch {
                let more = self.follow || shown < self.count;
                if more && seen.insert(delivery.transport_id.clone()) {
                    shown += usize::from(self.print(context, delivery)?);
                }
            }
            context.out.flush()?;
            quiet = if seen.len() > before { 0 } else { quiet + 1 };
            if quiet > 0 && self.follow {
                clock.sleep(PAUSE).await;
            }
        }
        Ok(Answer::Good)
    }

    /// Prints a message; says whether it was one that was asked for.
    fn print(&self, context: &mut Context, delivery: &Delivery) -> Result<bool> {
        let message = Codec::decode(delivery.body.clone()).ok();
        let metadata = message.as_ref().map(|message| message.metadata());
        let payload_type = metadata.map(|metadata| metadata.payload_type.as_ref());
        if self.payload_type.as_deref().is_some_and(|wanted| payload_type != Some(wanted)) {
            return Ok(false);
        }
        let payload = match &message {
            Some(message) => printable(context, message, self.reveal),
            None => Value::from(format!("[{} bytes that are no event]", delivery.body.len())),
        };
        let out = &mut context.out;
        if out.lists_json() {
            out.json(&json!({
                "transport_id": delivery.transport_id,
                "payload_type": payload_type,
                "version": metadata.map(|metadata| metadata.version),
                "id": metadata.map(|metadata| &metadata.id),
                "occurred_at": metadata.and_then(|metadata| metadata.occurred_at).map(|at| at.to_string()),
                "group": delivery.group,
                "receive_count": delivery.receive_count,
                "headers": metadata.map(|metadata| headers(&metadata.headers, self.reveal)),
                "payload": payload,
            }))?;
        } else {
            let head = format!("{} ", payload_type.unwrap_or("?"));
            let id = metadata.map_or("", |metadata| &metadata.id);
            let line = format!("{}{} {payload}", out.paint(Tone::Strong, &head), out.paint(Tone::Faint, id));
            out.line(line)?;
        }
        Ok(true)
    }
}

/// Headers fit for a terminal: nobody knows what is personal in them.
fn headers<'a>(headers: impl IntoIterator<Item = (&'a String, &'a String)>, reveal: bool) -> Value {
    let value = |value: &str| if reveal { value.to_owned() } else { "[redacted]".to_owned() };
    headers.into_iter().map(|(name, text)| (name.clone(), Value::from(value(text)))).collect()
}

/// A payload fit for a terminal: personal data is hidden unless `reveal`.
pub(crate) fn printable(context: &Context, message: &event_runtime::Message, reveal: bool) -> Value {
    let metadata = message.metadata();
    let parse = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    if reveal {
        return parse(message.payload());
    }
    // Of an event that nobody here knows, nobody knows what is personal.
    match context.factory.version(&metadata.payload_type, metadata.version) {
        Some(event) => parse(&schema::redact(event, message.payload())),
        None => Value::from("[redacted: no pack lists this event; --reveal shows it]"),
    }
}
