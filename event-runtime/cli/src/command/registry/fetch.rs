//! `registry fetch`.

use clap::Args;
use event_registry::Version;

use super::{Whose, is_missing};
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};

/// The arguments of `registry fetch`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events registry fetch OrderPaidEvent.v1 --url http://localhost:8081\n  \
    events registry fetch OrderPaidEvent.v1 --subject-version 2 --config config.json\n  \
    events registry fetch --id 1042 --config config.json > schema.json\n\n\
    Exit code 1: the registry does not have it."
)]
pub(crate) struct Fetch {
    /// The subject
    #[arg(value_name = "SUBJECT", required_unless_present = "id", conflicts_with = "id")]
    name: Option<String>,
    /// The subject's version; the newest unless given
    #[arg(long = "subject-version", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    number: Option<u32>,
    /// The schema's id, as the header of a message has it
    #[arg(long, value_name = "ID", conflicts_with = "number")]
    id: Option<u32>,
    #[command(flatten)]
    whose: Whose,
}

impl Fetch {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let registry = self.whose.registry(context)?;
        let schema = match (self.id, &self.name) {
            (Some(id), _) => registry.schema(id).await,
            (None, name) => {
                let version = self.number.map_or(Version::Latest, Version::Number);
                let name = name.as_deref().unwrap_or_default();
                registry.version(name, version).await.map(|found| found.schema)
            }
        };
        match schema {
            Ok(schema) if context.out.is_json() => context.out.json(&schema)?,
            Ok(schema) => context.out.line(format!("{schema:#}"))?,
            Err(error) if is_missing(&error) => {
                context.out.note(error.to_string())?;
                return Ok(Answer::Bad);
            }
            Err(error) => return Err(Failure::failed(&error)),
        }
        Ok(Answer::Good)
    }
}
