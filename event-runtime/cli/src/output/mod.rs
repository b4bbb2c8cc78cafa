//! What a command prints: tables and colours for people on a terminal, JSON lines for programs.

mod paint;
mod table;

pub(crate) use paint::Tone;
pub(crate) use table::Table;

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde_json::Value;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text; lists as JSON lines where the output is no terminal.
    #[default]
    Auto,
    /// Text and tables.
    Text,
    /// One JSON object a line.
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where a command prints.
pub(crate) struct Output {
    out: io::BufWriter<io::Stdout>,
    format: Format,
    colors: bool,
    terminal: bool,
}

impl Output {
    pub(crate) fn new(format: Format, color: Color) -> Self {
        let terminal = io::stdout().is_terminal();
        let wished = || std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colors = match color {
            Color::Auto => terminal && wished() && std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
            Color::Always => true,
            Color::Never => false,
        };
        Self { out: io::BufWriter::new(io::stdout()), format, colors, terminal }
    }

    /// Whether reports are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether lists are printed as JSON lines.
    pub(crate) fn lists_json(&self) -> bool {
        self.is_json() || (self.format == Format::Auto && !self.terminal)
    }

    /// Whether somebody watches: progress is shown only then.
    pub(crate) fn is_watched(&self) -> bool {
        io::stderr().is_terminal() && !self.is_json()
    }

    /// One line of text.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", text.as_ref())
    }

    /// Text as it is.
    pub(crate) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// One JSON object as a line.
    pub(crate) fn json(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.out, "{value}")
    }

    /// A list: a table for people, JSON lines otherwise.
    pub(crate) fn table(&mut self, table: Table) -> io::Result<()> {
        if self.lists_json() {
            return table.objects().iter().try_for_each(|object| self.json(object));
        }
        let text = table.render(self.terminal, self.colors);
        self.line(text)
    }

    /// The text in a tone, where colours are used.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        tone.paint(text, self.colors)
    }

    /// A remark that is no result; it goes to the standard error.
    pub(crate) fn note(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.out.flush()?;
        writeln!(io::stderr(), "{}", text.as_ref())
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
