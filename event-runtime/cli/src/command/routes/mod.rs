//! `routes`: where events go.

mod check;
mod explain;
pub(crate) mod paper;

pub(crate) use check::find;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Result;

/// The commands under `routes`.
#[derive(Subcommand)]
pub(crate) enum Routes {
    /// Which producers take an event, by which rule, and why the others do not
    Explain(explain::Explain),
    /// Every mistake of a configuration at once
    Check(check::Check),
}

impl Routes {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        match self {
            Self::Explain(command) => command.run(context).await,
            Self::Check(command) => command.run(context).await,
        }
    }
}
