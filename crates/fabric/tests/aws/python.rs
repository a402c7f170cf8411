//! Programs of Python that a test talks to: they say where they listen, and end with their input.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use peerage_core::id::GroupId;
use peerage_fabric::aws::{Aws, Keys, Options, Region, Role};
use peerage_fabric::remote::{Http, RemoteOptions};
use serde_json::Value;

/// An interpreter with botocore, boto3 and moto.
#[derive(Clone, Debug)]
pub(crate) struct Python(PathBuf);

/// A server that ends when this goes.
pub(crate) struct Server {
    child: Child,
    /// Closing it is how the program hears that it is no longer wanted.
    input: Option<ChildStdin>,
    pub(crate) endpoint: String,
}

impl Python {
    /// `None`, after a loud word, where there is none and none is demanded.
    ///
    /// # Panics
    /// There is none, and `PEERAGE_NO_SKIP` says that nothing may be left out.
    #[expect(clippy::print_stderr, reason = "who runs the tests has to see it")]
    pub(crate) fn find() -> Option<Self> {
        if let Some(path) = std::env::var_os("PEERAGE_CLOUDS_PYTHON") {
            return Some(Self(path.into()));
        }
        assert!(
            std::env::var_os("PEERAGE_NO_SKIP").is_none(),
            "PEERAGE_CLOUDS_PYTHON names no interpreter with botocore and moto"
        );
        eprintln!("!!! SKIPPED: PEERAGE_CLOUDS_PYTHON names no interpreter with botocore and moto");
        None
    }

    /// Starts a program that prints its port as the first line.
    pub(crate) fn serve(&self, program: &str, arguments: &[&str]) -> Server {
        let mut child = Command::new(&self.0)
            .arg(script(program))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        let port = said["port"].as_u64();
        let port = port.unwrap_or_else(|| panic!("{program} did not start: `{line}`"));
        let input = child.stdin.take();
        Server { child, input, endpoint: format!("http://127.0.0.1:{port}") }
    }

    /// Runs a program and answers what it prints.
    pub(crate) async fn run(&self, program: &str, arguments: &[&str]) -> Value {
        let mut command = Command::new(&self.0);
        command.arg(script(program)).args(arguments);
        let done = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{program} {arguments:?}: {words}");
        serde_json::from_slice(&done.stdout).unwrap()
    }
}

impl Server {
    /// Asks it a question.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = http::Request::get(format!("{}/{path}", self.endpoint));
        self.ask(request.body(Bytes::new()).unwrap()).await
    }

    /// Tells it something.
    pub(crate) async fn post(&self, path: &str) -> Value {
        let request = http::Request::post(format!("{}/{path}", self.endpoint));
        self.ask(request.body(Bytes::new()).unwrap()).await
    }

    async fn ask(&self, request: http::Request<Bytes>) -> Value {
        let http = Http::new(&RemoteOptions::new("test")).unwrap();
        let reply = http.send(request).await.unwrap();
        assert!(reply.is_success(), "{reply:?}");
        serde_json::from_slice(&reply.body).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn script(program: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws").join(program)
}

/// A driver that finds AWS there, with a role if there is one.
pub(crate) fn driver(endpoint: &str, role: Option<&str>) -> Aws {
    let remote = RemoteOptions {
        requests_per_second: u32::MAX,
        timeout: std::time::Duration::from_secs(30),
        ..RemoteOptions::new("here")
    };
    let options = Options {
        endpoint: Some(endpoint.to_owned()),
        role: role.map(|role| Role::parse(role).unwrap()),
        // One region to search: moto answers for each of some twenty as slowly as for one.
        regions: [("us-east-1".to_owned(), Default::default())].into(),
        ..Options::new(remote)
    };
    // The form of a key that moto can read: twenty capitals and digits.
    let keys = Keys::new("AKIAIOSFODNN7EXAMPLE", "unchecked");
    Aws::with_credentials(options, Arc::new(|group: GroupId| group.to_string()), keys).unwrap()
}

pub(crate) fn region(name: &str) -> Region {
    Region::parse(name).unwrap()
}
