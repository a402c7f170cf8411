//! Whether who is told to come back later is let in then: one client with a bucket of its own,
//! which nobody else draws from.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hyper::Method;
use serde_json::json;

use crate::client::{Answer, Client};
use crate::program::Credentials;
use crate::report::say;

/// Requests until one is refused, at most: more than a bucket holds.
const TRIES: usize = 3_000;
/// How often it is told to come back, and does.
const ROUNDS: usize = 3;
const TOO_MANY: u16 = 429;

/// Uses a bucket up, and comes back when it was told to.
///
/// # Errors
/// It is not told when, or is not let in then.
pub(super) async fn check(credentials: &Credentials, address: SocketAddr) -> anyhow::Result<()> {
    let mut client = Client::new(address, credentials.bearer(address).await?);
    let body = json!({ "name": "comes back", "orgId": credentials.get("orgId")? });
    let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
    let group = made["id"].as_str().context("a project without an id")?;
    let path = format!("/api/atlas/v2/groups/{group}/peers");
    let mut waited = Duration::ZERO;
    for _ in 0..ROUNDS {
        let refused = exhaust(&mut client, &path).await?;
        let after = refused.retry_after.filter(|after| !after.is_zero());
        let after = after.with_context(|| format!("no time to come back: {}", refused.text()))?;
        tokio::time::sleep(after).await;
        waited += after;
        let answer = client.send(&Method::GET, &path, None).await?;
        ensure!(answer.is_success(), "back after {after:?}, and {}", answer.text());
    }
    say(format!("Retry-After | let in {ROUNDS} times, after {waited:?} together"));
    Ok(())
}

async fn exhaust(client: &mut Client, path: &str) -> anyhow::Result<Answer> {
    for _ in 0..TRIES {
        let answer = client.send(&Method::GET, path, None).await?;
        if answer.status == TOO_MANY {
            return Ok(answer);
        }
        ensure!(answer.is_success(), "{}", answer.text());
    }
    anyhow::bail!("{TRIES} requests were served, and none was too many")
}
