//! `schema generate`: the files as the code has them.

use std::path::PathBuf;

use clap::Args;
use event_runtime::PackDescriptor;
use event_runtime::schema;
use serde_json::json;

use super::{SCHEMAS, Which};
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};
use crate::output::Tone;

/// The arguments of `schema generate`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events schema generate\n  events schema generate --pack OrderMessagePack --root crates/orders\n  \
    EVENT_SCHEMAS=update cargo run -- schema generate\n\n\
    A change that breaks readers is not written: raise the version. The derive compares a struct with its file too; \
    EVENT_SCHEMAS=update lets it pass while files are written anew. Exit code 1: something was not written."
)]
pub(crate) struct Generate {
    #[command(flatten)]
    which: Which,
}

impl Generate {
    pub(crate) fn run(self, context: &mut Context) -> Result {
        let mut answer = Answer::Good;
        for pack in self.which.packs(context)? {
            let before = texts(context, pack);
            if !context.root.is_dir() {
                let text = format!("{} is no folder; give --root", context.root.display());
                return Err(Failure::usage(text));
            }
            let updated = schema::update(pack, &context.root);
            for ((file, before), (_, after)) in before.iter().zip(texts(context, pack)) {
                if *before != after {
                    wrote(context, file, before.is_none())?;
                }
            }
            if let Err(error) = updated {
                answer = Answer::Bad;
                super::check::print(context, pack, error.problems())?;
            }
        }
        Ok(answer)
    }
}

/// Every schema file of a pack, with its text where it is there.
fn texts(context: &Context, pack: &PackDescriptor) -> Vec<(PathBuf, Option<String>)> {
    let versions = pack.events.iter().flat_map(|event| event.versions());
    let read = |event| {
        let event: &event_runtime::event::EventDescriptor = event;
        let folder = context.root.join(event.schemas.unwrap_or(SCHEMAS));
        let file = folder.join(schema::file_name(event));
        let text = std::fs::read_to_string(&file).ok();
        (file, text)
    };
    versions.map(read).collect()
}

fn wrote(context: &mut Context, file: &std::path::Path, new: bool) -> Result<()> {
    let what = if new { "created" } else { "updated" };
    if context.out.is_json() {
        context.out.json(&json!({ "file": file.display().to_string(), "done": what }))?;
    } else {
        let what = context.out.paint(Tone::Good, what);
        context.out.line(format!("{what} {}", file.display()))?;
    }
    Ok(())
}
