//! What stands between the driver and the cloud: a request may get lost, come late, come twice, or
//! its answer may get lost or end in the middle. A seed decides; the connection ends wherever
//! something is missing.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How often each thing happens, in a thousand requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rates {
    pub(crate) request_lost: u64,
    pub(crate) request_late: u64,
    pub(crate) request_doubled: u64,
    pub(crate) answer_lost: u64,
    pub(crate) answer_cut: u64,
}

impl Rates {
    /// Nothing happens.
    pub(crate) const NEVER: Self = Self {
        request_lost: 0,
        request_late: 0,
        request_doubled: 0,
        answer_lost: 0,
        answer_cut: 0,
    };

    /// Each now and then.
    pub(crate) const OFTEN: Self = Self {
        request_lost: 40,
        request_late: 40,
        request_doubled: 80,
        answer_lost: 40,
        answer_cut: 40,
    };
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Fine,
    RequestLost,
    RequestLate,
    RequestDoubled,
    AnswerLost,
    AnswerCut,
}

pub(crate) struct Proxy {
    cloud: SocketAddr,
    rates: Rates,
    dice: Mutex<u64>,
    /// Requests that come after the next one or the one after that: how many they still let pass.
    late: Mutex<VecDeque<(u64, Vec<u8>)>>,
    /// How many requests were not fine.
    pub(crate) suffered: AtomicUsize,
}

impl Proxy {
    /// Stands before a cloud until it is told to stop; answers where it listens.
    pub(crate) async fn before(
        cloud: SocketAddr,
        seed: u64,
        rates: Rates,
        mut stopped: watch::Receiver<bool>,
    ) -> (SocketAddr, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Arc::new(Self {
            cloud,
            rates,
            dice: Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            late: Mutex::default(),
            suffered: AtomicUsize::default(),
        });
        let listening = proxy.clone();
        tokio::spawn(async move {
            loop {
                let stream = tokio::select! {
                    _ = stopped.changed() => return,
                    accepted = listener.accept() => accepted.unwrap().0,
                };
                tokio::spawn(listening.clone().serve(stream));
            }
        });
        (address, proxy)
    }

    /// Serves a connection until it ends or something on it is lost.
    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        while let Some(request) = read_message(&mut stream).await {
            self.deliver_late().await;
            let fate = self.decide();
            if fate != Fate::Fine {
                self.suffered.fetch_add(1, Ordering::SeqCst);
            }
            let answer = match fate {
                Fate::RequestLost => return,
                Fate::RequestLate => {
                    let passes = self.throw() % 2;
                    self.late.lock().unwrap().push_back((passes, request));
                    return;
                }
                Fate::RequestDoubled => {
                    self.deliver(&request).await;
                    self.deliver(&request).await
                }
                Fate::Fine | Fate::AnswerLost | Fate::AnswerCut => self.deliver(&request).await,
            };
            let Some(answer) = answer else { return };
            let shown = match fate {
                Fate::AnswerLost => return,
                Fate::AnswerCut => &answer[..answer.len() * 2 / 3],
                _ => &answer[..],
            };
            if stream.write_all(shown).await.is_err() || fate == Fate::AnswerCut {
                return;
            }
        }
    }

    async fn deliver_late(&self) {
        let mut due = Vec::new();
        {
            let mut late = self.late.lock().unwrap();
            for _ in 0..late.len() {
                match late.pop_front() {
                    Some((0, request)) => due.push(request),
                    Some((passes, request)) => late.push_back((passes - 1, request)),
                    None => break,
                }
            }
        }
        for request in due {
            self.deliver(&request).await;
        }
    }

    async fn deliver(&self, request: &[u8]) -> Option<Vec<u8>> {
        let mut stream = TcpStream::connect(self.cloud).await.ok()?;
        stream.write_all(request).await.ok()?;
        read_message(&mut stream).await
    }

    fn decide(&self) -> Fate {
        let rates = self.rates;
        let mut thrown = self.throw() % 1000;
        for (rate, fate) in [
            (rates.request_lost, Fate::RequestLost),
            (rates.request_late, Fate::RequestLate),
            (rates.request_doubled, Fate::RequestDoubled),
            (rates.answer_lost, Fate::AnswerLost),
            (rates.answer_cut, Fate::AnswerCut),
        ] {
            match thrown.checked_sub(rate) {
                None => return fate,
                Some(rest) => thrown = rest,
            }
        }
        Fate::Fine
    }

    fn throw(&self) -> u64 {
        let mut dice = self.dice.lock().unwrap();
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        *dice >> 16
    }
}

/// One message of HTTP/1.1 whose head says how long its body is; `None`: the connection ended.
async fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        if let Some(head) = message.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let words = String::from_utf8_lossy(&message[..head]).to_lowercase();
            let length = words.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |text| text.trim().parse().unwrap());
            if message.len() >= head + 4 + length {
                return Some(message);
            }
        }
        if stream.read_buf(&mut message).await.ok()? == 0 {
            return None;
        }
    }
}
