//! `dlq redrive`: letters back to the queue that they came from.

use clap::Args;

use super::place;
use super::select::Select;
use super::summary::{Watch, print, repair_failed};
use crate::context::Context;
use crate::failure::{Failure, Result};

/// The arguments of `dlq redrive`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events dlq redrive orders --dry-run --config config.json\n  \
    events dlq redrive orders --code TIMED_OUT --older-than 1h --rate 20 --config config.json\n  \
    events dlq redrive dead --to orders --config config.json\n\n\
    Each letter's original is stored in its queue before the letter is removed: an interrupt loses nothing. Exit code 1: \
    a letter stayed.")]
pub(crate) struct Redrive {
    #[command(flatten)]
    select: Select,
    /// The queue that they go to, by name or URL; that of the consumer unless given
    #[arg(long, value_name = "QUEUE")]
    to: Option<String>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// At most so many letters a second
    #[arg(long, value_name = "PER_SECOND", value_parser = rate)]
    rate: Option<f64>,
}

fn rate(text: &str) -> std::result::Result<f64, String> {
    let rate = text.parse::<f64>().ok().filter(|rate| rate.is_finite() && *rate > 0.0);
    rate.ok_or_else(|| "write a number above 0".to_owned())
}

impl Redrive {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let config = context.config()?;
        let place = place::dead_letters(context, &config, self.select.queue.as_deref()).await?;
        let to = self.to.as_deref().or(place.origin.as_deref()).ok_or_else(|| {
            let text = format!(
                "the configuration does not say whose dead letters `{}` holds: give --to",
                place.queue
            );
            Failure::usage(text)
        })?;
        if to == place.queue {
            return Err(Failure::usage("letters can't go to the queue that they are in"));
        }
        let inlet = place.inlet(context, Some(to)).await?;
        let letters = self.select.letters(inlet.source).at_most_per_second(self.rate.unwrap_or(0.0));
        if self.dry_run {
            let (_, report) = letters.list().await.map_err(repair_failed)?;
            return print(context, &report, "moved", true, false);
        }
        let destination = inlet.dead_letters.ok_or_else(|| {
            Failure::Failed(format!("the transport gives no way to store messages in `{to}`"))
        })?;
        let watch = Watch::start(context, place.visible(context).await);
        let ended = watch.over(letters).redrive(&*destination).await;
        let interrupted = watch.end();
        print(context, &ended.map_err(repair_failed)?, "moved", false, interrupted)
    }
}
