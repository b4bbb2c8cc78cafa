//! `schema`: the committed schemas, and what a change of them breaks. Verdicts come from
//! [`schema::compat`](event_runtime::schema::compat).

mod check;
mod committed;
mod diff;
mod generate;
mod git;
mod history;
mod opinion;
mod report;

use committed::Committed;
pub(crate) use committed::SCHEMAS;

use clap::{Args, Subcommand};
use event_runtime::PackDescriptor;

use crate::context::Context;
use crate::failure::{Failure, Result};

/// The commands under `schema`.
#[derive(Subcommand)]
pub(crate) enum Schema {
    /// Write the schema of every event and version, as far as that breaks nothing
    Generate(generate::Generate),
    /// Are the committed schemas what the code generates, and do the fixtures decode?
    Check(check::Check),
    /// What changed against another folder or git ref, and what it breaks
    Diff(diff::Diff),
    /// The versions of events: what each changed, and which code reads which
    History(history::History),
}

impl Schema {
    pub(crate) fn run(self, context: &mut Context) -> Result {
        match self {
            Self::Generate(command) => command.run(context),
            Self::Check(command) => command.run(context),
            Self::Diff(command) => command.run(context),
            Self::History(command) => command.run(context),
        }
    }
}

/// Which packs are meant: those of the crate at --root.
#[derive(Args)]
pub(crate) struct Which {
    /// Only this pack; may be repeated
    #[arg(long = "pack", value_name = "PACK")]
    packs: Vec<String>,
}

impl Which {
    pub(crate) fn packs(&self, context: &Context) -> Result<Vec<&'static PackDescriptor>> {
        for name in &self.packs {
            if context.factory.pack(name).is_none() {
                let near = context.factory.nearest_pack(name);
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                return Err(Failure::usage(format!("there is no pack `{name}`{near}")));
            }
        }
        let is_meant =
            |pack: &&PackDescriptor| self.packs.is_empty() || self.packs.iter().any(|name| name == pack.name);
        Ok(context.packs.descriptors().filter(|pack| is_meant(pack)).collect())
    }
}
