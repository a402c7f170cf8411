//! What the service is compared with: axum answering fixed bytes, on as many threads, and the same
//! that first appends to a log and waits for the disk, many callers at a time. A process of its
//! own, so that both are seen from as far.

use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use anyhow::Context as _;
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use clap::Args;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tokio::time::timeout;

const JSON: &str = "application/json";
/// How long it may take to listen.
const START: Duration = Duration::from_secs(10);

/// Answers every request with the bytes of a file.
#[derive(Debug, Args)]
pub struct Bare {
    /// The file with the answer's body.
    answer: PathBuf,
    /// The log that POST appends to before it answers.
    log: PathBuf,
}

/// One caller's bytes, and where to say that they are on disk.
type Append = (Bytes, oneshot::Sender<bool>);

/// Serves until it is killed.
///
/// # Errors
/// It cannot listen, or a file cannot be used.
pub async fn serve(bare: &Bare) -> anyhow::Result<()> {
    let answer = Bytes::from(std::fs::read(&bare.answer)?);
    let log = File::options().create(true).append(true).open(&bare.log)?;
    let (appends, inbox) = mpsc::channel();
    std::thread::spawn(move || write(log, &inbox));
    let (fixed, parsed, appended) = (answer.clone(), answer.clone(), answer);
    let router = axum::Router::new()
        .route("/fixed", get(async move || json(fixed)))
        .route("/parsed", post(async move |body: Bytes| parse(&body, parsed)))
        .route("/appended", post(async move |body: Bytes| append(body, appended, &appends).await));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    crate::report::say(listener.local_addr()?.to_string());
    Ok(axum::serve(listener, router).await?)
}

fn json(body: Bytes) -> Response {
    ([(CONTENT_TYPE, JSON)], body).into_response()
}

fn refused(status: u16) -> Response {
    let mut response = Response::new(Body::empty());
    if let Ok(status) = status.try_into() {
        *response.status_mut() = status;
    }
    response
}

fn parse(body: &Bytes, answer: Bytes) -> Response {
    match serde_json::from_slice::<Value>(body) {
        Ok(_) => json(answer),
        Err(_) => refused(400),
    }
}

async fn append(body: Bytes, answer: Bytes, appends: &Sender<Append>) -> Response {
    if serde_json::from_slice::<Value>(&body).is_err() {
        return refused(400);
    }
    let (done, told) = oneshot::channel();
    // A log that ended answers nobody, and then nobody is answered.
    let _ = appends.send((answer.clone(), done));
    match told.await {
        Ok(true) => json(answer),
        Ok(false) | Err(_) => refused(500),
    }
}

/// Appends what is waiting, then waits for the disk once for all of it.
fn write(mut log: File, inbox: &Receiver<Append>) {
    while let Ok((bytes, done)) = inbox.recv() {
        let (mut bytes, mut waiting) = (bytes.to_vec(), vec![done]);
        while let Ok((more, done)) = inbox.try_recv() {
            bytes.extend_from_slice(&more);
            waiting.push(done);
        }
        let is_written = log.write_all(&bytes).and_then(|()| log.sync_data()).is_ok();
        for done in waiting {
            // Nobody waits for one who went away.
            let _ = done.send(is_written);
        }
    }
}

/// A process that answers with fixed bytes; it ends with this.
#[derive(Debug)]
pub(crate) struct Server {
    /// Held for its end.
    _child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts one in a directory that is there.
    ///
    /// # Errors
    /// It does not listen.
    pub(crate) async fn start(directory: &Path, answer: &[u8]) -> anyhow::Result<Self> {
        let (body, log) = (directory.join("answer"), directory.join("appended"));
        std::fs::write(&body, answer)?;
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .args([&body, &log])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = child.stdout.take().context("its output is not ours")?;
        let line = timeout(START, BufReader::new(output).lines().next_line()).await??;
        let address = line.context("the bare server does not listen")?.parse()?;
        Ok(Self { _child: child, address })
    }
}
