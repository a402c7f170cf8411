//! The load generator: connections in closed loops, one request at a time on each. It writes bytes
//! that were made before and reads no more of an answer than its status and its length, so that
//! what is measured is the other side. The same one loads the service and what it is compared with.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Headers of an answer.
const HEADERS_MAX: usize = 64;

/// The requests of one connection, as they go over the wire; nothing when it is done.
pub(crate) type Script = Box<dyn FnMut() -> Option<Vec<u8>> + Send>;

/// What a load came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// How long each answer took.
    pub(crate) waits: Vec<Duration>,
}

impl Outcome {
    /// Requests a second.
    #[must_use]
    pub(crate) fn rate(&self) -> f64 {
        self.waits.len() as f64 / self.took.as_secs_f64()
    }

    /// The wait, in milliseconds, that so many thousandths of all stay below.
    #[must_use]
    pub(crate) fn permille(&self, part: usize) -> f64 {
        let wait = crate::report::permille(&self.waits, part);
        wait.unwrap_or_default().as_secs_f64() * 1e3
    }
}

/// A request as it goes over the wire.
#[must_use]
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// Sends what the scripts say, each on a connection of its own.
///
/// # Errors
/// Any answer but a success, or none in time.
pub(crate) async fn load(address: SocketAddr, scripts: Vec<Script>) -> anyhow::Result<Outcome> {
    let mut connections = Vec::with_capacity(scripts.len());
    for script in scripts {
        connections.push((Connection::open(address).await?, script));
    }
    let begun = Instant::now();
    let run = |(mut connection, mut script): (Connection, Script)| {
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while let Some(request) = script() {
                let asked = Instant::now();
                connection.ask(&request).await?;
                waits.push(asked.elapsed());
            }
            anyhow::Ok(waits)
        })
    };
    let tasks: Vec<_> = connections.into_iter().map(run).collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    Ok(Outcome { took: begun.elapsed(), waits })
}

/// A connection that is kept, as long as the other side keeps it.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    is_closed: bool,
    buffer: BytesMut,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens there.
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = timeout(PATIENCE, TcpStream::connect(address)).await??;
        stream.set_nodelay(true)?;
        let buffer = BytesMut::with_capacity(64 * 1024);
        Ok(Self { address, stream, is_closed: false, buffer })
    }

    /// Sends a request and reads its answer; the bytes of its body.
    ///
    /// # Errors
    /// It is no success, or cannot be read, or not in time.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<BytesMut> {
        if self.is_closed {
            *self = Self::open(self.address).await?;
        }
        timeout(PATIENCE, self.exchange(request)).await.context("no answer")?
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<BytesMut> {
        self.stream.write_all(request).await?;
        let Head { status, head, length, is_last } = loop {
            if let Some(read) = head(&self.buffer)? {
                break read;
            }
            self.fill().await?;
        };
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        self.is_closed = is_last;
        self.buffer.advance(head);
        let body = self.buffer.split_to(length);
        if !(200..300).contains(&status) {
            bail!("{status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }

    async fn fill(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }
}

/// What the head of an answer says.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    /// Its own length.
    head: usize,
    /// That of the body.
    length: usize,
    /// Whether the other side closes the connection after it.
    is_last: bool,
}

/// Reads a head, once all of it is there.
fn head(bytes: &[u8]) -> anyhow::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut answer = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head) = answer.parse(bytes)? else { return Ok(None) };
    let value = |name: &str| {
        let found = answer.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map_or(Ok(""), |header| std::str::from_utf8(header.value))
    };
    let length = value("content-length")?.trim();
    let length = if length.is_empty() { 0 } else { length.parse()? };
    let is_last = value("connection")?.eq_ignore_ascii_case("close");
    Ok(Some(Head { status: answer.code.context("no status")?, head, length, is_last }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_where_its_head_says() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP";
        let read = Head { status: 200, head: 38, length: 2, is_last: false };
        assert_eq!(head(text).unwrap(), Some(read));
        assert_eq!(head(&text[..30]).unwrap(), None);
        let last = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
        let read = Head { status: 204, head: last.len(), length: 0, is_last: true };
        assert_eq!(head(last).unwrap(), Some(read));
        assert!(head(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_says_how_long_its_body_is() {
        let bytes = request("POST", "/x", &[("a", "b")], "{}");
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(
            text,
            "POST /x HTTP/1.1\r\nhost: localhost\r\na: b\r\ncontent-length: 2\r\n\r\n{}"
        );
    }
}
