//! The arguments: what all commands take, and the commands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::command::{catalog, completions, dlq, doctor, emit, queue, routes, schema, tail};
use crate::output::{Color, Format};

/// Look at, check and run the events of this application.
#[derive(Parser)]
#[command(name = "events", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 = fine, 1 = the answer is bad, 2 = the question was.\n\
    `events help <command>` shows examples.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
pub(crate) struct Common {
    /// The application's configuration, JSON
    #[arg(short, long, global = true, value_name = "FILE", env = "EVENTS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// The folder that holds schemas/ and fixtures/; that of the crate under `cargo run`, else the current one
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
    /// How results are printed
    #[arg(long, global = true, value_enum, default_value_t, value_name = "HOW")]
    pub(crate) format: Format,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Where events go, and whether the configuration is right
    #[command(subcommand)]
    Routes(routes::Routes),
    /// Emit one event from JSON
    Emit(emit::Emit),
    /// Look at queues
    #[command(subcommand)]
    Queue(queue::Queue),
    /// Show messages of a queue without consuming them
    Tail(tail::Tail),
    /// Look at dead letters, send them back, throw them away
    #[command(subcommand)]
    Dlq(dlq::Dlq),
    /// Schemas: write them, check them, see what a change breaks
    #[command(subcommand)]
    Schema(schema::Schema),
    /// Schemas in a schema registry: check them, register them, fetch one
    #[cfg(feature = "registry")]
    #[command(subcommand)]
    Registry(crate::command::registry::RegistryCommand),
    /// The catalogue of events: AsyncAPI, a web site, Markdown, EventCatalog
    #[command(subcommand)]
    Catalog(catalog::Catalog),
    /// Look at everything once: configuration, credentials, queues, schemas
    Doctor(doctor::Doctor),
    /// Print the completions for a shell
    Completions(completions::Completions),
}
