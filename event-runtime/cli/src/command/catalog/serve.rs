//! `catalog serve`: the site on a local port. Pages ask for the next change and reload when it comes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use clap::Args;
use event_runtime::Clock;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Content;
use crate::catalogue::{Files, html};
use crate::context::Context;
use crate::failure::{Answer, Failure, Result};

/// The arguments of `catalog serve`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  events catalog serve --config config.json\n  events catalog serve --port 0\n  \
    cargo watch -x 'run -- catalog serve'\n\n\
    Pages reload when a schema, a fixture or the configuration changes, and when the program starts anew."
)]
pub(crate) struct Serve {
    #[command(flatten)]
    content: Content,
    /// The port on this machine; 0 for any that is free
    #[arg(long, default_value_t = 8765)]
    port: u16,
}

/// Files are looked at this often.
const LOOK: Duration = Duration::from_millis(500);
/// A page that waits for a change gets an answer after this time at the latest.
const WAIT: Duration = Duration::from_secs(25);
/// Where pages wait for changes.
const CHANGES: &str = "/-/changes";

/// The site as it is now, and its number.
struct Site {
    number: u128,
    files: Files,
}

type Shared = watch::Receiver<Arc<Site>>;

impl Serve {
    pub(crate) async fn run(self, context: &mut Context) -> Result {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|error| Failure::usage(format!("port {}: {error}", self.port)))?;
        let address = listener.local_addr().map_err(|error| Failure::failed(&error))?;
        let (sender, receiver) = watch::channel(Arc::new(self.site(context).await?));
        context.out.line(format!("http://{address}/"))?;
        context.out.flush()?;
        let application = Router::new().fallback(answer).with_state(receiver);
        let server = async move { axum::serve(listener, application).await };
        tokio::select! {
            ended = server => ended.map_err(|error| Failure::failed(&error))?,
            failed = self.watch(context, &sender) => failed?,
            _ = tokio::signal::ctrl_c() => {}
        }
        Ok(Answer::Good)
    }

    async fn site(&self, context: &Context) -> Result<Site> {
        let files = html::files(&self.content.build(context).await?)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Site { number: now.as_nanos(), files })
    }

    /// Builds the site anew when a file has changed; ends when the output does.
    async fn watch(&self, context: &mut Context, sender: &watch::Sender<Arc<Site>>) -> Result<()> {
        let clock = Clock::system();
        let mut before = stamp(context);
        loop {
            clock.sleep(LOOK).await;
            let now = stamp(context);
            if now == before {
                continue;
            }
            before = now;
            match self.site(context).await {
                Ok(site) => {
                    sender.send_replace(Arc::new(site));
                }
                // The old site stays until the mistake is mended.
                Err(failure) => context.out.note(format!("not rebuilt: {failure}"))?,
            }
        }
    }
}

/// What changes when a file that the site is built from changes: how many there are, and the newest's time.
fn stamp(context: &Context) -> (usize, Option<SystemTime>) {
    let mut files: Vec<PathBuf> = context.config.iter().cloned().collect();
    for folder in ["schemas", "fixtures"] {
        gather(&context.root.join(folder), &mut files);
    }
    let modified = |path: &PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    (files.len(), files.iter().filter_map(modified).max())
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.push(path);
        }
    }
}

async fn answer(State(mut sites): State<Shared>, request: Request) -> Response {
    let path = request.uri().path();
    if path == CHANGES {
        let known = request.uri().query().unwrap_or_default().to_owned();
        let changed = sites.wait_for(|site| site.number.to_string() != known);
        let number = match tokio::time::timeout(WAIT, changed).await {
            Ok(Ok(site)) => site.number.to_string(),
            _ => known,
        };
        return ([(header::CONTENT_TYPE, "text/plain"), (header::CACHE_CONTROL, "no-store")], number)
            .into_response();
    }
    let name = path.trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    let site = sites.borrow().clone();
    let Some(text) = site.files.get(name) else {
        return (StatusCode::NOT_FOUND, "there is no such page").into_response();
    };
    let (kind, text) = match name.rsplit('.').next() {
        Some("css") => ("text/css; charset=utf-8", text.clone()),
        Some("js") => ("text/javascript; charset=utf-8", text.clone()),
        _ => ("text/html; charset=utf-8", text.replace("</body>", &reloader(site.number))),
    };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], text).into_response()
}

/// The script that only served pages have.
fn reloader(number: u128) -> String {
    format!(
        "<script>(async () => {{ for (;;) {{ try {{ const answer = await fetch('{CHANGES}?{number}'); \
         if (answer.ok && (await answer.text()) !== '{number}') return location.reload(); }} \
         catch {{ await new Promise((done) => setTimeout(done, 1000)); }} }} }})();</script></body>"
    )
}
