//! `catalog`: what people look at. The content is [`catalogue`](crate::catalogue)'s.

mod asyncapi;
mod eventcatalog;
mod html;
mod markdown;
mod serve;
mod write;

use clap::{Args, Subcommand};

use crate::catalogue::Catalogue;
use crate::context::Context;
use crate::failure::Result;

/// The commands under `catalog`.
#[derive(Subcommand)]
pub(crate) enum Catalog {
    /// An AsyncAPI 3.0 document
    Asyncapi(asyncapi::Asyncapi),
    /// A static site
    Html(html::Html),
    /// The static site on a local port, reloaded when files change
    Serve(serve::Serve),
    /// Markdown for a repository's wiki
    Markdown(markdown::Markdown),
    /// Folders and front matter for EventCatalog
    Eventcatalog(eventcatalog::Eventcatalog),
}

/// What every format takes.
#[derive(Args, Clone)]
pub(crate) struct Content {
    /// The catalogue's title
    #[arg(long, default_value = "Events")]
    title: String,
}

impl Content {
    pub(crate) async fn build(&self, context: &Context) -> Result<Catalogue> {
        Catalogue::build(context, Some(&self.title)).await
    }
}

impl Catalog {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        match self {
            Self::Asyncapi(command) => command.run(context).await,
            Self::Html(command) => command.run(context).await,
            Self::Serve(command) => command.run(context).await,
            Self::Markdown(command) => command.run(context).await,
            Self::Eventcatalog(command) => command.run(context).await,
        }
    }
}
