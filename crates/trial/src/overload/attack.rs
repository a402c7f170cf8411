//! Who asks for more than there is: senders of a byte a second, connections that are opened and
//! left, clients that take no answer, heads and bodies without end, and a storm of retries. Those
//! that need HTTP/2 for it are in [`streams`](super::streams).

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::told::{CLOSED_EARLY, Told};

/// From where attackers come: several addresses of this machine, none of them the tenant's.
const SOURCES: usize = 8;
/// The longest that an attacker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a client takes that takes no answer.
const TINY: u32 = 4 * 1024;
/// How long a connection may say nothing, for all that the service knows of its clients: what it
/// is configured with, and a moment less.
const SILENCE: Duration = Duration::from_millis(4_900);
/// A part of a body without end.
const PART: usize = 16 * 1024;

/// One way to ask for too much.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attack {
    /// The head of a request, one byte a second.
    SlowHeads(usize),
    /// A body, one byte a second.
    SlowBodies(usize),
    /// Connections that say nothing.
    Idle(usize),
    /// Clients that ask again and again, and take nothing.
    Untaken(usize),
    /// Heads that are too large.
    HugeHeads(usize),
    /// Bodies that are too large, or never end.
    HugeBodies(usize),
    /// Clients of one tenant that ask again at once, whatever they are told.
    Storm(usize),
    /// Bodies that are never finished, in as many streams of each connection as there may be.
    Streams(usize),
    /// Streams that are reset as soon as they are opened, one after the other.
    Resets(usize),
    /// Frames that ask for work and are no requests.
    Frames(usize),
    /// Answers that no window is opened for, in as many streams as there may be.
    UntakenStreams(usize),
}

/// An attack that goes on until it is ended.
pub(super) struct Under {
    tasks: JoinSet<()>,
    told: Arc<Mutex<Told>>,
    sockets: Arc<Sockets>,
}

/// What an attacker needs to know.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    pub(super) token: Arc<str>,
    pub(super) path: Arc<str>,
    told: Arc<Mutex<Told>>,
    sockets: Arc<Sockets>,
}

/// How many sockets are open: reading from them would wait.
#[derive(Debug, Default)]
struct Sockets {
    open: AtomicUsize,
    most: AtomicUsize,
}

/// One that is.
struct Open(Arc<Sockets>);

impl Attack {
    pub(super) fn all(idle: usize) -> [Self; 11] {
        [
            Self::SlowHeads(300),
            Self::SlowBodies(300),
            Self::Untaken(200),
            Self::HugeHeads(16),
            Self::HugeBodies(16),
            Self::Storm(300),
            Self::Streams(64),
            Self::Resets(16),
            Self::Frames(16),
            Self::UntakenStreams(32),
            Self::Idle(idle),
        ]
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::SlowHeads(_) => "heads, a byte a second",
            Self::SlowBodies(_) => "bodies, a byte a second",
            Self::Idle(_) => "idle connections",
            Self::Untaken(_) => "answers not taken",
            Self::HugeHeads(_) => "huge heads",
            Self::HugeBodies(_) => "huge bodies",
            Self::Storm(_) => "storm of retries",
            Self::Streams(_) => "streams, bodies never finished",
            Self::Resets(_) => "streams, reset at once",
            Self::Frames(_) => "floods of frames",
            Self::UntakenStreams(_) => "streams, answers not taken",
        }
    }

    /// How many connections it has at one time.
    pub(super) fn connections(&self) -> u64 {
        let (Self::SlowHeads(count)
        | Self::SlowBodies(count)
        | Self::Idle(count)
        | Self::Untaken(count)
        | Self::HugeHeads(count)
        | Self::HugeBodies(count)
        | Self::Storm(count)
        | Self::Streams(count)
        | Self::Resets(count)
        | Self::Frames(count)
        | Self::UntakenStreams(count)) = *self;
        count as u64
    }

    /// Begins it; it is under way when this returns.
    pub(super) async fn begin(
        &self,
        address: SocketAddr,
        token: &Arc<str>,
        group: &str,
    ) -> anyhow::Result<Under> {
        let told = Arc::new(Mutex::new(Told::default()));
        let path = format!("/api/atlas/v2/groups/{group}/peers").into();
        let (token, sockets) = (token.clone(), Arc::<Sockets>::default());
        let target = Target { address, token, path, told: told.clone(), sockets: sockets.clone() };
        let mut tasks = JoinSet::new();
        for number in 0..usize::try_from(self.connections())? {
            let (attack, target) = (*self, target.clone());
            tasks.spawn(async move {
                loop {
                    let what = target.try_once(attack, number).await;
                    target.note(what);
                }
            });
            if number % 500 == 499 {
                sleep(Duration::from_millis(50)).await;
            }
        }
        Ok(Under { tasks, told, sockets })
    }
}

