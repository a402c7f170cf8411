//! A client that remembers what became of each of its changes, and compares it with what is there.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use hyper::Method;
use serde_json::json;

use crate::client::{Auth, Client};

/// Where it works: more than one, because what a project may have is bounded.
const PROJECTS: usize = 6;
const UNAVAILABLE: u16 = 503;
/// What is said of a change that may have been made.
const DOUBT: &str = "did not say whether";

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Took {
    /// It was acknowledged.
    Kept,
    /// It was refused.
    Refused {
        /// When to come back.
        after: Duration,
        /// Why.
        said: String,
    },
}

/// See the head of this file.
pub(super) struct Witness {
    client: Client,
    /// Paths of projects, and their containers.
    projects: Vec<(String, String)>,
    kept: BTreeSet<String>,
    doubtful: BTreeSet<String>,
    refused: BTreeSet<String>,
    number: usize,
}

impl Witness {
    pub(super) async fn new(address: SocketAddr, auth: Auth, org: &str) -> anyhow::Result<Self> {
        let mut client = Client::new(address, auth);
        let mut projects = Vec::new();
        for number in 0..PROJECTS {
            let body = json!({ "name": format!("Project {}", number + 1), "orgId": org });
            let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
            let id = made["id"].as_str().context("a project without an id")?;
            let path = format!("/api/atlas/v2/groups/{id}");
            let body = json!({
                "providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "10.8.0.0/21",
            });
            let made = client.ok(&Method::POST, &format!("{path}/containers"), Some(&body)).await?;
            let container = made["id"].as_str().context("a container without an id")?.to_owned();
            projects.push((path, container));
        }
        let [kept, doubtful, refused] = [(); 3].map(|()| BTreeSet::new());
        Ok(Self { client, projects, kept, doubtful, refused, number: 0 })
    }

    /// The same at another address.
    pub(super) fn of(self, address: SocketAddr) -> Self {
        Self { client: self.client.to(address), ..self }
    }

    /// Asks for one more peering.
    pub(super) async fn write(&mut self) -> anyhow::Result<Took> {
        let number = self.number;
        self.number += 1;
        let (path, container) = &self.projects[number % PROJECTS];
        let network = format!("vpc-{number:017x}");
        let body = json!({
            "accepterRegionName": "us-east-1", "awsAccountId": "123456789012",
            "containerId": container, "providerName": "AWS", "vpcId": network,
            "routeTableCidrBlock": format!("192.168.{}.0/24", number / PROJECTS),
        });
        let answer = self.client.send(&Method::POST, &format!("{path}/peers"), Some(&body)).await?;
        if answer.is_success() {
            self.kept.insert(network);
            return Ok(Took::Kept);
        }
        let said = answer.text();
        ensure!(answer.status == UNAVAILABLE, "a change was answered with {said}");
        let is_doubtful = said.contains(DOUBT);
        if is_doubtful { &mut self.doubtful } else { &mut self.refused }.insert(network);
        let after = answer.retry_after.with_context(|| format!("no Retry-After: {said}"))?;
        Ok(Took::Refused { after, said })
    }

    /// Compares what is there with what was answered.
    pub(super) async fn check(&mut self) -> anyhow::Result<()> {
        let mut found = BTreeSet::new();
        for (path, _) in &self.projects {
            let list = format!("{path}/peers?itemsPerPage=500");
            let list = self.client.ok(&Method::GET, &list, None).await?;
            let peers = list["results"].as_array().context("a list without results")?;
            found.extend(peers.iter().filter_map(|peer| peer["vpcId"].as_str().map(str::to_owned)));
        }
        if let Some(lost) = self.kept.difference(&found).next() {
            bail!("{lost} was acknowledged and is not there");
        }
        if let Some(ghost) = self.refused.intersection(&found).next() {
            bail!("{ghost} was refused and is there");
        }
        // What it was after a doubt, it stays.
        for network in std::mem::take(&mut self.doubtful) {
            let is_there = found.contains(&network);
            if is_there { &mut self.kept } else { &mut self.refused }.insert(network);
        }
        ensure!(found.is_subset(&self.kept), "something is there that nobody asked for");
        Ok(())
    }

    /// For the person who waits.
    pub(super) fn told(&self) -> String {
        format!("{} changes kept, {} refused", self.kept.len(), self.refused.len())
    }
}
