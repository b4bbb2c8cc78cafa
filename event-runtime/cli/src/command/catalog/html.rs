//! `catalog html`.

use std::path::PathBuf;

use clap::Args;

use super::{Content, write};
use crate::catalogue::html;
use crate::context::Context;
use crate::failure::Result;

/// The arguments of `catalog html`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events catalog html --out site --config config.json --title \"Shop events\"\n\n\
    The site needs no server and no network: open site/index.html."
)]
pub(crate) struct Html {
    #[command(flatten)]
    content: Content,
    /// The folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Html {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let files = html::files(&self.content.build(context).await?)?;
        write::write(context, &self.out, &files)
    }
}
