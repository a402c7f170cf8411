//! Who asks for more than there is: senders of a byte a second, connections that are opened and
//! left, clients that take no answer, heads and bodies without end, and a storm of retries.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::ensure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// From where attackers come: several addresses of this machine, none of them the tenant's.
const SOURCES: usize = 8;
/// The longest that an attacker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a client takes that takes no answer.
const TINY: u32 = 4 * 1024;
/// A part of a body without end.
const PART: usize = 16 * 1024;
/// What a storm may be served beside its rate: the bucket, full at the beginning.
const STORM_TOO_MANY: usize = 600 + 100 * 60;

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
}

/// How often attackers were told what: a status, or `closed`, or `nothing`.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    answers: BTreeMap<String, usize>,
    /// Refusals that do not say when to come back.
    timeless: usize,
}

/// An attack that goes on until it is ended.
pub(super) struct Under {
    tasks: JoinSet<()>,
    told: Arc<Mutex<Told>>,
}

/// What an attacker needs to know.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    token: Arc<str>,
    path: Arc<str>,
    told: Arc<Mutex<Told>>,
}

impl Attack {
    pub(super) fn all(idle: usize) -> [Self; 7] {
        [
            Self::SlowHeads(300),
            Self::SlowBodies(300),
            Self::Untaken(200),
            Self::HugeHeads(16),
            Self::HugeBodies(16),
            Self::Storm(300),
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
        | Self::Storm(count)) = *self;
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
        let target = Target { address, token: token.clone(), path, told: told.clone() };
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
        Ok(Under { tasks, told })
    }
}

impl Under {
    /// Ends it; what the attackers were told.
    pub(super) async fn end(mut self) -> Told {
        self.tasks.shutdown().await;
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
            Attack::Idle(_) => self.slowly(b"", number).await,
            Attack::Untaken(_) => self.untaken(number).await,
            Attack::HugeHeads(_) => self.huge_head(number).await,
            Attack::HugeBodies(_) => self.huge_body(number).await,
            Attack::Storm(_) => self.storm(number).await,
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

    async fn connect(&self, number: usize, taken: Option<u32>) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = taken {
            socket.set_recv_buffer_size(bytes)?;
        }
        let last = u8::try_from(2 + number % SOURCES).unwrap_or(2);
        socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
        let connected = timeout(PATIENCE, socket.connect(self.address)).await;
        connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
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

    fn note(&self, what: String) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        *told.answers.entry(what).or_default() += 1;
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
        if matches!(status, 429 | 503) && value("retry-after").is_none_or(|text| text == "0") {
            target.told.lock().unwrap_or_else(PoisonError::into_inner).timeless += 1;
        }
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

impl Told {
    pub(super) fn add(&mut self, other: Self) {
        self.timeless += other.timeless;
        for (what, count) in other.answers {
            *self.answers.entry(what).or_default() += count;
        }
    }

    /// Whether they were told what may be told.
    pub(super) fn check(&self, attack: &Attack) -> anyhow::Result<()> {
        ensure!(self.timeless == 0, "{} refusals do not say when to come back", self.timeless);
        let known: &[&str] = match attack {
            Attack::SlowHeads(_) | Attack::SlowBodies(_) | Attack::Idle(_) => {
                &["408", "429", "503", "closed", "nothing"]
            }
            Attack::Untaken(_) => &["closed"],
            Attack::HugeHeads(_) => &["200", "400", "429", "431", "closed"],
            Attack::HugeBodies(_) => &["400", "429", "503", "closed"],
            Attack::Storm(_) => &["200", "429", "503", "closed"],
        };
        for what in self.answers.keys() {
            ensure!(known.contains(&what.as_str()), "attackers were told {what}");
        }
        if let Attack::Storm(_) = attack {
            let served = self.answers.get("200").copied().unwrap_or(0);
            ensure!(self.answers.contains_key("429"), "nobody was told that it is too much");
            ensure!(served > 0 && served <= STORM_TOO_MANY, "the storm was served {served} times");
        }
        Ok(())
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told: Vec<String> =
            self.answers.iter().map(|(what, count)| format!("{what}: {count}")).collect();
        f.write_str(&told.join(", "))
    }
}
