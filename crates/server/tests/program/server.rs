//! Starts the built program, talks to it over plain HTTP, and ends only what it started.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
#[cfg(feature = "etcd")]
use std::path::Path;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::Value;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_peerage");

/// The longest that anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct Server {
    child: Child,
    home: tempfile::TempDir,
    credentials: Value,
    token: String,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_logged(arguments, Stdio::inherit())
    }

    /// The same with its log elsewhere.
    pub(crate) fn start_logged(arguments: &[&str], log: impl Into<Stdio>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("credentials.json");
        let child = Command::new(PROGRAM)
            .args(["dev", "--listen", "127.0.0.1:0", "--credentials-file"])
            .arg(&file)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut server = Self { child, home, credentials: Value::Null, token: String::new() };
        eventually("the server answers", || file.exists());
        server.credentials = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        server.token = server.fetch_token();
        server
    }

    /// `peerage serve` as a configuration says, after `peerage init`. It is to listen on `address`.
    #[cfg(feature = "etcd")]
    pub(crate) fn serve_logged(config: &Path, address: &str, log: impl Into<Stdio>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let config = ["--config", config.to_str().unwrap()];
        let made = Command::new(PROGRAM).arg("init").args(config).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let mut credentials: Value = serde_json::from_slice(&made.stdout).unwrap();
        credentials["baseUrl"] = format!("http://{address}").into();
        let mut command = Command::new(PROGRAM);
        command.arg("serve").args(config).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().unwrap();
        let mut server = Self { child, home, credentials, token: String::new() };
        eventually("the server listens", || TcpStream::connect(address).is_ok());
        server.token = server.fetch_token();
        server
    }

    fn fetch_token(&self) -> String {
        self.token_of(&self.credential("clientId"), &self.credential("clientSecret"))
    }

    /// A fresh token of a service account.
    pub(crate) fn token_of(&self, client_id: &str, secret: &str) -> String {
        let basic =
            base64::engine::general_purpose::STANDARD.encode(format!("{client_id}:{secret}"));
        let head = format!(
            "Authorization: Basic {basic}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        );
        let (status, body) =
            self.send("POST", "/api/oauth/token", &head, "grant_type=client_credentials");
        assert_eq!(status, 200, "{body}");
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// The token of the requests that have to succeed.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn credentials_file(&self) -> PathBuf {
        self.home.path().join("credentials.json")
    }

    pub(crate) fn credential(&self, name: &str) -> String {
        self.credentials[name].as_str().unwrap().to_owned()
    }

    /// The path of the project.
    pub(crate) fn group(&self) -> String {
        format!("/api/atlas/v2/groups/{}", self.credential("projectId"))
    }

    /// A request that has to be answered with success; gives back the body.
    pub(crate) fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let head =
            format!("Authorization: Bearer {}\r\nContent-Type: application/json\r\n", self.token);
        let text = body.map(Value::to_string).unwrap_or_default();
        let (status, body) = self.send(method, path, &head, &text);
        assert!((200..300).contains(&status), "{method} {path}: {status} {body}");
        body
    }

    fn send(&self, method: &str, path: &str, head: &str, body: &str) -> (u16, Value) {
        let (status, answer) = self.exchange(method, path, head, body);
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// One request on a connection of its own; the status and the whole answer.
    pub(crate) fn exchange(
        &self,
        method: &str,
        path: &str,
        head: &str,
        body: &str,
    ) -> (u16, String) {
        let base = self.credential("baseUrl");
        let address = base.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{head}\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }

    /// Ends it as a crash does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds, within a bound.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
