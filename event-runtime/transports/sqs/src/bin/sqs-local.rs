//! The local endpoint as a process: `sqs-local [--listen ADDRESS] [--data DIR] [CONFIGURATION]`.
//!
//! The configuration is JSON with an `embedded` section, the same that the embedded transport reads; without one there
//! are no queues until a client creates them. It serves until it is interrupted. With `--data` the queues are kept in a
//! folder and are there at the next start, with all they hold: then the configuration creates its queues, or changes
//! the attributes of those that are there. Without it, everything ends with the process.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use event_runtime::config::{Config, ProcessEnvironment};
use event_runtime::embedded::{Broker, EmbeddedTransport};
use event_runtime::{Clock, shutdown_signal};
use event_transport_sqs::local::{Backend, LocalEndpoint};

const USAGE: &str = "usage: sqs-local [--listen ADDRESS] [--data DIR] [CONFIGURATION]
  --listen ADDRESS   where to listen, 127.0.0.1:9324 unless set; port 0 = any free one
  --data DIR         keeps the queues in this folder, over restarts; in memory unless set
  CONFIGURATION      a JSON file: { \"embedded\": { \"queues\": [ { \"name\": \"orders\" } ] } }";

struct Arguments {
    listen: SocketAddr,
    data: Option<PathBuf>,
    configuration: Option<String>,
}

/// What is served, and the queues that are there at the start.
struct Served {
    queues: Backend,
    names: Vec<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match read(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The arguments; `None` where help is asked for.
fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let mut arguments = Arguments { listen: ([127, 0, 0, 1], 9324).into(), data: None, configuration: None };
    while let Some(word) = words.next() {
        match word.as_str() {
            "-h" | "--help" => return Ok(None),
            "--listen" => {
                let address = words.next().ok_or("`--listen` needs an address")?;
                let parsed = address.parse();
                arguments.listen = parsed.map_err(|_| format!("`{address}` is no address with a port"))?;
            }
            "--data" => {
                let folder = words.next().filter(|folder| !folder.is_empty());
                arguments.data = Some(folder.ok_or("`--data` needs a folder")?.into());
            }
            option if option.starts_with('-') => return Err(format!("unknown option `{option}`")),
            _ if arguments.configuration.is_some() => return Err(format!("unexpected argument `{word}`")),
            _ => arguments.configuration = Some(word),
        }
    }
    Ok(Some(arguments))
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { listen, data, configuration } = arguments;
    let section = match configuration {
        None => None,
        Some(path) => Some(Config::from_path(path, &ProcessEnvironment)?.require("embedded")?),
    };
    let Served { queues, names } = match data {
        None => in_memory(section)?,
        Some(folder) => in_folder(&folder, section).await?,
    };
    let endpoint = LocalEndpoint::start_with(queues, listen).await.map_err(|error| {
        format!("can't listen on {listen} ({error}): name another address with `--listen`")
    })?;
    let urls: String = names.iter().map(|name| format!("{}\n", endpoint.queue_url(name))).collect();
    // Whoever reads this may have left after the first line.
    let _ = write!(std::io::stdout(), "listening on {}\n{urls}", endpoint.url());
    shutdown_signal().await;
    endpoint.shutdown().await;
    Ok(())
}

fn in_memory(section: Option<Config>) -> Result<Served, Box<dyn Error>> {
    let broker = match section {
        None => Broker::new(),
        Some(section) => EmbeddedTransport::from_config(&section, Clock::system())?.broker().clone(),
    };
    Ok(Served { names: broker.queue_names(""), queues: broker.into() })
}

#[cfg(feature = "durable")]
async fn in_folder(folder: &Path, section: Option<Config>) -> Result<Served, Box<dyn Error>> {
    use event_transport_sqlite::{SqliteBroker, SqliteConfig};
    use event_transport_sqs::local::DATA_FILE;

    let file = folder.join(DATA_FILE);
    let broker = match section {
        None => SqliteBroker::builder(file).create_folder().open()?,
        Some(section) => {
            let config = SqliteConfig::from_embedded(file, section.read()?);
            config.check(&section)?;
            let broker = config.builder().create_folder().open()?;
            config.declare(&section, &broker)?;
            broker
        }
    };
    Ok(Served { names: broker.queue_names("").await?, queues: broker.into() })
}

#[cfg(not(feature = "durable"))]
async fn in_folder(folder: &Path, _: Option<Config>) -> Result<Served, Box<dyn Error>> {
    let folder = folder.display();
    Err(format!("can't keep queues in {folder}: this program is built without them, build it with `--features durable`").into())
}
