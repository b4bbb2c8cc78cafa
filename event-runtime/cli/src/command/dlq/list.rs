//! `dlq list`: what failed, why, when.

use clap::Args;
use event_runtime::Clock;
use event_runtime::consumer::repair::StoredLetter;
use serde_json::{Value, json};

use super::place;
use super::select::Select;
use super::summary::{age, repair_failed};
use crate::context::Context;
use crate::failure::{Answer, Result};
use crate::output::Table;

/// The arguments of `dlq list`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events dlq list orders --config config.json\n  \
    events dlq list orders-dead.fifo --code TIMED_OUT --older-than 1h --config config.json\n  \
    events dlq list orders --config config.json --format json | jq -r .event_id\n\n\
    Letters are leased while they are looked at and handed back; a broker that counts receives counts these too. Of a \
    FIFO queue's groups only the first letters can be seen.")]
pub(crate) struct List {
    #[command(flatten)]
    select: Select,
}

const COLUMNS: &[&str] = &["id", "payload_type", "code", "attempts", "age", "failed_at", "source", "reason"];

impl List {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let config = context.config()?;
        let place = place::dead_letters(context, &config, self.select.queue.as_deref()).await?;
        let inlet = place.inlet(context, None).await?;
        let (letters, report) = self.select.letters(inlet.source).list().await.map_err(repair_failed)?;
        let mut table = Table::new(COLUMNS);
        for letter in &letters {
            table.row(row(letter));
        }
        let text = !context.out.lists_json();
        if !letters.is_empty() || !text {
            context.out.table(table)?;
        }
        if text {
            context.out.line(format!("{} of {} letters", report.matched, report.scanned))?;
        }
        Ok(Answer::Good)
    }
}

fn row(letter: &StoredLetter) -> [Value; 8] {
    let failed_at = letter.failed_at();
    [
        json!(letter.event_id().unwrap_or(letter.transport_id())),
        json!(letter.payload_type()),
        json!(letter.code()),
        json!(letter.attempts()),
        json!(failed_at.map(|at| age(at, Clock::system().now()))),
        json!(failed_at.map(|at| at.to_string())),
        json!(letter.source()),
        json!(letter.reason()),
    ]
}
