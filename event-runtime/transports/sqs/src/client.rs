//! Clients from configuration: region, endpoint, credentials, timeouts.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Credentials;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;

use crate::config::{SqsClientConfiguration, secret, text};
use crate::http::https_client;

/// How long one call may take where configuration does not say.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

impl SqsClientConfiguration {
    /// A client of this configuration.
    ///
    /// It does not repeat calls by itself: producer, source and engine do, each by its own policy, and know what
    /// may be repeated.
    ///
    /// # Cancel safety
    /// A dropped call leaves nothing behind.
    pub async fn client(&self) -> Client {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_timeout(self.call_timeout_seconds.map_or(CALL_TIMEOUT, Duration::from_secs))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(https_client())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        if let Some(region) = text(&self.region) {
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(url) = text(&self.endpoint_url) {
            loader = loader.endpoint_url(url);
        }
        if let (Some(id), Some(key)) = (text(&self.access_key_id), secret(&self.secret_access_key)) {
            let token = secret(&self.session_token).map(str::to_owned);
            loader = loader.credentials_provider(Credentials::new(id, key, token, None, "configuration"));
        }
        Client::new(&loader.load().await)
    }
}