impl Under {
    /// Ends it; what the attackers were told.
    pub(super) async fn end(mut self) -> Told {
        self.tasks.shutdown().await;
        let most = self.sockets.most.load(Ordering::Relaxed);
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Told { sockets: most, ..told }
    }
}

impl Target {
    /// One connection of an attacker, from its beginning to its end; what it was told.
    async fn try_once(&self, attack: Attack, number: usize) -> String {
        let done = match attack {
            Attack::SlowHeads(_) => self.slowly(&self.head("GET", ""), number).await,
            Attack::SlowBodies(_) => {
                let head = self.head("POST", "content-length: 1000\r\n");
                self.slowly_after(&head, &[b' '; 1000], number).await
            }
            Attack::Idle(_) => self.idle(number).await,
            Attack::Untaken(_) => self.untaken(number).await,
            Attack::HugeHeads(_) => self.huge_head(number).await,
            Attack::HugeBodies(_) => self.huge_body(number).await,
            Attack::Storm(_) => self.storm(number).await,
            Attack::Streams(_) => self.unfinished_streams(number).await,
            Attack::Resets(_) => self.resets(number).await,
            Attack::Frames(_) => self.floods(number).await,
            Attack::UntakenStreams(_) => self.untaken_streams(number).await,
        };
        done.unwrap_or_else(|_| "closed".to_owned())
    }

