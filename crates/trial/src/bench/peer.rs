//! What people use instead, from the package registries: moto (EC2, in memory) and Prism (answers
//! made up from a description). Installed into the scratch directory when they are first asked for.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::generator::{Connection, Script, request};
use crate::program::free_port;
use crate::wait::{Seen, until};

const MOTO: &str = "moto[ec2,server]==5.2.1";
const PRISM: &str = "@stoplight/prism-cli@5.16.0";
/// How long one may take to listen.
const START: Duration = Duration::from_secs(60);
/// Who asks, as EC2 wants to know it; moto reads which service and region it is for.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/ec2/aws4_request, \
SignedHeaders=host, Signature=0";
const FORM: &str = "application/x-www-form-urlencoded";

/// Somebody else's server; it ends with this.
#[derive(Debug)]
pub(crate) struct Peer {
    /// Held for its end.
    _child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// moto's EC2, with two networks to peer.
///
/// # Errors
/// It cannot be installed or started.
pub(crate) async fn moto(scratch: &Path) -> anyhow::Result<(Peer, [String; 2])> {
    let home = scratch.join("moto");
    let program = home.join("bin/moto_server");
    if !program.is_file() {
        let venv = home.to_string_lossy().into_owned();
        run("python3", &["-m", "venv", &venv], scratch).await?;
        let pip = home.join("bin/pip").to_string_lossy().into_owned();
        run(&pip, &["install", "--quiet", "--disable-pip-version-check", MOTO], scratch).await?;
    }
    let port = free_port()?;
    let arguments = ["-H", "127.0.0.1", "-p", &port.to_string()];
    let peer = Peer::start(&program, &arguments, port, scratch).await?;
    let mut connection = Connection::open(peer.address).await?;
    let mut networks = [String::new(), String::new()];
    for (network, block) in networks.iter_mut().zip(["10.0.0.0/16", "10.1.0.0/16"]) {
        let ask = ec2(&format!("Action=CreateVpc&Version=2016-11-15&CidrBlock={block}"));
        let answer = String::from_utf8(connection.ask(&ask).await?.to_vec())?;
        let id = answer.split("<vpcId>").nth(1).and_then(|rest| rest.split('<').next());
        *network = id.context("moto made no network")?.to_owned();
    }
    Ok((peer, networks))
}

/// Creates of so many connections in moto.
#[must_use]
pub(crate) fn moto_creates(
    networks: &[String; 2],
    connections: usize,
    count: usize,
) -> Vec<Script> {
    let [ours, theirs] = networks;
    let body = "Action=CreateVpcPeeringConnection&Version=2016-11-15";
    let ask = ec2(&format!("{body}&VpcId={ours}&PeerVpcId={theirs}"));
    again(&ask, connections, count)
}

fn ec2(body: &str) -> Vec<u8> {
    request("POST", "/", &[("authorization", SIGNED), ("content-type", FORM)], body)
}

/// Prism, answering as our own description says.
///
/// # Errors
/// It cannot be installed or started.
pub(crate) async fn prism(scratch: &Path, document: &[u8]) -> anyhow::Result<Peer> {
    let home = scratch.join("prism");
    let program = home.join("node_modules/.bin/prism");
    if !program.is_file() {
        std::fs::create_dir_all(&home)?;
        run("npm", &["install", "--silent", "--no-audit", "--no-fund", PRISM], &home).await?;
    }
    std::fs::write(home.join("openapi.json"), document)?;
    let port = free_port()?;
    let arguments = ["mock", "-h", "127.0.0.1", "-p", &port.to_string(), "openapi.json"];
    Peer::start(&program, &arguments, port, &home).await
}

/// The same request on so many connections, so often together.
#[must_use]
pub(crate) fn again(ask: &[u8], connections: usize, count: usize) -> Vec<Script> {
    let script = |connection: usize| {
        let ask = ask.to_vec();
        let mut left = count / connections + usize::from(connection < count % connections);
        Box::new(move || {
            left = left.checked_sub(1)?;
            Some(ask.clone())
        }) as Script
    };
    (0..connections).map(script).collect()
}

impl Peer {
    async fn start(
        program: &Path,
        arguments: &[&str],
        port: u16,
        directory: &Path,
    ) -> anyhow::Result<Self> {
        let child = Command::new(program)
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| program.display().to_string())?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        until("it listens", START, || async move {
            Ok(match TcpStream::connect(address).await {
                Ok(_) => Seen::Holds(()),
                Err(error) => Seen::NotYet(error.to_string()),
            })
        })
        .await?;
        Ok(Self { _child: child, address })
    }
}

async fn run(program: &str, arguments: &[&str], directory: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory).stdin(Stdio::null());
    let output = command.output().await.with_context(|| program.to_owned())?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {arguments:?}: {}", said.trim());
    Ok(())
}
