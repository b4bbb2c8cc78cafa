//! `queue`: what queues hold.

mod stats;

pub(crate) use stats::places;

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Result;

/// The commands under `queue`.
#[derive(Subcommand)]
pub(crate) enum Queue {
    /// How many messages each queue of the configuration holds
    Stats(stats::Stats),
}

impl Queue {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        match self {
            Self::Stats(command) => command.run(context).await,
        }
    }
}
