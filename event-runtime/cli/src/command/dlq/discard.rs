//! `dlq discard`: letters away for good.

use clap::Args;

use super::place;
use super::select::Select;
use super::summary::{Watch, print, repair_failed};
use crate::context::Context;
use crate::failure::{Failure, Result};

/// The arguments of `dlq discard`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events dlq discard orders --code UNKNOWN_PAYLOAD_TYPE --dry-run --config config.json\n  \
    events dlq discard orders --older-than 14d --yes --config config.json\n\n\
    There is no way back. Without --yes nothing is removed."
)]
pub(crate) struct Discard {
    #[command(flatten)]
    select: Select,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Really remove them
    #[arg(long)]
    yes: bool,
}

impl Discard {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        if !self.yes && !self.dry_run {
            let text = "discarding can't be undone: look with --dry-run, and give --yes to do it";
            return Err(Failure::usage(text));
        }
        let config = context.config()?;
        let place = place::dead_letters(context, &config, self.select.queue.as_deref()).await?;
        let inlet = place.inlet(context, None).await?;
        let letters = self.select.letters(inlet.source);
        if self.dry_run {
            let (_, report) = letters.list().await.map_err(repair_failed)?;
            return print(context, &report, "discarded", true, false);
        }
        let watch = Watch::start(context, place.visible(context).await);
        let ended = watch.over(letters).discard().await;
        let interrupted = watch.end();
        print(context, &ended.map_err(repair_failed)?, "discarded", false, interrupted)
    }
}
