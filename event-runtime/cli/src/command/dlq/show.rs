//! `dlq show`: one letter in full.

use clap::Args;
use event_runtime::Codec;
use event_runtime::consumer::repair::{LetterFilter, StoredLetter};
use serde_json::{Map, Value, json};

use super::place;
use super::select::Select;
use super::summary::repair_failed;
use crate::command::tail::printable;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};

/// The arguments of `dlq show`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events dlq show 018f6d3e orders --config config.json\n  \
    events dlq show 018f6d3e orders --reveal --config config.json | jq .payload\n\n\
    Personal data is hidden unless --reveal is given. Exit code 1: there is no such letter.")]
pub(crate) struct Show {
    /// The event's id, or the queue's own id of the letter
    id: String,
    /// A consumer's section in the configuration, or a queue of dead letters by name or URL
    queue: Option<String>,
    /// Print personal data as it is
    #[arg(long)]
    reveal: bool,
}

impl Show {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let config = context.config()?;
        let place = place::dead_letters(context, &config, self.queue.as_deref()).await?;
        let inlet = place.inlet(context, None).await?;
        let filter = LetterFilter { ids: vec![self.id.clone()], ..LetterFilter::default() };
        let letters = Select::none().letters(inlet.source).with_filter(filter).at_most(1);
        let (found, _) = letters.list().await.map_err(repair_failed)?;
        let Some(letter) = found.first() else {
            return Err(Failure::Failed(format!("no letter `{}` in `{}`", self.id, place.queue)));
        };
        let shown = self.whole(context, letter);
        let text = if context.out.lists_json() { shown.to_string() } else { format!("{shown:#}") };
        context.out.line(text)?;
        Ok(Answer::Good)
    }

    fn whole(&self, context: &Context, letter: &StoredLetter) -> Value {
        let attributes: Map<_, _> =
            letter.attributes().iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        let payload = match Codec::decode(letter.body().clone()) {
            Ok(message) => printable(context, &message, self.reveal),
            Err(_) if self.reveal => Value::from(String::from_utf8_lossy(letter.body())),
            Err(_) => Value::from("[no event; --reveal shows the body]"),
        };
        json!({
            "transport_id": letter.transport_id(),
            "event_id": letter.event_id(),
            "payload_type": letter.payload_type(),
            "group": letter.group(),
            "dead_letter": letter.record(),
            "attributes": attributes,
            "payload": payload,
        })
    }
}
