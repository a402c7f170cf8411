//! Where credentials come from: each way that AWS's own tools have, in a process with an
//! environment of its own. The child is this very program with the first of its tests.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use async_trait::async_trait;
use peerage_clouds::serve::{Handler, serve};
use peerage_clouds::{Request, Response};
use peerage_core::id::GroupId;
use peerage_fabric::Inventory;
use peerage_fabric::aws::Aws;
use peerage_fabric::emulated::CustomerMode;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::aws::world::{World, options};

/// Where a child finds the cloud, and who it is to be there.
const ENDPOINT: &str = "PEERAGE_TEST_ENDPOINT";
const EXPECTED: &str = "PEERAGE_TEST_EXPECTED";

/// The service as the emulated STS calls it, whose key is its account.
const SERVICE: &str = ":iam::999988887777:";

/// What the child does: it asks the cloud who it is.
async fn in_the_child(address: &str) {
    let address: SocketAddr = address.parse().unwrap();
    let external_ids = Arc::new(|group: GroupId| group.to_string());
    let options = peerage_fabric::aws::Options {
        regions: [("us-east-1".to_owned(), Default::default())].into(),
        ..options(address)
    };
    let aws = Aws::connect(options, external_ids).await.unwrap();
    let lines = match aws.whoami().await {
        Ok(lines) => lines.join("\n"),
        Err(error) => error.to_string(),
    };
    let expected = std::env::var(EXPECTED).unwrap();
    assert!(lines.contains(&expected), "`{lines}` is not `{expected}`");
}

/// Runs the child with nothing in its environment but this.
async fn child(world: &World, expected: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = "aws::credentials::credentials_come_from_the_environment";
    command.args(["--exact", name]).env_clear();
    let endpoint = world.address.to_string();
    command.env(ENDPOINT, &endpoint).env(EXPECTED, expected).env("HOME", "/nonexistent");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(environment.iter().copied());
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

async fn check(world: &World, expected: &str, environment: &[(&str, &str)]) {
    let done = child(world, expected, environment).await;
    let (said, words) =
        (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.contains("1 passed"), "{said}\n{words}");
}

fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_the_environment() {
    if let Ok(address) = std::env::var(ENDPOINT) {
        return in_the_child(&address).await;
    }
    let world = World::new(CustomerMode::Accept).await;
    let keys = [("AWS_ACCESS_KEY_ID", "999988887777"), ("AWS_SECRET_ACCESS_KEY", "unchecked")];
    check(&world, SERVICE, &keys).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_a_profile() {
    let world = World::new(CustomerMode::Accept).await;
    let directory = tempfile::tempdir().unwrap();
    let file = write(
        directory.path(),
        "credentials",
        "[other]\naws_access_key_id = 999988887777\naws_secret_access_key = unchecked\n",
    );
    let profile = [("AWS_SHARED_CREDENTIALS_FILE", file.as_str()), ("AWS_PROFILE", "other")];
    check(&world, SERVICE, &profile).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_a_process() {
    let world = World::new(CustomerMode::Accept).await;
    let directory = tempfile::tempdir().unwrap();
    let given = r#"{"Version": 1, "AccessKeyId": "999988887777", "SecretAccessKey": "unchecked"}"#;
    let given = write(directory.path(), "given.json", given);
    let text = format!("[default]\ncredential_process = /bin/cat {given}\n");
    let file = write(directory.path(), "config", &text);
    let path = std::env::var("PATH").unwrap_or_default();
    check(&world, SERVICE, &[("AWS_CONFIG_FILE", &file), ("PATH", &path)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_a_web_identity() {
    let world = World::new(CustomerMode::Accept).await;
    let directory = tempfile::tempdir().unwrap();
    // {"alg":"none"} and {"sub":"a-pod"}: the emulated STS reads them and checks no signature.
    let token = write(directory.path(), "token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhLXBvZCJ9.c2ln");
    let endpoint = format!("http://{}", world.address);
    let identity = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.as_str()),
        ("AWS_ROLE_ARN", "arn:aws:iam::222222222222:role/of-a-pod"),
        ("AWS_ROLE_SESSION_NAME", "peerage"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_STS", endpoint.as_str()),
    ];
    check(&world, ":sts::222222222222:assumed-role/of-a-pod/peerage", &identity).await;
}

/// The metadata of an instance. Source: the Amazon EC2 User Guide, IMDSv2.
struct Metadata;

#[async_trait]
impl Handler for Metadata {
    async fn handle(&self, request: Request) -> Response {
        let path = request.uri().path();
        let has_token = request.headers().contains_key("x-aws-ec2-metadata-token");
        let credentials = "/latest/meta-data/iam/security-credentials/";
        let body = match path {
            "/latest/api/token" if request.method() == "PUT" => "a-token",
            _ if !has_token => return status(401),
            path if path == credentials => "of-an-instance",
            path if path == format!("{credentials}of-an-instance") => {
                r#"{"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": "2023-11-14T00:00:00Z",
                    "AccessKeyId": "999988887777", "SecretAccessKey": "unchecked",
                    "Token": "a-session", "Expiration": "2123-11-14T00:00:00Z"}"#
            }
            _ => return status(404),
        };
        let mut response = Response::new(body.into());
        let ttl = http::HeaderValue::from_static("21600");
        response.headers_mut().insert("x-aws-ec2-metadata-token-ttl-seconds", ttl);
        response
    }
}

fn status(code: u16) -> Response {
    let mut response = Response::default();
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
    response
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_come_from_the_metadata_of_an_instance() {
    let world = World::new(CustomerMode::Accept).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(serve(listener, Arc::new(Metadata), None, stopped));
    let metadata = [
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", address.as_str()),
        ("AWS_EC2_METADATA_DISABLED", "false"),
    ];
    check(&world, SERVICE, &metadata).await;
    stop.send_replace(true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_none_reads_so() {
    let world = World::new(CustomerMode::Accept).await;
    check(&world, "CredentialsNotLoaded: No credentials of AWS", &[]).await;
}
