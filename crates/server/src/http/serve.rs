//! The listener: connections, TLS, HTTP/1.1 and HTTP/2 on one port, and a graceful end.
//!
//! HTTP/2 is spoken by ALPN over TLS and by prior knowledge without. Every wait and every size that
//! a client controls has a bound: handshake, head of a request, header bytes, streams, connections,
//! the taking of an answer. When all places are taken, a newcomer gets that of a connection that
//! has no work: else whoever opens many for nothing would keep everybody out.

mod crowd;
mod seat;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

pub(super) use self::seat::Seat;

use self::crowd::Crowd;
use self::seat::Patience;
use super::arrival::Peer;
use super::rate_limit::network;
use super::router::Router;
use super::tls;
use crate::config::Config;
use crate::telemetry::Metrics;

/// Bytes of the head of a request.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// Requests at one time on one connection of HTTP/2: RFC 9113, 6.5.2, asks for no fewer.
const STREAMS_MAX: u32 = 100;

/// Bytes that a connection of HTTP/2 may send before they are read: of one request, and together.
const WINDOW: u32 = 64 << 10;

/// Bytes of an answer that HTTP/2 takes over before its client asks for them.
const SEND_BYTES_MAX: usize = 64 << 10;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long to wait after the system refused to accept a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Between two signs of life on a quiet connection of HTTP/2.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Bytes of answers that the system takes over for one connection: it would take megabytes of each
/// that takes none.
const SENT_BYTES_MAX: u32 = 128 << 10;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// Listens at an address.
///
/// # Errors
/// The system does not let it.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SENT_BYTES_MAX)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stopped` turns true, and then for as long as requests in flight take, within the
/// configured grace.
///
/// # Errors
/// The certificate or the key cannot be used.
pub async fn serve(
    listener: TcpListener,
    config: Config,
    router: Router,
    mut stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Connections::new(&config, router, acceptor));
    loop {
        let accepted = async {
            let (stream, address) = listener.accept().await?;
            Ok((stream, address, connections.place().await))
        };
        tokio::select! {
            biased;
            () = turned(&mut stopped) => break,
            accepted = accepted => match accepted {
                Ok((stream, address, place)) => {
                    // A socket of both families writes an address of IPv4 as one of IPv6.
                    let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                    let (connections, watcher) = (connections.clone(), graceful.watcher());
                    tokio::spawn(async move {
                        connections.serve(stream, address, watcher, place).await;
                    });
                }
                Err(error) => {
                    let error: std::io::Error = error;
                    tracing::warn!(%error, "http.accept_failed");
                    // Often there are too many open files: some are closed meanwhile.
                    let _ = tokio::time::timeout(ACCEPT_PAUSE, turned(&mut stopped)).await;
                }
            },
        }
    }
    drop(listener);
    let grace = config.shutdown_grace.0;
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(?grace, "http.requests_abandoned");
    }
    Ok(())
}

/// Waits until the signal is given, or nobody is left to give it.
async fn turned(signal: &mut watch::Receiver<bool>) {
    let _ = signal.wait_for(|given| *given).await;
}

/// What all connections share.
struct Connections {
    router: Router,
    builder: Builder<TokioExecutor>,
    acceptor: Option<TlsAcceptor>,
    places: Arc<Semaphore>,
    crowd: Arc<Crowd>,
    patience: Patience,
}

impl Connections {
    fn new(config: &Config, router: Router, acceptor: Option<TlsAcceptor>) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        // A request has 100 headers at most: hyper's own bound, and it is slower when it is told.
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(config.limits.header_read.0)
            .max_buf_size(HEAD_BYTES_MAX)
            .keep_alive(true);
        let head_bytes = u32::try_from(HEAD_BYTES_MAX).unwrap_or(u32::MAX);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(head_bytes)
            .max_concurrent_streams(STREAMS_MAX)
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .max_send_buf_size(SEND_BYTES_MAX);
        let places = config.limits.connections.min(Semaphore::MAX_PERMITS);
        let places = Arc::new(Semaphore::new(places));
        let patience =
            Patience { request: config.limits.header_read.0, answer: config.limits.request.0 };
        Self { router, builder, acceptor, places, crowd: Arc::default(), patience }
    }

    /// A place for one more connection, if need be that of one without work.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        let place = || self.places.clone().acquire_owned();
        loop {
            if let Ok(place) = self.places.clone().try_acquire_owned() {
                return Some(place);
            }
            if self.crowd.send_one_away() {
                return place().await.ok();
            }
            tokio::select! {
                place = place() => return place.ok(),
                () = self.crowd.grown() => {}
            }
        }
    }

    async fn serve(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        watcher: Watcher,
        _place: Option<OwnedSemaphorePermit>,
    ) {
        let _open = Open::new(self.router.metrics().clone());
        let seat = Seat::new(&self.crowd, network(address.ip()));
        tokio::select! {
            () = self.converse(stream, address, watcher, &seat) => {}
            why = seat.must_go(self.patience) => {
                tracing::debug!(%address, why, "http.connection_given_up");
            }
        }
    }

    async fn converse(
        &self,
        stream: TcpStream,
        address: SocketAddr,
        watcher: Watcher,
        seat: &Seat,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "http.nodelay_failed");
        }
        match &self.acceptor {
            None => self.speak(stream, Peer { address, is_tls: false }, watcher, seat).await,
            Some(acceptor) => {
                match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        self.speak(stream, Peer { address, is_tls: true }, watcher, seat).await;
                    }
                    Ok(Err(error)) => tracing::debug!(%address, %error, "http.handshake_failed"),
                    Err(_) => tracing::debug!(%address, "http.handshake_timed_out"),
                }
            }
        }
    }

    async fn speak<S>(&self, stream: S, peer: Peer, watcher: Watcher, seat: &Seat)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let router = self.router.clone();
        let (asked, answered) = (seat.clone(), seat.clone());
        let service = router
            .map_request(move |mut request: ::http::Request<_>| {
                request.extensions_mut().insert(peer);
                request.extensions_mut().insert(asked.clone());
                request
            })
            .map_response(move |response| answered.answer(response));
        let stream = seat.watch(stream);
        let service = TowerToHyperService::new(service);
        let connection = self.builder.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(address = %peer.address, %error, "http.connection_ended");
        }
    }
}

/// Counts a connection for as long as it is open.
struct Open(Metrics);

impl Open {
    fn new(metrics: Metrics) -> Self {
        metrics.connection_opened();
        Self(metrics)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.connection_closed();
    }
}
