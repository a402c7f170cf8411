//! A server that answers by a closure and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    /// A field of a form, unescaped.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let unescaped = |text| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let fields = self.body.split('&').map(|field| field.split_once('=').unwrap());
        let mut fields = fields.map(|(key, value)| (unescaped(key), unescaped(value)));
        fields.find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn is_token_request(&self) -> bool {
        self.path().ends_with("/oauth2/v2.0/token")
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    /// How many bytes of the body come before the connection is cut.
    cut: Option<usize>,
}

impl Said {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::text(status, &body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), body: body.to_owned(), cut: None }
    }

    /// An error of the Resource Manager.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, json!({ "error": { "code": code, "message": message } }))
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn cut_after(self, bytes: usize) -> Self {
        Self { cut: Some(bytes), ..self }
    }
}

type Answers = Box<dyn FnMut(&Asked) -> Said + Send>;

/// The server.
pub(crate) struct Fake {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    /// Grants every token; what else is asked, `answers` answers.
    pub(crate) async fn start(answers: impl FnMut(&Asked) -> Said + Send + 'static) -> Self {
        let mut answers = answers;
        Self::raw(move |asked| {
            if asked.is_token_request() {
                let token = format!("token-of-{}", asked.path().split('/').nth(1).unwrap());
                return Said::json(200, json!({ "access_token": token, "expires_in": 3600 }));
            }
            answers(asked)
        })
        .await
    }

    /// Whatever is asked, `answers` answers.
    pub(crate) async fn raw(answers: impl FnMut(&Asked) -> Said + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(answers)));
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, log) = (answers.clone(), log.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, answers, log).await;
                });
            }
        });
        Self { address, asked }
    }

    /// All that was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Those that are no requests for tokens.
    pub(crate) fn calls(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| !asked.is_token_request()).collect()
    }

    pub(crate) fn token_requests(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(Asked::is_token_request).collect()
    }
}

async fn serve(
    stream: TcpStream,
    answers: Arc<Mutex<Answers>>,
    log: Arc<Mutex<Vec<Asked>>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if stream.read_line(&mut first).await? == 0 {
            return Ok(());
        }
        let mut words = first.split_whitespace().map(str::to_owned);
        let (method, target) = (words.next().unwrap(), words.next().unwrap());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8(body).unwrap();
        let asked = Asked { method, target, headers, body };
        let said = (answers.lock().unwrap())(&asked);
        log.lock().unwrap().push(asked);
        let mut head =
            format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", said.status, said.body.len());
        for (name, value) in &said.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await?;
        let body = said.body.as_bytes();
        match said.cut {
            Some(bytes) => {
                stream.write_all(&body[..bytes.min(body.len())]).await?;
                stream.flush().await?;
                return Ok(());
            }
            None => stream.write_all(body).await?,
        }
    }
}
