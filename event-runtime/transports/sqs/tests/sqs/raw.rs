//! Requests without a client library, so that they may be as broken as anybody's.

use std::net::SocketAddr;

use event_transport_sqs::local::LocalEndpoint;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Whatever listens on this machine.
pub trait Listens {
    fn address(&self) -> SocketAddr;
}

impl<B> Listens for LocalEndpoint<B> {
    fn address(&self) -> SocketAddr {
        self.address()
    }
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: Value,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The code that SDKs show.
    pub fn code(&self) -> &str {
        self.header("x-amzn-query-error").unwrap_or_default().split(';').next().unwrap_or_default()
    }

    /// The name in the JSON protocol, without its namespace.
    pub fn shape(&self) -> &str {
        self.body["__type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// Sends bytes and reads what comes until the connection ends.
pub async fn exchange(endpoint: &impl Listens, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(endpoint.address()).await.unwrap();
    // The other side may answer and close before it has read everything.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

pub fn parse(answer: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: serde_json::from_str(body).unwrap_or(Value::Null) }
}

pub async fn request(endpoint: &impl Listens, method: &str, target: Option<&str>, body: &[u8]) -> Answer {
    let target = target.map(|target| format!("X-Amz-Target: {target}\r\n")).unwrap_or_default();
    let mut request = format!(
        "{method} / HTTP/1.1\r\nHost: localhost\r\n{target}Content-Type: application/x-amz-json-1.0\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    parse(&exchange(endpoint, &request).await)
}

/// A request of an action as a client would send it.
pub async fn call(endpoint: &impl Listens, action: &str, body: Value) -> Answer {
    request(endpoint, "POST", Some(&format!("AmazonSQS.{action}")), body.to_string().as_bytes()).await
}
