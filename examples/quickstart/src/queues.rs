//! Where the queues are: in this process, or in a file of the folder that `--data` names.

use std::error::Error;
use std::path::PathBuf;

use event_runtime::Clock;
use event_runtime::config::{Config, Environment as _, ProcessEnvironment, Transport};
use event_runtime::consumer::repair::DeadLetters;
use event_runtime::embedded::{EmbeddedSource, EmbeddedTransport};
use event_transport_sqlite::{SqliteSource, SqliteTransport};

/// The queues that the configuration describes.
pub(crate) enum Queues {
    InMemory(EmbeddedTransport),
    InFile(SqliteTransport),
}

impl Queues {
    /// The configuration, and its queues. The two configurations differ in the transport that they name.
    pub(crate) fn open() -> Result<(Config, Self), Box<dyn Error>> {
        let Some(folder) = data_folder()? else {
            let config = Config::from_str(include_str!("../config.json"), &ProcessEnvironment)?;
            let embedded = EmbeddedTransport::from_config(&config.require("embedded")?, Clock::system())?;
            return Ok((config, Self::InMemory(embedded)));
        };
        std::fs::create_dir_all(&folder)?;
        let environment = |name: &str| match name {
            "DATA" => Some(folder.display().to_string()),
            name => ProcessEnvironment.variable(name),
        };
        let config = Config::from_str(include_str!("../durable.json"), &environment)?;
        let sqlite = SqliteTransport::from_config(&config.require("sqlite")?, Clock::system())?;
        Ok((config, Self::InFile(sqlite)))
    }

    pub(crate) fn transport(&self) -> &dyn Transport {
        match self {
            Self::InMemory(embedded) => embedded,
            Self::InFile(sqlite) => sqlite,
        }
    }

    /// The dead letters in a queue.
    pub(crate) async fn dead_letters(&self, queue: &str) -> Result<DeadLetters, Box<dyn Error>> {
        Ok(match self {
            Self::InMemory(embedded) => {
                DeadLetters::new(EmbeddedSource::new(embedded.broker().queue(queue)?))
            }
            Self::InFile(sqlite) => DeadLetters::new(SqliteSource::new(sqlite.broker().queue(queue).await?)),
        })
    }
}

fn data_folder() -> Result<Option<PathBuf>, String> {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next(), arguments.next()) {
        (None, ..) => Ok(None),
        (Some(option), Some(folder), None) if option == "--data" => Ok(Some(folder.into())),
        _ => Err("usage: example-quickstart [--data DIR]".to_owned()),
    }
}
