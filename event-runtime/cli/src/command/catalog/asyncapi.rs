//! `catalog asyncapi`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Content;
use crate::catalogue::{asyncapi, yaml};
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};

/// The arguments of `catalog asyncapi`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events catalog asyncapi --config config.json > asyncapi.json\n  \
    events catalog asyncapi --config config.json --syntax yaml --out asyncapi.yaml\n\n\
    With a configuration a channel is a queue; without, a pack.")]
pub(crate) struct Asyncapi {
    #[command(flatten)]
    content: Content,
    /// The file; the standard output unless given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// JSON or YAML
    #[arg(long, value_enum, default_value_t)]
    syntax: Syntax,
    /// The version of the document itself
    #[arg(long, default_value = "1.0.0", value_name = "VERSION")]
    api_version: String,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Syntax {
    #[default]
    Json,
    Yaml,
}

impl Asyncapi {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let catalogue = self.content.build(context).await?;
        let document = asyncapi::document(&catalogue, &self.api_version);
        let text = match self.syntax {
            Syntax::Json => format!("{document:#}\n"),
            Syntax::Yaml => yaml::print(&document),
        };
        match &self.out {
            Some(file) => std::fs::write(file, text).map_err(|error| Failure::file(file, &error))?,
            None => context.out.raw(&text)?,
        }
        Ok(Answer::Good)
    }
}