    fn head(&self, method: &str, more: &str) -> Vec<u8> {
        let Self { token, path, .. } = self;
        format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             accept: application/json\r\ncontent-type: application/json\r\n{more}\r\n"
        )
        .into_bytes()
    }

    pub(super) async fn connect(
        &self,
        number: usize,
        taken: Option<u32>,
    ) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = taken {
            socket.set_recv_buffer_size(bytes)?;
        }
        let last = u8::try_from(2 + number % SOURCES).unwrap_or(2);
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        let connected = timeout(PATIENCE, socket.connect(self.address)).await;
        connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
    }

    /// Opens a connection and leaves it; how the other side ended it.
    async fn idle(&self, number: usize) -> std::io::Result<String> {
        let Ok(mut stream) = self.connect(number, None).await else {
            return Ok("not let in".to_owned());
        };
        let begun = Instant::now();
        let _open = Open::new(&self.sockets);
        let said = stream.read(&mut [0]).await;
        let is_early = begun.elapsed() < SILENCE;
        Ok(match said {
            Ok(1..) => "answered".to_owned(),
            Ok(0) | Err(_) if is_early => CLOSED_EARLY.to_owned(),
            Ok(0) | Err(_) => "closed".to_owned(),
        })
    }

    async fn slowly(&self, bytes: &[u8], number: usize) -> std::io::Result<String> {
        self.slowly_after(b"", bytes, number).await
    }

    /// Sends something at once and the rest a byte a second, until it is answered.
    async fn slowly_after(
        &self,
        at_once: &[u8],
        bytes: &[u8],
        number: usize,
    ) -> std::io::Result<String> {
        let mut stream = self.connect(number, None).await?;
        stream.write_all(at_once).await?;
        let (mut from, mut to) = stream.split();
        let send = async {
            for byte in bytes {
                to.write_all(&[*byte]).await?;
                sleep(Duration::from_secs(1)).await;
            }
            // It goes on to owe the rest.
            std::future::pending::<std::io::Result<()>>().await
        };
        tokio::select! {
            sent = send => sent.map(|()| String::new()),
            answer = answer(&mut from, self) => answer,
        }
    }

    /// Asks for much, again and again, and takes nothing.
    async fn untaken(&self, number: usize) -> std::io::Result<String> {
        let mut stream = self.connect(number, Some(TINY)).await?;
        let ask = b"GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
        loop {
            stream.write_all(ask).await?;
            sleep(Duration::from_millis(100)).await;
        }
    }

    async fn huge_head(&self, number: usize) -> std::io::Result<String> {
        let mut stream = self.connect(number, None).await?;
        let more = match number % 3 {
            0 => format!("x-large: {}\r\n", "x".repeat(60_000)),
            1 => format!("x-larger: {}\r\n", "x".repeat(600_000)),
            _ => "x: y\r\n".repeat(5_000),
        };
        let said = self.say(&mut stream, &self.head("GET", &more)).await;
        sleep(Duration::from_millis(20)).await;
        said
    }

    async fn huge_body(&self, number: usize) -> std::io::Result<String> {
        let mut stream = self.connect(number, None).await?;
        let part = vec![b' '; PART];
        let said = if number.is_multiple_of(2) {
            let head = self.head("POST", "content-length: 100000000\r\n");
            self.say(&mut stream, &[head, part].concat()).await
        } else {
            let head = self.head("POST", "transfer-encoding: chunked\r\n");
            self.endless(&mut stream, &head, &part).await
        };
        sleep(Duration::from_millis(20)).await;
        said
    }

    async fn endless(
        &self,
        stream: &mut TcpStream,
        head: &[u8],
        part: &[u8],
    ) -> std::io::Result<String> {
        stream.write_all(head).await?;
        let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
        let (mut from, mut to) = stream.split();
        let send = async {
            loop {
                to.write_all(&chunk).await?;
                sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            sent = send => sent,
            answer = answer(&mut from, self) => answer,
        }
    }

    /// Asks, and asks again at once, on one connection.
    async fn storm(&self, number: usize) -> std::io::Result<String> {
        let mut stream = self.connect(number, None).await?;
        let ask = self.head("GET", "");
        loop {
            let said = self.say(&mut stream, &ask).await?;
            self.note(said);
        }
    }

    async fn say(&self, stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<String> {
        // Who is refused early finds the other end closed while it still sends.
        let sent = stream.write_all(bytes).await;
        match answer(stream, self).await {
            Ok(said) => Ok(said),
            Err(error) => sent.and(Err(error)),
        }
    }

    /// Notes an answer that refuses and does not say when to come back.
    pub(super) fn refused(&self, status: u16, retry_after: Option<&str>) {
        if matches!(status, 429 | 503) && retry_after.is_none_or(|text| text == "0") {
            self.told.lock().unwrap_or_else(PoisonError::into_inner).timeless += 1;
        }
    }

    pub(super) fn note(&self, what: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        *told.answers.entry(what).or_default() += 1;
    }
}

impl Open {
    fn new(sockets: &Arc<Sockets>) -> Self {
        let open = sockets.open.fetch_add(1, Ordering::Relaxed) + 1;
        sockets.most.fetch_max(open, Ordering::Relaxed);
        Self(sockets.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Reads one answer; its status.
async fn answer(
    stream: &mut (impl tokio::io::AsyncRead + Unpin),
    target: &Target,
) -> std::io::Result<String> {
    let begun = Instant::now();
    let (mut text, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let read = timeout(PATIENCE.saturating_sub(begun.elapsed()), stream.read(&mut part)).await;
        let Ok(read) = read else { return Ok("nothing".to_owned()) };
        let read = read?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        text.extend_from_slice(&part[..read]);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let Ok(httparse::Status::Complete(length)) = head.parse(&text) else { continue };
        let value = |name: &str| {
            let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
            found.and_then(|header| std::str::from_utf8(header.value).ok())
        };
        let body = value("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let status = head.code.unwrap_or_default();
        target.refused(status, value("retry-after"));
        while text.len() < length + body {
            let read = stream.read(&mut part).await?;
            if read == 0 {
                break;
            }
            text.extend_from_slice(&part[..read]);
        }
        return Ok(status.to_string());
    }
}
