//! `catalog markdown`.

use std::path::PathBuf;

use clap::Args;

use super::{Content, write};
use crate::catalogue::markdown;
use crate::context::Context;
use crate::failure::{Answer, Result};

/// The arguments of `catalog markdown`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events catalog markdown > EVENTS.md\n  \
    events catalog markdown --out wiki --config config.json")]
pub(crate) struct Markdown {
    #[command(flatten)]
    content: Content,
    /// The folder, for a page a pack; one page on the standard output unless given
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Markdown {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let catalogue = self.content.build(context).await?;
        match &self.out {
            Some(folder) => write::write(context, folder, &markdown::files(&catalogue)),
            None => {
                context.out.raw(&markdown::whole(&catalogue))?;
                Ok(Answer::Good)
            }
        }
    }
}
