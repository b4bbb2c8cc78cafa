//! `dlq`: dead letters, looked at and repaired. What repair means is
//! [`consumer::repair`](event_runtime::consumer::repair)'s; here are its arguments and its output.

mod discard;
mod list;
pub(crate) mod place;
mod redrive;
mod select;
mod show;
mod summary;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Result;

/// The commands under `dlq`.
#[derive(Subcommand)]
pub(crate) enum Dlq {
    /// List dead letters: what failed, why, when
    List(list::List),
    /// Show one dead letter in full
    Show(show::Show),
    /// Send dead letters back to the queue that they came from
    Redrive(redrive::Redrive),
    /// Remove dead letters for good
    Discard(discard::Discard),
}

impl Dlq {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        match self {
            Self::List(command) => command.run(context).await,
            Self::Show(command) => command.run(context).await,
            Self::Redrive(command) => command.run(context).await,
            Self::Discard(command) => command.run(context).await,
        }
    }
}
