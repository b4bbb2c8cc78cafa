//! HTTP/1.1 on one socket: every request gets the service's answer, whatever it holds.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::local::error::ServiceError;
use crate::local::service::{Answer, Service};

/// The most bytes of a request: a full batch with every character escaped, and room for the rest.
const MAX_REQUEST: usize = 16 << 20;

/// Before the next accept after a failed one: the process may be out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// Accepts connections until it is dropped, and every connection with it.
pub(crate) async fn serve(listener: TcpListener, service: Arc<Service>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, service.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "the local endpoint can't accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, service: Arc<Service>) {
    // Requests are small and their answers awaited.
    let _ = stream.set_nodelay(true);
    let handler = service_fn(move |request| {
        let service = service.clone();
        // Boxed, because the connection is taken apart in the end, which pinned futures do not allow.
        Box::pin(async move { handle(&service, request).await })
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), handler);
    let ended = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let stream = connection.into_parts().io.into_inner();
    if ended.is_err() {
        // Resets the connection instead of closing it.
        let _ = stream.set_zero_linger();
    }
}

/// Ends a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("reset as ordered")]
struct Reset;

async fn handle(service: &Service, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Reset> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST {
        return Ok(reply(Err(ServiceError::method(parts.method.as_str()))));
    }
    let target =
        parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let body = match Limited::new(body, MAX_REQUEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(reply(Err(ServiceError::too_large(MAX_REQUEST))));
        }
        Err(_) => return Err(Reset),
    };
    match service.answer(target, body).await {
        Answer::Reply(answer) => Ok(reply(answer)),
        Answer::Never => std::future::pending().await,
        Answer::Reset => Err(Reset),
    }
}

fn reply(answer: Result<Value, ServiceError>) -> Response<Full<Bytes>> {
    let (status, body, error) = match answer {
        Ok(body) => (StatusCode::OK, body, None),
        Err(error) => {
            let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, error.body(), HeaderValue::try_from(error.query_error()).ok())
        }
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, MEDIA_TYPE);
    let id = format!("{:032x}", fastrand::u128(..));
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert("x-amzn-requestid", id);
    }
    if let Some(error) = error {
        headers.insert("x-amzn-query-error", error);
    }
    response
}
