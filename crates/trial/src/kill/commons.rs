//! Peerings that several clients work on at once. What they are told is one history for each
//! peering, which goes on through every death and has to be explained by one order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use hyper::Method;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore as _;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::{Auth, Client};
use crate::crowd::linear::{Judged, linearizable};
use crate::crowd::{Crowd, Habits, Project};

const PROJECTS: usize = 2;
const CLIENTS: usize = 8;
/// Few peerings, so that several clients often work on the same one.
const HABITS: Habits = Habits { pace: Duration::from_millis(2), youngest: 4 };

/// The peerings, and who works on them.
pub(crate) struct Commons {
    crowd: Arc<Crowd>,
    clients: usize,
}

/// Clients at work.
pub(crate) struct Shift {
    stop: watch::Sender<bool>,
    clients: Vec<JoinHandle<()>>,
}

impl Commons {
    /// Projects for them, in an organization.
    pub(crate) async fn new(client: &mut Client, org: &str) -> anyhow::Result<Self> {
        let mut projects = Vec::new();
        for number in 1..=PROJECTS {
            let body = json!({ "name": format!("Common {number}"), "orgId": org });
            let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
            let id = made["id"].as_str().context("a project without an id")?;
            projects.push(Project::new(client, format!("/api/atlas/v2/groups/{id}")).await?);
        }
        Ok(Self { crowd: Crowd::new(projects, HABITS), clients: CLIENTS })
    }

    /// The same, where nobody works.
    pub(crate) fn deserted(self) -> Self {
        Self { clients: 0, ..self }
    }

    /// Lets all clients work on a service.
    pub(crate) fn begin(&self, address: SocketAddr, auth: &Auth, random: &mut ChaCha8Rng) -> Shift {
        let (stop, stopped) = watch::channel(false);
        let client = |number| {
            let (crowd, auth, stopped) = (self.crowd.clone(), auth.clone(), stopped.clone());
            let seed = random.next_u64();
            tokio::spawn(crowd.run(number, seed, vec![address], auth, stopped))
        };
        Shift { stop, clients: (0..self.clients).map(client).collect() }
    }

    /// Looks at every peering.
    pub(crate) async fn look(&self, client: &mut Client) -> anyhow::Result<()> {
        for project in &self.crowd.projects {
            ensure!(self.crowd.list(client, project).await, "{} is not listed", project.path);
        }
        Ok(())
    }

    /// Waits until every peering is available; their ids.
    pub(crate) async fn settled(
        &self,
        client: &mut Client,
        bound: Duration,
    ) -> anyhow::Result<Vec<String>> {
        let mut ids = Vec::new();
        for project in &self.crowd.projects {
            let peers = self.crowd.settled(client, project, bound).await?;
            ids.extend(peers.iter().filter_map(|peer| Some(peer["id"].as_str()?.to_owned())));
        }
        Ok(ids)
    }

    /// Judges what all clients were told so far.
    pub(crate) fn judge(&self) -> anyhow::Result<Judged> {
        linearizable(&self.crowd)
    }
}

impl Shift {
    /// Sends everybody home.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        for client in self.clients {
            client.await?;
        }
        Ok(())
    }
}
