//! One call over HTTP: authorised, timed, repeated where that helps.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use event_runtime::Clock;
use event_runtime::config::Secret;
use event_runtime::consumer::Backoff;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;

use super::answer;
use crate::{RegistryConfig, RegistryError, RegistryErrorKind as Kind};

/// The API's first version, in JSON.
const MEDIA_TYPE: &str = "application/vnd.schemaregistry.v1+json";
/// A schema of more bytes than this is a mistake.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Delays between attempts grow up to this.
const LONGEST_DELAY: Duration = Duration::from_secs(10);

/// The client and what every call has in common.
#[derive(Clone)]
pub(super) struct Caller(Arc<Inner>);

struct Inner {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    base: String,
    authorization: Option<HeaderValue>,
    timeout: Duration,
    attempts: u32,
    backoff: Backoff,
    clock: Clock,
}

impl Caller {
    pub(super) fn new(config: &RegistryConfig, clock: Clock) -> Result<Self, RegistryError> {
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls(config)?).https_or_http().enable_http1().build();
        Ok(Self(Arc::new(Inner {
            client: Client::builder(TokioExecutor::new()).build(connector),
            base: config.url.trim_end_matches('/').to_owned(),
            authorization: authorization(config)?,
            timeout: Duration::from_secs(config.call_timeout_seconds),
            attempts: config.max_attempts.max(1),
            backoff: Backoff { base: Duration::from_millis(config.backoff_milliseconds), max: LONGEST_DELAY },
            clock,
        })))
    }

    /// The body of a successful answer.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Bytes, RegistryError> {
        let body = body.map_or_else(Bytes::new, |value| value.to_string().into());
        let mut attempt = 1;
        loop {
            match self.once(&method, path, &body).await {
                Err(error) if error.is_retryable() && attempt < self.0.attempts => {
                    let delay = self.0.backoff.delay(attempt, fastrand::u64(..));
                    self.0.clock.sleep(delay).await;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn once(&self, method: &Method, path: &str, body: &Bytes) -> Result<Bytes, RegistryError> {
        let answer = tokio::time::timeout(self.0.timeout, self.exchange(method, path, body)).await;
        answer.unwrap_or_else(|_| {
            let text = format!("no answer from {} within {:?}", self.0.base, self.0.timeout);
            Err(RegistryError::new(Kind::TimedOut, text))
        })
    }

    async fn exchange(&self, method: &Method, path: &str, body: &Bytes) -> Result<Bytes, RegistryError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.0.base))
            .header(ACCEPT, MEDIA_TYPE)
            .header(CONTENT_TYPE, MEDIA_TYPE);
        if let Some(authorization) = &self.0.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(Full::new(body.clone()))
            .map_err(|error| RegistryError::new(Kind::Refused, "url: it is no address").with_source(error))?;
        let lost = |text: &str| RegistryError::new(Kind::Unavailable, format!("{} {text}", self.0.base));
        let response = self.0.client.request(request).await;
        let response = response.map_err(|error| lost("can't be reached").with_source(error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
        let body = body.map_err(|error| lost("broke off its answer").with_source(error))?.to_bytes();
        if status.is_success() { Ok(body) } else { Err(answer::refused(status.as_u16(), &body)) }
    }
}

/// Prints where the registry is; never its credentials.
impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Caller").field("base", &self.0.base).finish_non_exhaustive()
    }
}

/// TLS by ring; the machine's own roots are looked for only where TLS is used.
fn tls(config: &RegistryConfig) -> Result<ClientConfig, RegistryError> {
    let failed = |text: &str| RegistryError::new(Kind::Refused, text);
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed("TLS can't be set up").with_source(error))?;
    let builder = if config.url.starts_with("https://") {
        let text =
            "this machine has no root certificates; install them, for instance the package ca-certificates";
        builder.with_native_roots().map_err(|error| failed(text).with_source(error))?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

fn authorization(config: &RegistryConfig) -> Result<Option<HeaderValue>, RegistryError> {
    let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    let text = match (&config.username, secret(&config.password), secret(&config.token)) {
        (_, _, Some(token)) if !token.is_empty() => format!("Bearer {token}"),
        (Some(user), Some(password), _) if !user.is_empty() => {
            let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            format!("Basic {pair}")
        }
        _ => return Ok(None),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        RegistryError::new(Kind::Refused, "token: it has characters that no header can carry")
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}
