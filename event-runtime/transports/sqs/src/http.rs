//! HTTP under the SDK: rustls over ring, which is the workspace's one TLS provider, and the proxies of the environment.
//!
//! The SDK's own default client would bring a second provider. The one that `aws-smithy-http-client` builds with ring
//! knows no proxies, so connectors are built and kept here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_sqs::config::{HttpClient, RuntimeComponents, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Connector, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

/// The HTTP client of this crate's clients, for those that are built by hand: rustls over ring with the system's
/// certificates, and the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name.
///
/// ```no_run
/// # async fn example() {
/// let sdk = aws_config::from_env().http_client(event_transport_sqs::https_client()).load().await;
/// let client = aws_sdk_sqs::Client::new(&sdk);
/// # let _ = client;
/// # }
/// ```
pub fn https_client() -> SharedHttpClient {
    SharedHttpClient::new(Connectors::new(|builder| {
        let builder = builder.proxy_config(ProxyConfig::from_env());
        builder.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
    }))
}

/// Without TLS and proxies, for an endpoint on this machine.
#[cfg(feature = "local")]
pub(crate) fn plain_client() -> SharedHttpClient {
    SharedHttpClient::new(Connectors::new(ConnectorBuilder::build_http))
}

/// One connector, with its connections, for each pair of timeouts: the SDK asks for one with every request.
#[derive(Debug)]
struct Connectors {
    build: fn(ConnectorBuilder) -> Connector,
    built: Mutex<HashMap<Timeouts, SharedHttpConnector>>,
}

/// Of connecting, and of reading.
type Timeouts = (Option<Duration>, Option<Duration>);

impl Connectors {
    fn new(build: fn(ConnectorBuilder) -> Connector) -> Self {
        Self { build, built: Mutex::default() }
    }
}

impl HttpClient for Connectors {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let connector = built.entry(timeouts).or_insert_with(|| {
            let mut builder = Connector::builder().connector_settings(settings.clone());
            builder.set_sleep_impl(components.sleep_impl());
            SharedHttpConnector::new((self.build)(builder))
        });
        connector.clone()
    }
}
