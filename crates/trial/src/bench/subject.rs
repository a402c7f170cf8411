//! The service that is measured: a new installation with projects and containers to work in.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use hyper::Method;
use serde_json::json;
use tempfile::TempDir;

use super::generator::{Script, request};
use crate::client::{Auth, Client};
use crate::digest::Exchange;
use crate::program::{Home, Server, UNLIMITED};

/// Peerings that a project gets: fewer than may wait for something at one time.
pub(crate) const PEERINGS_EACH: usize = 24;
/// Clients that make the projects.
const MAKERS: usize = 8;

const ATLAS: &str = "application/vnd.atlas.2023-01-01+json";

/// A project and its container.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    /// The project's id.
    pub(crate) id: String,
    /// The container's.
    pub(crate) container: String,
}

/// A running installation.
pub(crate) struct Subject {
    /// The running service.
    pub(crate) server: Server,
    /// Its home.
    pub(crate) home: Home,
    /// Where one may work.
    pub(crate) projects: Arc<Vec<Project>>,
    token: Arc<str>,
    key: (Arc<str>, Arc<str>),
    /// Held for its end.
    _directory: TempDir,
}

/// Some of the projects of an installation, and what opens them.
pub(crate) struct Work {
    /// The projects.
    pub(crate) projects: Arc<Vec<Project>>,
    address: SocketAddr,
    token: Arc<str>,
    key: (Arc<str>, Arc<str>),
}

/// How the requests of a load prove who sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// With an access token.
    Bearer,
    /// With an API key; one challenge for each connection.
    Digest,
}

impl Subject {
    /// Starts one with some projects; `settings` go on where the emulated clouds are configured.
    ///
    /// # Errors
    /// It does not start, or refuses.
    pub(crate) async fn start(
        program: &Path,
        scratch: &Path,
        settings: &str,
        projects: usize,
    ) -> anyhow::Result<Self> {
        let directory = TempDir::new_in(scratch)?;
        let home = Home::new(
            program,
            directory.path(),
            &format!("{UNLIMITED}[clouds.emulated]\n{settings}\n"),
        )?;
        Self::begin(home, directory, projects).await
    }

    /// The same over another store than a file.
    ///
    /// # Errors
    /// It does not start, or refuses.
    pub(crate) async fn over(
        program: &Path,
        scratch: &Path,
        store: &str,
        projects: usize,
    ) -> anyhow::Result<Self> {
        let directory = TempDir::new_in(scratch)?;
        let home =
            Home::new(program, directory.path(), &format!("store = \"{store}\"{UNLIMITED}"))?;
        Self::begin(home, directory, projects).await
    }

    async fn begin(home: Home, directory: TempDir, projects: usize) -> anyhow::Result<Self> {
        let credentials = home.init().await?;
        let server = home.start().await?;
        let auth = credentials.bearer(server.address).await?;
        let Auth::Bearer(token) = auth.clone() else { anyhow::bail!("no token") };
        let key = (credentials.get("publicKey")?.into(), credentials.get("privateKey")?.into());
        let org: Arc<str> = credentials.get("orgId")?.into();
        let makers = (0..MAKERS.min(projects)).map(|maker| {
            let (org, mut client) = (org.clone(), Client::new(server.address, auth.clone()));
            let numbers: Vec<usize> = (maker..projects).step_by(MAKERS).collect();
            tokio::spawn(async move {
                let mut made = Vec::new();
                for number in numbers {
                    made.push(project(&mut client, &org, number).await?);
                }
                anyhow::Ok(made)
            })
        });
        let makers: Vec<_> = makers.collect();
        let mut all = Vec::new();
        for maker in makers {
            all.extend(maker.await??);
        }
        Ok(Self { server, home, projects: Arc::new(all), token, key, _directory: directory })
    }

    /// So many of its projects, from one on.
    #[must_use]
    pub(crate) fn working_in(&self, first: usize, count: usize) -> Work {
        Work {
            projects: Arc::new(self.projects[first..first + count].to_vec()),
            address: self.server.address,
            token: self.token.clone(),
            key: self.key.clone(),
        }
    }

