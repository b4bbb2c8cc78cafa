//! The binary `sqs-local` as a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};

use aws_sdk_sqs::Client;
use event_transport_sqs::SqsClientConfiguration;

use super::raw::Listens;

/// A process that listens. It is killed when it is dropped.
pub struct Process {
    child: Child,
    address: SocketAddr,
}

fn command(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sqs-local"));
    command.args(["--listen", "127.0.0.1:0"]).args(arguments).stdin(Stdio::null());
    command
}

impl Process {
    /// Starts one and waits until it listens.
    pub fn start(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut child = command(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let address = first.trim_end().strip_prefix("listening on http://").map(str::parse);
        let address = address.unwrap_or_else(|| panic!("it does not listen: {first:?}")).unwrap();
        Self { child, address }
    }

    /// The exit code and the complaint of one that does not start.
    pub fn refused(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> (Option<i32>, String) {
        let output = command(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    pub fn queue_url(&self, name: &str) -> String {
        format!("http://{}/000000000000/{name}", self.address)
    }

    /// A client that does not try again.
    pub async fn client(&self) -> Client {
        let configuration = SqsClientConfiguration {
            region: Some("us-east-1".into()),
            endpoint_url: Some(format!("http://{}", self.address)),
            access_key_id: Some("local".into()),
            secret_access_key: Some("local".into()),
            ..SqsClientConfiguration::default()
        };
        let client = configuration.client().await;
        let once = aws_sdk_sqs::config::retry::RetryConfig::disabled();
        Client::from_conf(client.config().to_builder().retry_config(once).build())
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end, and waits until it has.
    pub fn interrupt(&mut self) -> ExitStatus {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &process]).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Listens for Process {
    fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
