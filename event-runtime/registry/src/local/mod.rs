//! A registry in this process, for tests: the calls of this crate's client, answered as Confluent's API documents them.
//!
//! It keeps JSON Schemas in memory, gives out ids, answers with the API's own error codes, compares candidates with the
//! newest version backwards as a registry does unless told otherwise, and fails on demand. It is no registry to run.

mod answer;
mod store;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use answer::Answer;
use store::Store;

/// A request of more bytes than this is refused.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// A registry that ends when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use event_registry::local::LocalRegistry;
/// use event_registry::{Registry, RegistryConfig};
/// use serde_json::json;
///
/// let server = LocalRegistry::start().await?;
/// let registry = Registry::new(RegistryConfig::new(server.url()))?;
/// let registered = registry.register("OrderPaidEvent.v1", &json!({ "type": "object" })).await?;
/// assert_eq!(registry.schema(registered.id).await?, json!({ "type": "object" }));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LocalRegistry {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    store: Store,
    /// What the `Authorization` header has to be.
    authorization: Option<String>,
    /// Statuses of the next answers, the first first.
    failures: Vec<u16>,
    requests: Vec<String>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalRegistry {
    /// Starts a registry on a free port of this machine.
    ///
    /// # Errors
    /// Where no port can be had.
    ///
    /// # Cancel safety
    /// A dropped call starts nothing.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let application = Router::new().fallback(answer_request).with_state(shared.clone());
        let server = tokio::spawn(async move {
            // It ends by being aborted.
            let _ = axum::serve(listener, application).await;
        });
        Ok(Self { address, shared, server })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on every request needs this `Authorization` header, for instance `Bearer …`.
    pub fn require(&self, authorization: impl Into<String>) {
        self.shared.lock().authorization = Some(authorization.into());
    }

    /// Answers the next requests with these statuses, one each, and an empty body.
    pub fn fail_next(&self, statuses: impl IntoIterator<Item = u16>) {
        self.shared.lock().failures.extend(statuses);
    }

    /// The requests so far, `GET /schemas/ids/1`.
    pub fn requests(&self) -> Vec<String> {
        self.shared.lock().requests.clone()
    }

    /// Puts a schema of another type there: `AVRO`, `PROTOBUF`.
    pub fn put_foreign(&self, subject: &str, schema_type: &str, schema: &str) {
        self.shared.lock().store.put(subject, schema_type, schema);
    }
}

impl Drop for LocalRegistry {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer_request(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let authorization = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let path = parts.uri.path().to_owned();
    let body = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let mut inner = shared.lock();
    inner.requests.push(format!("{} {}", parts.method, parts.uri));
    if !inner.failures.is_empty() {
        return Answer::empty(inner.failures.remove(0)).into();
    }
    if inner.authorization.is_some() && inner.authorization.as_deref() != authorization {
        return Answer::refusal(StatusCode::UNAUTHORIZED, 401, "Unauthorized").into();
    }
    let segments: Vec<String> = path.split('/').skip(1).map(answer::decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let is_verbose = parts.uri.query().is_some_and(|query| query.contains("verbose=true"));
    let store = &mut inner.store;
    let answer = match (&parts.method, segments.as_slice()) {
        (&Method::POST, ["subjects", subject, "versions"]) => store.register(subject, &body),
        (&Method::POST, ["subjects", subject]) => store.look_up(subject, &body),
        (&Method::GET, ["subjects", subject, "versions"]) => store.versions(subject),
        (&Method::GET, ["subjects", subject, "versions", version]) => store.version(subject, version),
        (&Method::GET, ["schemas", "ids", id]) => store.by_id(id),
        (&Method::POST, ["compatibility", "subjects", subject, "versions"]) => {
            store.check(subject, None, &body, is_verbose)
        }
        (&Method::POST, ["compatibility", "subjects", subject, "versions", version]) => {
            store.check(subject, Some(version), &body, is_verbose)
        }
        _ => Answer::refusal(StatusCode::NOT_FOUND, 404, "HTTP 404 Not Found"),
    };
    answer.into()
}
