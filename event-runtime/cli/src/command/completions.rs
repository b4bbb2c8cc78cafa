//! `completions`: a shell's completion script.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::args::Arguments;
use crate::context::Context;
use crate::failure::{Answer, Result};

/// The arguments of `completions`.
#[derive(Args)]
#[command(after_help = "Examples:\n  events completions bash > /etc/bash_completion.d/events\n  \
    events completions zsh --name shop-events > ~/.zfunc/_shop-events")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: ShellName,
    /// The name under which the program is called; that of its file unless given
    #[arg(long)]
    name: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ShellName {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

impl Completions {
    pub(crate) fn run(self, context: &mut Context) -> Result {
        let own = std::env::args_os().next().map(std::path::PathBuf::from);
        let own = own.and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
        let name = self.name.or(own).unwrap_or_else(|| "events".to_owned());
        let shell = match self.shell {
            ShellName::Bash => Shell::Bash,
            ShellName::Elvish => Shell::Elvish,
            ShellName::Fish => Shell::Fish,
            ShellName::Powershell => Shell::PowerShell,
            ShellName::Zsh => Shell::Zsh,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), name, &mut script);
        context.out.raw(&String::from_utf8_lossy(&script))?;
        Ok(Answer::Good)
    }
}
