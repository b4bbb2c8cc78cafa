//! `registry register`.

use clap::Args;
use event_runtime::schema;
use serde_json::json;

use super::check::{State, look};
use super::{Whose, versions};
use crate::command::schema::Which;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result, chain};
use crate::output::Tone;

/// The arguments of `registry register`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events registry register --config config.json --dry-run\n  \
    events registry register --config config.json\n\n\
    What is registered already stays as it is. Exit code 1: the registry refuses a schema; the others are registered \
    all the same.")]
pub(crate) struct Register {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    which: Which,
    /// Say what would be registered, and register nothing
    #[arg(long)]
    dry_run: bool,
}

impl Register {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let registry = self.whose.registry(context)?;
        let (mut answer, mut count, mut known) = (Answer::Good, 0, 0);
        for event in versions(&self.which, context)? {
            let subject = registry.subjects().of(event);
            let (done, id, why) = match look(&registry, event).await? {
                State::Registered(_) => {
                    known += 1;
                    continue;
                }
                State::Refused(messages) => ("refused", None, messages.join("; ")),
                State::Allowed if self.dry_run => ("would be registered", None, String::new()),
                State::Allowed => match registry.register(&subject, &schema::document(event)).await {
                    Ok(registered) => ("registered", Some(registered.id), String::new()),
                    Err(error) if error.is_retryable() => return Err(Failure::failed(&error)),
                    Err(error) => ("refused", None, chain(&error)),
                },
            };
            answer = answer.and(Answer::good_if(done != "refused"));
            count += 1;
            print(context, &subject, done, id, &why)?;
        }
        if !context.out.is_json() {
            context.out.line(format!("{count} schemas were missing, {known} were there"))?;
        }
        Ok(answer)
    }
}

fn print(context: &mut Context, subject: &str, done: &str, id: Option<u32>, why: &str) -> Result<()> {
    let out = &mut context.out;
    if out.is_json() {
        let why = (!why.is_empty()).then_some(why);
        out.json(&json!({ "subject": subject, "done": done, "id": id, "why": why }))?;
        return Ok(());
    }
    let tone = if done == "refused" { Tone::Bad } else { Tone::Good };
    let done = out.paint(tone, done);
    let id = id.map(|id| format!(" with id {id}")).unwrap_or_default();
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    out.line(format!("{subject}: {done}{id}{why}"))?;
    Ok(())
}
