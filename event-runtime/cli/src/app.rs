//! The program: packs in, exit code out.

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use event_runtime::{MessageFactory, PackDescriptor, Packs};

use crate::args::{Arguments, Command};
use crate::backend::{self, BackendFactory};
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};
use crate::output::{Output, Tone};

const BAD_ANSWER: u8 = 1;
const BAD_QUESTION: u8 = 2;

/// Runs the command line of this process over `packs`, with the transports whose features are on.
pub fn run(packs: impl IntoIterator<Item = &'static PackDescriptor>) -> ExitCode {
    Cli::new(packs).run()
}

/// The command line, for applications that add to it.
pub struct Cli {
    packs: Packs,
    backends: Vec<BackendFactory>,
}

impl Cli {
    /// The command line over `packs`, with the transports whose features are on.
    pub fn new(packs: impl IntoIterator<Item = &'static PackDescriptor>) -> Self {
        Self { packs: Packs::compose(packs), backends: backend::built_in() }
    }

    /// Adds a transport that is the application's own.
    #[must_use]
    pub fn backend(mut self, factory: BackendFactory) -> Self {
        self.backends.push(factory);
        self
    }

    /// Runs with the arguments of this process.
    pub fn run(self) -> ExitCode {
        self.run_with(std::env::args_os())
    }

    /// Runs with these arguments; the first is the program's name.
    pub fn run_with(self, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
        let mut command = Arguments::command();
        let matches = command.try_get_matches_from_mut(arguments);
        let parsed = matches.and_then(|matches| {
            Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
        });
        let arguments = match parsed {
            Ok(arguments) => arguments,
            Err(error) => {
                // Help that nobody reads to its end is no failure.
                let _ = error.print();
                return if error.use_stderr() { ExitCode::from(BAD_QUESTION) } else { ExitCode::SUCCESS };
            }
        };
        let Arguments { common, command } = arguments;
        let out = Output::new(common.format, common.color);
        let root = common.root.unwrap_or_else(default_root);
        let mut factory = MessageFactory::new();
        if let Err(conflicts) = self.packs.register(&mut factory) {
            return complain(&out, &Failure::Failed(conflicts.to_string()));
        }
        let config = common.config.filter(|path| !path.as_os_str().is_empty());
        let mut context = Context { packs: self.packs, factory, factories: self.backends, config, root, out };
        let answer = block_on(command, &mut context);
        let flushed = context.out.flush().map_err(Failure::from);
        match answer.and_then(|answer| flushed.map(|()| answer)) {
            Ok(Answer::Good) | Err(Failure::OutputClosed) => ExitCode::SUCCESS,
            Ok(Answer::Bad) => ExitCode::from(BAD_ANSWER),
            Err(failure) => complain(&context.out, &failure),
        }
    }
}

impl fmt::Debug for Cli {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let packs: Vec<_> = self.packs.descriptors().map(|pack| pack.name).collect();
        formatter.debug_struct("Cli").field("packs", &packs).finish_non_exhaustive()
    }
}

/// Under `cargo run` the folder of the crate that is run.
fn default_root() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from("."), PathBuf::from)
}

fn block_on(command: Command, context: &mut Context) -> Result {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        match command {
            Command::Routes(command) => command.run(context).await,
            Command::Emit(command) => command.run(context).await,
            Command::Queue(command) => command.run(context).await,
            Command::Tail(command) => command.run(context).await,
            Command::Dlq(command) => command.run(context).await,
            Command::Schema(command) => command.run(context),
            #[cfg(feature = "registry")]
            Command::Registry(command) => command.run(context).await,
            Command::Catalog(command) => command.run(context).await,
            Command::Doctor(command) => command.run(context).await,
            Command::Completions(command) => command.run(context),
        }
    })
}

fn complain(out: &Output, failure: &Failure) -> ExitCode {
    let label = out.paint(Tone::Bad, "error:");
    // Where the standard error is closed, the exit code says it.
    let _ = writeln!(std::io::stderr(), "{label} {failure}");
    ExitCode::from(if matches!(failure, Failure::Usage(_)) { BAD_QUESTION } else { BAD_ANSWER })
}
