//! More connections than there are places, and clients that owe something: their first request,
//! their body, the taking of an answer.

use std::net::SocketAddr;
use std::time::Duration;

use ::http::Request;
use axum::body::Body;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use peerage::config::Span;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::connections::{Live, bounded, live};

const PATIENCE: Duration = Duration::from_secs(5);
const SHORT: Span = Span(Duration::from_millis(200));

/// A connection from another address of this machine.
async fn from(last: u8, address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
    socket.connect(address).await.unwrap()
}

async fn ask(stream: &mut TcpStream, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut status = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut status)).await.unwrap().unwrap();
    String::from_utf8_lossy(&status).into_owned()
}

/// Whether the other side ends it, whatever it says before.
async fn ends(stream: &mut TcpStream) -> bool {
    let mut said = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut said)).await.is_ok()
}

async fn open_connections(live: &Live, count: usize) {
    shows(live, format!("peerage_http_connections {count}")).await;
}

/// Waits until so many requests are there beside the one that asks.
async fn requests(live: &Live, count: usize) {
    shows(live, format!("peerage_http_requests_in_flight {}", count + 1)).await;
}

async fn shows(live: &Live, line: String) {
    bounded(|| async {
        let text = live.world.anonymous().get("/metrics").await.text();
        text.lines().any(|found| found == line)
    })
    .await;
}

#[tokio::test]
async fn a_newcomer_gets_the_place_of_the_connection_that_is_idle_the_longest() {
    let live = live(|config| config.limits.connections = 2).await;
    let mut first = TcpStream::connect(live.address).await.unwrap();
    assert_eq!(ask(&mut first, "/healthz").await, "HTTP/1.1 200");
    let mut second = TcpStream::connect(live.address).await.unwrap();
    assert_eq!(ask(&mut second, "/healthz").await, "HTTP/1.1 200");
    let mut third = TcpStream::connect(live.address).await.unwrap();
    assert_eq!(ask(&mut third, "/healthz").await, "HTTP/1.1 200");
    assert!(ends(&mut first).await);
    open_connections(&live, 2).await;
    drop((second, third));
    live.end().await;
}

#[tokio::test]
async fn who_has_most_connections_loses_one_and_others_keep_theirs() {
    let live = live(|config| config.limits.connections = 3).await;
    let mut only = from(1, live.address).await;
    assert_eq!(ask(&mut only, "/healthz").await, "HTTP/1.1 200");
    let mut many = Vec::new();
    for _ in 0..8 {
        many.push(from(2, live.address).await);
        // One after the other, so that the first are the first.
        open_connections(&live, (many.len() + 1).min(3)).await;
    }
    for stream in &mut many[..6] {
        assert!(ends(stream).await);
    }
    let mut other = from(3, live.address).await;
    assert_eq!(ask(&mut other, "/healthz").await, "HTTP/1.1 200");
    let mut rest = [0; 4096];
    let _ = timeout(Duration::from_millis(50), only.read(&mut rest)).await;
    assert_eq!(ask(&mut only, "/healthz").await, "HTTP/1.1 200");
    live.end().await;
}

#[tokio::test]
async fn a_connection_with_work_keeps_its_place_and_the_next_one_waits() {
    let live = live(|config| {
        config.limits.connections = 1;
        config.limits.request = Span(Duration::from_secs(1));
    })
    .await;
    let token = live.token().await;
    let mut working = TcpStream::connect(live.address).await.unwrap();
    let head = "GET /api/atlas/v2/test/x/slow HTTP/1.1\r\nhost: a\r\n";
    let head = format!("{head}authorization: Bearer {token}\r\n\r\n");
    working.write_all(head.as_bytes()).await.unwrap();
    requests(&live, 1).await;
    let mut next = TcpStream::connect(live.address).await.unwrap();
    next.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut status = [0; 12];
    let early = timeout(Duration::from_millis(100), next.read_exact(&mut status));
    assert!(early.await.is_err(), "a second connection was served");
    timeout(PATIENCE, working.read_exact(&mut status)).await.unwrap().unwrap();
    assert_eq!(&status, b"HTTP/1.1 503");
    timeout(PATIENCE, next.read_exact(&mut status)).await.unwrap().unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    live.end().await;
}

