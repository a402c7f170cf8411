//! Real connections: HTTP/1.1 and HTTP/2, TLS, keep-alive, a graceful end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Version};
use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use peerage::app::install::Installed;
use peerage::authn::{ClientCredentials, Secret};
use peerage::config::{Config, Limits, Span, Tls};
use peerage::http::serve::serve;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{World, operations};

/// A server on a real address.
pub(super) struct Live {
    pub(super) world: World,
    pub(super) address: SocketAddr,
    stop: watch::Sender<bool>,
    server: JoinHandle<std::io::Result<()>>,
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(name)
}

pub(super) async fn live(change: impl FnOnce(&mut Config)) -> Live {
    live_on("127.0.0.1:0", change).await
}

async fn live_on(place: &str, change: impl FnOnce(&mut Config)) -> Live {
    let mut config = Config { limits: Limits::generous(), ..Config::default() };
    change(&mut config);
    let world = World::with(&config.limits, operations()).await;
    let listener = TcpListener::bind(place).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = watch::channel(false);
    let server = tokio::spawn(serve(listener, config, world.router.clone(), stopped));
    Live { world, address, stop, server }
}

impl Live {
    async fn tls(&self, protocol: &[u8]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let certificate = fixture("tls-certificate.pem");
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
    }

    /// An access token of the owner.
    pub(super) async fn token(&self) -> String {
        let Installed { client_id, client_secret, .. } = &self.world.installed;
        let client_secret = Secret::new(client_secret.clone());
        let client = ClientCredentials { client_id: client_id.clone(), client_secret };
        let token = self.world.app.issue_token(&client, [127, 0, 0, 1].into()).await.unwrap();
        token.expose().to_owned()
    }

    pub(super) async fn end(self) {
        self.stop.send_replace(true);
        self.server.await.unwrap().unwrap();
    }
}

fn with_tls(config: &mut Config) {
    let (certificate, key) = (fixture("tls-certificate.pem"), fixture("tls-key.pem"));
    config.tls = Some(Tls { certificate, key });
}

fn open(uri: &str) -> Request<Body> {
    Request::get(uri).header("host", "localhost").body(Body::empty()).unwrap()
}

async fn json(response: hyper::Response<hyper::body::Incoming>) -> serde_json::Value {
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

#[tokio::test]
async fn http_2_is_spoken_without_tls_by_prior_knowledge() {
    let live = live(|_| {}).await;
    let stream = TokioIo::new(TcpStream::connect(live.address).await.unwrap());
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let uri = format!("http://{}/api/atlas/v2/test/x/open?a", live.address);
    let request = Request::get(&uri).body(Body::empty()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_2));
    let body = json(response).await;
    assert_eq!(body["baseUrl"], format!("http://{}", live.address));
    assert_eq!(body["target"], "/api/atlas/v2/test/x/open?a");
    live.end().await;
}

/// A socket of both families shows a client of IPv4 as `::ffff:127.0.0.1`.
#[tokio::test]
async fn a_client_of_ipv4_has_its_own_address_whatever_the_socket_calls_it() {
    let live = live_on("[::ffff:127.0.0.1]:0", |_| {}).await;
    assert!(live.address.is_ipv6());
    let stream = TcpStream::connect(("127.0.0.1", live.address.port())).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let answer = sender.send_request(open("/api/atlas/v2/test/x/open")).await.unwrap();
    assert_eq!(json(answer).await["remote"], "127.0.0.1");
    live.end().await;
}

#[tokio::test]
async fn both_versions_are_spoken_over_tls() {
    let live = live(with_tls).await;
    let stream = TokioIo::new(live.tls(b"h2").await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    let request = open("https://localhost/api/atlas/v2/test/x/open");
    let body = json(sender.send_request(request).await.unwrap()).await;
    assert_eq!(body["baseUrl"], "https://localhost");

    let stream = TokioIo::new(live.tls(b"http/1.1").await);
    let (mut sender, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(open("/api/atlas/v2/test/x/open")).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
    assert_eq!(json(response).await["baseUrl"], "https://localhost");
    live.end().await;
}

#[tokio::test]
async fn a_key_that_does_not_fit_says_which_file() {
    let live = live(|config| {
        with_tls(config);
        let tls = config.tls.as_mut().unwrap();
        tls.key = tls.certificate.clone();
    })
    .await;
    let error = live.server.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("tls-certificate.pem"), "{error}");
}

/// CLIENTS: Go sends the body with the first try, before it is challenged.
#[tokio::test]
async fn a_refused_body_does_not_cost_the_connection() {
    let live = live(|_| {}).await;
    let stream = TokioIo::new(TcpStream::connect(live.address).await.unwrap());
    let (mut sender, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    for bytes in [10, 1 << 20, (1 << 20) + 4096] {
        let request = Request::post("/api/atlas/v2/test").header("host", "localhost");
        let request = request.body(Body::from(vec![b' '; bytes])).unwrap();
        sender.ready().await.unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status().as_u16(), 401);
        response.into_body().collect().await.unwrap();
    }
    sender.ready().await.unwrap();
    let response = sender.send_request(open("/healthz")).await.unwrap();
    assert_eq!(response.status().as_u16(), 200);
    live.end().await;
}

#[tokio::test]
async fn requests_in_flight_finish_and_new_connections_do_not() {
    let live = live(|_| {}).await;
    let mut stream = TcpStream::connect(live.address).await.unwrap();
    let head = "POST /api/plain HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"a").await.unwrap();
    let in_flight = || async {
        let text = live.world.anonymous().get("/metrics").await.text();
        text.contains("peerage_http_requests_in_flight 2")
    };
    bounded(in_flight).await;
    live.stop.send_replace(true);
    let refused = || async { TcpStream::connect(live.address).await.is_err() };
    bounded(refused).await;
    stream.write_all(b"b").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    live.server.await.unwrap().unwrap();
}

/// Waits until a condition holds, for a bounded time.
pub(super) async fn bounded<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    for _ in 0..500 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the condition did not come to hold");
}

#[tokio::test]
async fn a_request_that_takes_too_long_does_not_hold_up_the_end() {
    let live = live(|config| config.shutdown_grace = Span(Duration::from_millis(100))).await;
    let mut stream = TcpStream::connect(live.address).await.unwrap();
    stream
        .write_all(b"POST /api/plain HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n")
        .await
        .unwrap();
    let started = || async {
        let text = live.world.anonymous().get("/metrics").await.text();
        text.contains("peerage_http_requests_in_flight 2")
    };
    bounded(started).await;
    tokio::time::timeout(Duration::from_secs(5), live.end()).await.unwrap();
}

#[tokio::test]
async fn a_head_that_does_not_come_or_never_ends_is_given_up() {
    let live = live(|config| config.limits.header_read = Span(Duration::from_millis(100))).await;
    let mut slow = TcpStream::connect(live.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    let mut answer = Vec::new();
    let read = slow.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(5), read).await.unwrap().unwrap();

    let mut large = TcpStream::connect(live.address).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "x".repeat(100_000));
    // The server may answer and close before it has read everything.
    let _ = large.write_all(head.as_bytes()).await;
    let mut answer = [0; 12];
    if large.read_exact(&mut answer).await.is_ok() {
        assert_eq!(&answer, b"HTTP/1.1 431");
    }
    live.end().await;
}
