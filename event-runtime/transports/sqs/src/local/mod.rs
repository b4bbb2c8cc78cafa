//! The local endpoint: HTTP on this machine over the [embedded queues](event_runtime::embedded), or over those of a file.
//!
//! It speaks AWS JSON 1.0 as Amazon SQS does, so that code over `aws-sdk-sqs` runs with nothing installed, and it
//! injects [faults](Faults) for tests. Signatures are not checked, any credentials will do. What queues do is the
//! embedded transport's; here are requests, answers and errors.
//!
//! ```
//! use event_runtime::embedded::QueueSettings;
//! use event_transport_sqs::local::LocalEndpoint;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let endpoint = LocalEndpoint::start().await?;
//! endpoint.broker().create_queue("orders", QueueSettings::new())?;
//! let client = endpoint.client();
//! client.send_message().queue_url(endpoint.queue_url("orders")).message_body("{}").send().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! The same as a process of its own: `cargo run -p event-transport-sqs --features local --bin sqs-local`.
//!
//! # Queues that survive
//! With the feature `durable`, `LocalEndpoint::start_in` and `sqs-local --data DIR` keep the queues in `DIR/queues.db`, a file
//! of `event-transport-sqlite`: queues and their attributes, messages, receive counts, leases and receipt handles,
//! deduplication ids and message move tasks outlive the process, killed or not, and every action behaves the same. A
//! request is answered when its change is on the disk. What a client was receiving when the process was killed is
//! visible again when its visibility timeout ends. Faults and counted calls are the endpoint's own and begin anew.
//!
//! The file may be open elsewhere too: a second endpoint, the `sqlite` transport and the command line see the same
//! queues. Where the file fails, a request gets status 503, `ServiceUnavailable` (locked, or a full disk) or 500,
//! `InternalError` (damaged), and a text that names the file and the remedy.

mod action;
mod attributes;
mod backend;
mod digest;
#[cfg(feature = "durable")]
mod durable;
mod error;
mod faults;
mod messages;
mod moves;
mod queues;
mod request;
mod results;
mod server;
mod service;
mod settlements;

pub use action::{Action, UnknownAction};
pub use backend::Backend;
#[cfg(feature = "durable")]
pub use durable::DATA_FILE;
pub use faults::{Fault, FaultRule, Faults};

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use aws_sdk_sqs::Client;
use event_runtime::embedded::Broker;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

use crate::http::plain_client;
use crate::local::service::Service;

/// Any free port of this machine, which nobody else reaches.
const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// An endpoint that serves until it is dropped, over queues in memory unless `B` is another [`Backend`].
#[derive(Debug)]
pub struct LocalEndpoint<B = Broker> {
    broker: B,
    address: SocketAddr,
    service: Arc<Service>,
    server: AbortOnDropHandle<()>,
}

impl LocalEndpoint {
    /// An endpoint on a free port of 127.0.0.1, over a new broker without queues.
    ///
    /// # Errors
    /// Those of binding the socket.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Broker::new(), ANY_PORT).await
    }
}

impl<B: Clone + Into<Backend>> LocalEndpoint<B> {
    /// An endpoint over these queues on this address; port 0 = any free one.
    ///
    /// # Errors
    /// Those of binding the socket.
    pub async fn start_with(broker: B, address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let service = Arc::new(Service::new(broker.clone().into(), format!("http://{address}")));
        let server = tokio::spawn(server::serve(listener, service.clone()));
        Ok(Self { broker, address, service, server: AbortOnDropHandle::new(server) })
    }
}

impl<B> LocalEndpoint<B> {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL to give as `endpoint_url`.
    pub fn url(&self) -> &str {
        &self.service.base_url
    }

    /// The URL of the queue of this name, whether it exists or not.
    pub fn queue_url(&self, name: &str) -> String {
        format!("{}/000000000000/{name}", self.url())
    }

    /// The queues behind it.
    pub fn broker(&self) -> &B {
        &self.broker
    }

    /// The faults that it injects; none at first.
    pub fn faults(&self) -> &Faults {
        &self.service.faults
    }

    /// How often each action was asked for, those that met a fault included.
    pub fn calls(&self) -> BTreeMap<Action, u64> {
        self.service.calls()
    }

    /// Counts calls from zero.
    pub fn forget_calls(&self) {
        self.service.forget_calls();
    }

    /// A client of this endpoint, with credentials that mean nothing and without the SDK's own retries.
    pub fn client(&self) -> Client {
        use aws_sdk_sqs::config::retry::RetryConfig;
        use aws_sdk_sqs::config::{BehaviorVersion, Config, Credentials, Region};
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(self.url())
            .http_client(plain_client())
            .credentials_provider(Credentials::new("local", "local", None, None, "local endpoint"))
            .retry_config(RetryConfig::disabled())
            .build();
        Client::from_conf(config)
    }

    /// Stops serving: open connections end without an answer.
    pub async fn shutdown(self) {
        let server = self.server.detach();
        server.abort();
        // Aborted is what it is meant to be.
        let _ = server.await;
    }
}