#[tokio::test]
async fn who_says_nothing_or_too_little_to_be_understood_is_given_up() {
    let live = live(|config| config.limits.header_read = SHORT).await;
    for begun in ["", "PRI * HTT", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = TcpStream::connect(live.address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        assert!(ends(&mut stream).await, "{begun:?}");
    }
    open_connections(&live, 0).await;
    live.end().await;
}

#[tokio::test]
async fn who_takes_no_answer_is_given_up() {
    let live = live(|config| config.limits.request = SHORT).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(live.address).await.unwrap();
    let asks = "GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200);
    // Once the answers find no room, nothing more is read of the requests.
    let _ = timeout(Duration::from_millis(100), stream.write_all(asks.as_bytes())).await;
    open_connections(&live, 1).await;
    open_connections(&live, 0).await;
    live.end().await;
}

#[tokio::test]
async fn who_opens_no_window_for_an_answer_is_given_up() {
    let live = live(|config| config.limits.request = SHORT).await;
    let stream = TokioIo::new(TcpStream::connect(live.address).await.unwrap());
    let mut builder = http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) =
        builder.initial_stream_window_size(0).handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let uri = format!("http://{}/openapi.json", live.address);
    let request = Request::get(&uri).body(Body::empty()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let _ = timeout(PATIENCE, connection).await.unwrap();
    open_connections(&live, 0).await;
    live.end().await;
}

#[tokio::test]
async fn who_takes_back_what_it_asks_for_is_given_up() {
    const TAKEN_BACK_MAX: usize = 100;
    let live = live(|_| {}).await;
    let token = live.token().await;
    let stream = TokioIo::new(TcpStream::connect(live.address).await.unwrap());
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let ask = |path: &str| {
        let request = Request::get(format!("http://{}/api/atlas/v2/test/x/{path}", live.address))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        sender.clone().send_request(request)
    };
    let take_back = async |count| {
        let asked: Vec<_> = (0..count).map(|_| tokio::spawn(ask("slow"))).collect();
        requests(&live, count).await;
        asked.iter().for_each(JoinHandle::abort);
    };
    take_back(TAKEN_BACK_MAX).await;
    requests(&live, 0).await;
    assert_eq!(ask("open").await.unwrap().status().as_u16(), 200);
    take_back(1).await;
    let _ = timeout(PATIENCE, connection).await.unwrap();
    open_connections(&live, 0).await;
    live.end().await;
}

#[tokio::test]
async fn one_address_leaves_places_to_the_others() {
    let live = live(|config| {
        config.limits.concurrency = 4;
        config.limits.request = Span(Duration::from_secs(1));
    })
    .await;
    let token = live.token().await;
    let head = "GET /api/atlas/v2/test/x/slow HTTP/1.1\r\nhost: a\r\n";
    let head = format!("{head}authorization: Bearer {token}\r\n\r\n");
    let mut many = Vec::new();
    for _ in 0..3 {
        let mut stream = from(2, live.address).await;
        stream.write_all(head.as_bytes()).await.unwrap();
        many.push(stream);
        requests(&live, many.len()).await;
    }
    let open = "/api/atlas/v2/test/x/open";
    assert_eq!(ask(&mut from(2, live.address).await, open).await, "HTTP/1.1 503");
    assert_eq!(ask(&mut from(3, live.address).await, open).await, "HTTP/1.1 200");
    live.end().await;
}

#[tokio::test]
async fn who_sends_a_body_slowly_takes_no_place_of_others() {
    let live = live(|config| config.limits.concurrency = 1).await;
    let head = "POST /api/plain HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n";
    let mut slow = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(live.address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
        requests(&live, slow.len()).await;
        let others_are_served = || async {
            live.world.anonymous().get("/api/atlas/v2/test/x/open").await.status == 200
        };
        bounded(others_are_served).await;
    }
    for mut stream in slow {
        stream.write_all(b"ab").await.unwrap();
        let mut status = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut status)).await.unwrap().unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
    }
    live.end().await;
}
