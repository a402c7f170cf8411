//! What stands between the driver and the cloud: loses requests and answers, delays requests until
//! others have gone by, performs them twice, cuts answers off in the middle. A seed decides.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Out of a hundred requests, how many suffer what.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    /// It never arrives.
    pub(crate) lost: u64,
    /// It arrives after up to three others.
    pub(crate) late: u64,
    /// It is performed; the answer never arrives.
    pub(crate) unanswered: u64,
    /// It is performed, and half of the answer arrives.
    pub(crate) truncated: u64,
    /// It is performed twice.
    pub(crate) doubled: u64,
}

impl Rates {
    /// Each of them now and then.
    pub(crate) const OFTEN: Self =
        Self { lost: 4, late: 4, unanswered: 4, truncated: 4, doubled: 8 };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Lost,
    Late(u8),
    Unanswered,
    Truncated,
    Doubled,
    Passed,
}

pub(crate) struct Proxy {
    cloud: SocketAddr,
    /// What requests whose head holds that text suffer.
    rates: Mutex<(String, Rates)>,
    dice: Mutex<u64>,
    /// Requests on their way, and after how many others they arrive.
    late: Mutex<Vec<(u8, Vec<u8>)>>,
    /// How many requests suffered something.
    pub(crate) suffered: AtomicUsize,
}

impl Proxy {
    /// Puts one before a cloud; answers where it listens.
    pub(crate) async fn before(
        cloud: SocketAddr,
        seed: u64,
        rates: Rates,
        mut stopped: watch::Receiver<bool>,
    ) -> (SocketAddr, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let rates = Mutex::new((String::new(), rates));
        let (dice, late) = (Mutex::new(seed), Mutex::default());
        let proxy = Arc::new(Self { cloud, rates, dice, late, suffered: AtomicUsize::new(0) });
        let standing = proxy.clone();
        tokio::spawn(async move {
            loop {
                let accepted = tokio::select! {
                    _ = stopped.changed() => return,
                    accepted = listener.accept() => accepted,
                };
                let Ok((mut stream, _)) = accepted else { return };
                let proxy = standing.clone();
                tokio::spawn(async move { while proxy.carry(&mut stream).await.is_some() {} });
            }
        });
        (address, proxy)
    }

    /// From here on, requests whose head holds `text` suffer this, and others nothing.
    pub(crate) fn suffer(&self, text: &str, rates: Rates) {
        *self.rates.lock().unwrap() = (text.to_owned(), rates);
    }

    /// Carries one request; `None` ends the connection.
    async fn carry(&self, stream: &mut TcpStream) -> Option<()> {
        let request = message(stream).await?;
        for due in self.due() {
            self.perform(&due).await;
        }
        let fate = self.throw(&request);
        if fate != Fate::Passed {
            self.suffered.fetch_add(1, Ordering::SeqCst);
        }
        match fate {
            Fate::Lost => None,
            Fate::Late(after) => {
                self.late.lock().unwrap().push((after, request));
                None
            }
            Fate::Unanswered => {
                self.perform(&request).await;
                None
            }
            Fate::Truncated => {
                let answer = self.perform(&request).await?;
                write(stream, &answer[..answer.len() / 2 + 1]).await?;
                None
            }
            Fate::Doubled => {
                self.perform(&request).await;
                write(stream, &self.perform(&request).await?).await
            }
            Fate::Passed => write(stream, &self.perform(&request).await?).await,
        }
    }

    /// The late requests that arrive before the next one.
    fn due(&self) -> Vec<Vec<u8>> {
        let mut late = self.late.lock().unwrap();
        let waiting = std::mem::take(&mut *late);
        let (due, still): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(left, _)| *left == 0);
        late.extend(still.into_iter().map(|(left, request)| (left - 1, request)));
        due.into_iter().map(|(_, request)| request).collect()
    }

    async fn perform(&self, request: &[u8]) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect(self.cloud).await.ok()?;
        write(&mut stream, request).await?;
        message(&mut stream).await
    }

    fn throw(&self, request: &[u8]) -> Fate {
        let (text, rates) = self.rates.lock().unwrap().clone();
        if !String::from_utf8_lossy(request).contains(&text) {
            return Fate::Passed;
        }
        let mut dice = self.dice.lock().unwrap();
        *dice =
            dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (percent, after) = ((*dice >> 33) % 100, (*dice >> 62) as u8);
        let Rates { lost, late, unanswered, truncated, doubled } = rates;
        let fates = [
            (lost, Fate::Lost),
            (late, Fate::Late(after)),
            (unanswered, Fate::Unanswered),
            (truncated, Fate::Truncated),
            (doubled, Fate::Doubled),
        ];
        let mut under = 0;
        for (rate, fate) in fates {
            under += rate;
            if percent < under {
                return fate;
            }
        }
        Fate::Passed
    }
}

/// One whole message of HTTP/1.1 that says how long its body is.
async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(whole) = length(&bytes)
            && bytes.len() >= whole
        {
            return Some(bytes);
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// How long a message is as a whole, once its head is there.
fn length(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    let body = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    Some(head + body.and_then(|length| length.trim().parse::<usize>().ok()).unwrap_or(0))
}

async fn write(stream: &mut TcpStream, bytes: &[u8]) -> Option<()> {
    stream.write_all(bytes).await.ok()
}
