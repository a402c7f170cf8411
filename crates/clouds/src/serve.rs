//! Puts an API on a port: HTTP/1.1, plain or over TLS by the first byte that a client sends, with
//! bounds on connections, waits and bodies. Must not know which cloud it serves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::{Request, Response};

/// Connections at one time.
pub const CONNECTIONS_MAX: usize = 256;

/// The largest body of a request, in bytes.
pub const BODY_MAX: usize = 1024 * 1024;

/// How long a client may take for a handshake or for the head of a request.
const HEAD_MAX: Duration = Duration::from_secs(15);

/// How long a connection may take from its beginning, waits between requests included.
const CONNECTION_MAX: Duration = Duration::from_secs(600);

/// The first byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// Whoever answers the requests of a port.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Answers one request.
    async fn handle(&self, request: Request) -> Response;
}

/// Serves until `stop` turns true. Without a TLS configuration only plain HTTP is spoken.
pub async fn serve(
    listener: TcpListener,
    handler: Arc<dyn Handler>,
    tls: Option<Arc<ServerConfig>>,
    mut stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let acceptor = tls.map(TlsAcceptor::from);
    while !*stop.borrow() {
        let accepted = tokio::select! {
            _ = stop.changed() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of files, most often: others have to close some first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (handler, acceptor, stop) = (handler.clone(), acceptor.clone(), stop.clone());
        tokio::spawn(async move {
            let served = connection(stream, handler, acceptor, stop);
            let _ = tokio::time::timeout(CONNECTION_MAX, served).await;
            drop(place);
        });
    }
}

async fn connection(
    stream: TcpStream,
    handler: Arc<dyn Handler>,
    acceptor: Option<TlsAcceptor>,
    stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    let peeked = tokio::time::timeout(HEAD_MAX, stream.peek(&mut first)).await;
    if !matches!(peeked, Ok(Ok(1))) {
        return;
    }
    match acceptor.filter(|_| first == [TLS_HANDSHAKE]) {
        None => requests(stream, handler, stop).await,
        Some(acceptor) => {
            let shaken = tokio::time::timeout(HEAD_MAX, acceptor.accept(stream)).await;
            if let Ok(Ok(stream)) = shaken {
                requests(stream, handler, stop).await;
            }
        }
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    handler: Arc<dyn Handler>,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let handler = handler.clone();
        async move { Ok::<_, Infallible>(answer(request, &*handler).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// The answer when what a request changed could not be kept: the client does not know, either.
#[must_use]
pub fn not_kept() -> Response {
    let mut failed = Response::new(Bytes::from_static(b"The change could not be kept.\n"));
    *failed.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
    failed
}

/// The answer when nothing was done, because what it would make is larger than can be kept.
#[must_use]
pub fn too_large() -> Response {
    let mut refused = Response::new(Bytes::from_static(
        b"Nothing was done: a name or a value is longer than the emulated cloud can keep.\n",
    ));
    *refused.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
    refused
}

async fn answer(
    request: hyper::Request<Incoming>,
    handler: &dyn Handler,
) -> hyper::Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let body = tokio::time::timeout(HEAD_MAX, Limited::new(body, BODY_MAX).collect()).await;
    let Ok(Ok(body)) = body else {
        let mut refused = hyper::Response::new(Full::new(Bytes::from_static(
            b"The body is longer than 1 MiB, or did not come in time.\n",
        )));
        *refused.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        return refused;
    };
    handler.handle(Request::from_parts(head, body.to_bytes())).await.map(Full::new)
}