    /// All of its projects.
    #[must_use]
    pub(crate) fn work(&self) -> Work {
        self.working_in(0, self.projects.len())
    }

    /// Ends the service as a crash does, and starts it again.
    ///
    /// # Errors
    /// It does not start.
    pub(crate) async fn killed_and_started(self) -> anyhow::Result<Self> {
        self.server.kill().await?;
        let server = self.home.start().await?;
        Ok(Self { server, ..self })
    }

    /// Stops the service, does something with its store, and starts it again.
    ///
    /// # Errors
    /// Any of it failed.
    pub(crate) async fn while_stopped(
        self,
        work: impl AsyncFnOnce(&Path) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        self.server.stop().await?;
        work(&self.home.store()).await?;
        let server = self.home.start().await?;
        Ok(Self { server, ..self })
    }

    /// A client of its own.
    #[must_use]
    pub(crate) fn client(&self) -> Client {
        Client::new(self.server.address, Auth::Bearer(self.token.clone()))
    }

    /// A request for what a path names.
    #[must_use]
    pub(crate) fn get(&self, path: &str) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.token);
        request("GET", path, &[("accept", ATLAS), ("authorization", &bearer)], "")
    }
}

impl Work {
    /// Creates of so many peerings, the next of each connection in another project. Peerings are
    /// counted from `first` on.
    ///
    /// # Errors
    /// No challenge is given.
    pub(crate) async fn creates(
        &self,
        proof: Proof,
        connections: usize,
        first: usize,
        count: usize,
    ) -> anyhow::Result<Vec<Script>> {
        let mut scripts = Vec::new();
        for connection in 0..connections {
            let mut signer = self.signer(proof).await?;
            let projects = self.projects.clone();
            let mut numbers = (first + connection..first + count).step_by(connections);
            scripts.push(Box::new(move || {
                let number = numbers.next()?;
                let project = &projects[number % projects.len()];
                let path = format!("/api/atlas/v2/groups/{}/peers", project.id);
                let authorization = signer("POST", &path);
                let headers = [
                    ("accept", ATLAS),
                    ("content-type", "application/json"),
                    ("authorization", &authorization),
                ];
                let body = creation(&project.container, number, number / projects.len());
                Some(request("POST", &path, &headers, &body))
            }) as Script);
        }
        Ok(scripts)
    }

    async fn signer(
        &self,
        proof: Proof,
    ) -> anyhow::Result<Box<dyn FnMut(&str, &str) -> String + Send>> {
        let bearer = format!("Bearer {}", self.token);
        if proof == Proof::Bearer {
            return Ok(Box::new(move |_, _| bearer.clone()));
        }
        let mut client = Client::new(self.address, Auth::Nobody);
        let challenge = client.challenge("/api/atlas/v2").await?;
        let mut exchange = Exchange::read(&challenge).context("not a challenge of Digest")?;
        let (public, private) = self.key.clone();
        Ok(Box::new(move |method, path| exchange.answer(&public, &private, method, path)))
    }
}

/// The body of a create; in one container no two places overlap.
#[must_use]
pub(crate) fn creation(container: &str, number: usize, place: usize) -> String {
    let place = place % 8192;
    let block = format!("192.168.{}.{}/29", place / 32, place % 32 * 8);
    let body = json!({
        "accepterRegionName": "us-east-1", "awsAccountId": "123456789012",
        "containerId": container, "providerName": "AWS",
        "routeTableCidrBlock": block, "vpcId": format!("vpc-{number:017x}"),
    });
    body.to_string()
}

async fn project(client: &mut Client, org: &str, number: usize) -> anyhow::Result<Project> {
    let body = json!({ "name": format!("project {number}"), "orgId": org });
    let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await?;
    let id = made["id"].as_str().context("a project without an id")?.to_owned();
    let body = json!({ "atlasCidrBlock": "10.8.0.0/21", "providerName": "AWS", "regionName": "US_EAST_1" });
    let path = format!("/api/atlas/v2/groups/{id}/containers");
    let made = client.ok(&Method::POST, &path, Some(&body)).await?;
    let container = made["id"].as_str().context("a container without an id")?.to_owned();
    Ok(Project { id, container })
}
