//! `catalog eventcatalog`.

use std::path::PathBuf;

use clap::Args;

use super::{Content, write};
use crate::catalogue::eventcatalog;
use crate::context::Context;
use crate::failure::Result;

/// The arguments of `catalog eventcatalog`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events catalog eventcatalog --out my-catalog --config config.json\n\n\
    Packs become domains, producers and consumers services, queues channels.")]
pub(crate) struct Eventcatalog {
    #[command(flatten)]
    content: Content,
    /// The folder of the catalogue
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

impl Eventcatalog {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let files = eventcatalog::files(&self.content.build(context).await?);
        write::write(context, &self.out, &files)
    }
}
