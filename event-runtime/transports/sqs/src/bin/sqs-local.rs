//! The local endpoint as a process: `sqs-local [--listen ADDRESS] [CONFIGURATION]`.
//!
//! The configuration is JSON with an `embedded` section, the same that the embedded transport reads; without one there
//! are no queues until a client creates them. It serves until it is interrupted, and keeps nothing.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;

use event_runtime::config::{Config, ProcessEnvironment};
use event_runtime::embedded::{Broker, EmbeddedTransport};
use event_runtime::{Clock, shutdown_signal};
use event_transport_sqs::local::LocalEndpoint;

const USAGE: &str = "usage: sqs-local [--listen ADDRESS] [CONFIGURATION]
  --listen ADDRESS   where to listen, 127.0.0.1:9324 unless set; port 0 = any free one
  CONFIGURATION      a JSON file: { \"embedded\": { \"queues\": [ { \"name\": \"orders\" } ] } }";

struct Arguments {
    listen: SocketAddr,
    configuration: Option<String>,
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
    let mut arguments = Arguments { listen: ([127, 0, 0, 1], 9324).into(), configuration: None };
    while let Some(word) = words.next() {
        match word.as_str() {
            "-h" | "--help" => return Ok(None),
            "--listen" => {
                let address = words.next().ok_or("`--listen` needs an address")?;
                let parsed = address.parse();
                arguments.listen = parsed.map_err(|_| format!("`{address}` is no address with a port"))?;
            }
            option if option.starts_with('-') => return Err(format!("unknown option `{option}`")),
            _ if arguments.configuration.is_some() => return Err(format!("unexpected argument `{word}`")),
            _ => arguments.configuration = Some(word),
        }
    }
    Ok(Some(arguments))
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let broker = match &arguments.configuration {
        None => Broker::new(),
        Some(path) => {
            let config = Config::from_path(path, &ProcessEnvironment)?;
            EmbeddedTransport::from_config(&config.require("embedded")?, Clock::system())?.broker().clone()
        }
    };
    let endpoint = LocalEndpoint::start_with(broker, arguments.listen).await?;
    println!("listening on {}", endpoint.url());
    for name in endpoint.broker().queue_names("") {
        println!("{}", endpoint.queue_url(&name));
    }
    shutdown_signal().await;
    endpoint.shutdown().await;
    Ok(())
}
