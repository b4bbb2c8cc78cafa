//! `registry check`.

use clap::Args;
use event_registry::Registry;
use event_runtime::event::EventDescriptor;
use event_runtime::schema;
use serde_json::json;

use super::{Whose, is_missing, versions};
use crate::command::schema::Which;
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};
use crate::output::Tone;

/// The arguments of `registry check`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events registry check --config config.json\n  \
    events registry check --url http://localhost:8081 --pack OrderMessagePack --format json\n\n\
    A schema that the registry lacks and would take is no mistake. Exit code 1: it refuses one, or --all and it lacks one.")]
pub(crate) struct Check {
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    which: Which,
    /// A schema that is not registered yet is a mistake too
    #[arg(long)]
    all: bool,
}

/// What a registry has of a schema.
pub(super) enum State {
    Registered(u32),
    /// It lacks the schema, and its rule allows it.
    Allowed,
    /// It lacks the schema, and its rule refuses it.
    Refused(Vec<String>),
}

impl Check {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let registry = self.whose.registry(context)?;
        let mut answer = Answer::Good;
        for event in versions(&self.which, context)? {
            let state = look(&registry, event).await?;
            let good = match &state {
                State::Registered(_) => true,
                State::Allowed => !self.all,
                State::Refused(_) => false,
            };
            answer = answer.and(Answer::good_if(good));
            print(context, &registry.subjects().of(event), &state)?;
        }
        Ok(answer)
    }
}

/// What the registry says of an event's schema.
pub(super) async fn look(registry: &Registry, event: &EventDescriptor) -> Result<State> {
    let (subject, document) = (registry.subjects().of(event), schema::document(event));
    match registry.look_up(&subject, &document).await {
        Ok(found) => return Ok(State::Registered(found.id)),
        Err(error) if is_missing(&error) => {}
        Err(error) => return Err(Failure::failed(&error)),
    }
    match registry.check(&subject, &document).await {
        Ok(checked) if checked.is_compatible => Ok(State::Allowed),
        Ok(checked) => Ok(State::Refused(checked.messages)),
        // Some registries say so of a subject that has no versions.
        Err(error) if is_missing(&error) => Ok(State::Allowed),
        Err(error) => Err(Failure::failed(&error)),
    }
}

fn print(context: &mut Context, subject: &str, state: &State) -> Result<()> {
    let out = &mut context.out;
    let (word, tone, id, messages): (_, _, _, &[String]) = match state {
        State::Registered(id) => ("registered", Tone::Good, Some(*id), &[]),
        State::Allowed => ("missing, and would be taken", Tone::Doubtful, None, &[]),
        State::Refused(messages) => ("refused", Tone::Bad, None, messages),
    };
    if out.is_json() {
        let word = word.split(',').next().unwrap_or(word);
        out.json(&json!({ "subject": subject, "state": word, "id": id, "messages": messages }))?;
        return Ok(());
    }
    let id = id.map(|id| format!(", id {id}")).unwrap_or_default();
    let word = out.paint(tone, word);
    out.line(format!("{subject}: {word}{id}"))?;
    for message in messages {
        out.line(format!("  {message}"))?;
    }
    Ok(())
}
