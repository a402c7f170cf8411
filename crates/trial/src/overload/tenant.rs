//! The tenant that works on: requests at a steady rate, whether or not the earlier ones have been
//! answered, so that what waits behind a slow one is counted as well.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hyper::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use crate::client::{Auth, Client};

/// Between two requests: half of what its limit allows.
const PAUSE: Duration = Duration::from_millis(20);
/// Connections that it keeps.
pub(super) const CLIENTS_MAX: usize = 64;
/// One request of so many goes on a new connection.
const NEW_EVERY: usize = 4;
/// Beside so many requests there is one whose body comes late, and how late.
const LATE_EVERY: usize = 10;
const LATE: Duration = Duration::from_millis(100);
/// Entries of its access list that are written again and again.
const ENTRIES: usize = 50;
/// The longest that it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the head of this file.
pub(super) struct Tenant {
    address: SocketAddr,
    auth: Auth,
    group: String,
    peer: String,
    idle: Mutex<Vec<Client>>,
    asked: std::sync::atomic::AtomicUsize,
}

impl Tenant {
    /// A new organization with a project, a container and a peering.
    pub(super) async fn make(address: SocketAddr, founder: Auth) -> anyhow::Result<Self> {
        let mut client = Client::new(address, founder);
        let body = json!({
            "name": "works on",
            "apiKey": { "desc": "works on", "roles": ["ORG_OWNER"] },
        });
        let org = client.ok(&Method::POST, "/api/atlas/v2/orgs", Some(&body)).await?;
        let text = |value: &Value, what: &str| -> anyhow::Result<String> {
            Ok(value.as_str().with_context(|| format!("no {what}: {org}"))?.to_owned())
        };
        let key = &org["apiKey"];
        let (public, private) =
            (text(&key["publicKey"], "public key")?, text(&key["privateKey"], "private key")?);
        let auth = Auth::Digest(public.into(), private.into());
        let mut client = Client::new(address, auth.clone());
        let body = json!({ "name": "works on", "orgId": text(&org["organization"]["id"], "id")? });
        let group = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
        let group = text(&group["id"], "project")?;
        let base = format!("/api/atlas/v2/groups/{group}");
        let body = json!({
            "atlasCidrBlock": "10.8.0.0/21", "providerName": "AWS", "regionName": "US_EAST_1",
        });
        let container =
            client.ok(&Method::POST, &format!("{base}/containers"), Some(&body)).await?;
        let body = json!({
            "accepterRegionName": "us-east-1", "awsAccountId": "123456789012",
            "containerId": text(&container["id"], "container")?, "providerName": "AWS",
            "routeTableCidrBlock": "192.168.0.0/24", "vpcId": "vpc-0123456789abcdef0",
        });
        let peer = client.ok(&Method::POST, &format!("{base}/peers"), Some(&body)).await?;
        let peer = text(&peer["id"], "peering")?;
        let (idle, asked) = (Mutex::default(), std::sync::atomic::AtomicUsize::new(0));
        Ok(Self { address, auth, group, peer, idle, asked })
    }

    /// Works for so long; how long each request took from when it was due.
    pub(super) async fn work(self: &Arc<Self>, span: Duration) -> anyhow::Result<Vec<Duration>> {
        let end = Instant::now() + span;
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (mut tasks, mut late) = (Vec::new(), Vec::new());
        loop {
            let due = ticks.tick().await;
            if due >= end {
                break;
            }
            if tasks.len().is_multiple_of(LATE_EVERY) {
                late.push(tokio::spawn(send_late(self.address)));
            }
            let tenant = self.clone();
            tasks.push(tokio::spawn(async move {
                tenant.ask().await?;
                anyhow::Ok(due.elapsed())
            }));
        }
        let mut waits = Vec::with_capacity(tasks.len());
        for task in tasks {
            waits.push(task.await??);
        }
        for task in late {
            task.await?.context("a body that came late")?;
        }
        Ok(waits)
    }

    /// One request: mostly a look, sometimes a change.
    async fn ask(&self) -> anyhow::Result<()> {
        let number = self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let base = format!("/api/atlas/v2/groups/{}", self.group);
        let (method, path, body) = match number % 5 {
            0 => {
                let address = format!("192.0.2.{}", number % ENTRIES);
                let body = json!([{ "ipAddress": address }]);
                (Method::POST, format!("{base}/accessList"), Some(body))
            }
            1 | 2 => (Method::GET, format!("{base}/peers"), None),
            _ => (Method::GET, format!("{base}/peers/{}", self.peer), None),
        };
        let client = self.client();
        // Also who comes anew has to get in.
        let is_new = number.is_multiple_of(NEW_EVERY);
        let mut client = if is_new { client.to(self.address) } else { client };
        let answer = client.send(&method, &path, body.as_ref()).await?;
        ensure!(answer.is_success(), "{method} {path}: {}", answer.text());
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < CLIENTS_MAX {
            idle.push(client);
        }
        Ok(())
    }

    fn client(&self) -> Client {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Client::new(self.address, self.auth.clone()).patient(PATIENCE))
    }
}

/// A neighbour of the tenant that has not proved who it is, and sends a body a moment after its
/// head: it has to be told that it is not known, and not that there is no place.
async fn send_late(address: SocketAddr) -> anyhow::Result<()> {
    const BODY: &[u8] = b"grant_type=client_credentials";
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST /api/oauth/token HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await?;
    sleep(LATE).await;
    stream.write_all(BODY).await?;
    let mut status = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut status)).await??;
    ensure!(&status == b"HTTP/1.1 401", "{}", String::from_utf8_lossy(&status));
    Ok(())
}
