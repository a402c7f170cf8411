//! Two services over one etcd: each serves what the other one made, and one that was paused for
//! longer than its lease wakes up and cannot act.

use std::fs;
use std::path::Path;
use std::time::Duration;

use hyper::Method;
use peerage_trial::client::{Auth, Client};
use peerage_trial::etcd::Etcd;
use peerage_trial::program::{Credentials, Home, Server};
use peerage_trial::wait::{Seen, until};
use serde_json::json;

const PROGRAM: &str = env!("CARGO_BIN_EXE_peerage-under-fire");

/// Enough that each of two replicas owns the shard of some.
const PROJECTS: usize = 12;

/// How long anything may take that waits for a lease to end.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long the lease lasts, and a pause that outlasts it. `PEERAGE_TRIAL_PAUSE` makes it longer.
const LEASE: &str = "2s";
const PAUSE: Duration = Duration::from_secs(5);

fn home(etcd: &Etcd, directory: &Path, name: &str) -> Home {
    let directory = directory.join(name);
    fs::create_dir(&directory).expect("a directory");
    let settings = format!(
        "store = \"{}\"\nreplica.lease = \"{LEASE}\"\n[clouds.emulated]\npace = \"instant\"\n\
         control = true\n[limits]\nrequests_per_minute = 100000\nburst = 100000\n",
        etcd.url()
    );
    Home::new(Path::new(PROGRAM), &directory, &settings).expect("a home")
}

struct World {
    etcd: Etcd,
    homes: [Home; 2],
    servers: [Server; 2],
    credentials: Credentials,
    org: String,
}

impl World {
    async fn start(directory: &Path) -> Self {
        let etcd = Etcd::start(&directory.join("etcd")).await.expect("etcd");
        let homes = [home(&etcd, directory, "a"), home(&etcd, directory, "b")];
        let credentials = homes[0].init().await.expect("an installation");
        let key = |home: &Home| home.directory().join("master.key");
        fs::copy(key(&homes[0]), key(&homes[1])).expect("the key file");
        let servers = [
            homes[0].start().await.expect("the first service"),
            homes[1].start().await.expect("the second service"),
        ];
        let org = credentials.get("orgId").expect("an organization").to_owned();
        Self { etcd, homes, servers, credentials, org }
    }

    async fn client(&self, server: usize) -> Client {
        let address = self.servers[server].address;
        Client::new(address, self.credentials.bearer(address).await.expect("a token"))
    }

    /// Waits until both own half of the shards.
    async fn settles(&self) {
        until("both own half of the shards", PATIENCE, async || {
            let mut counts = Vec::new();
            for server in &self.servers {
                let mut client = Client::new(server.address, Auth::Nobody);
                let text = client.send(&Method::GET, "/metrics", None).await?.text();
                counts.extend(
                    text.lines()
                        .find_map(|it| it.strip_prefix("peerage_driver_shards "))
                        .map(str::to_owned),
                );
            }
            Ok(if counts == ["8", "8"] { Seen::Holds(()) } else { Seen::NotYet(counts.join(" ")) })
        })
        .await
        .expect("a fair share");
    }
}

async fn project(client: &mut Client, org: &str, number: usize) -> String {
    let body = json!({ "name": format!("p{number}"), "orgId": org });
    let made = client.ok(&Method::POST, "/api/atlas/v2/groups", Some(&body)).await;
    made.expect("a project")["id"].as_str().expect("an id").to_owned()
}

/// Asks for a peering; its path.
async fn peering(client: &mut Client, group: &str, number: usize) -> String {
    let base = format!("/api/atlas/v2/groups/{group}");
    let container = json!({
        "providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "10.8.0.0/21",
    });
    let container = client.ok(&Method::POST, &format!("{base}/containers"), Some(&container)).await;
    let container = match container {
        Ok(made) => made["id"].clone(),
        Err(_) => {
            let path = format!("{base}/containers?providerName=AWS");
            let listed = client.ok(&Method::GET, &path, None).await.expect("containers");
            listed["results"][0]["id"].clone()
        }
    };
    let body = json!({
        "providerName": "AWS", "containerId": container, "accepterRegionName": "us-east-1",
        "awsAccountId": "123456789012", "vpcId": format!("vpc-{number:017x}"),
        "routeTableCidrBlock": format!("172.{}.0.0/16", 16 + number),
    });
    let made = client.ok(&Method::POST, &format!("{base}/peers"), Some(&body)).await;
    format!("{base}/peers/{}", made.expect("a peering")["id"].as_str().expect("an id"))
}

async fn available(client: &mut Client, path: &str) {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        let shown = client.ok(&Method::GET, path, None).await.expect("a peering");
        if shown["statusName"] == "AVAILABLE" {
            return;
        }
        assert!(std::time::Instant::now() < end, "{path}: {shown}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn pause() -> Duration {
    let wanted = std::env::var("PEERAGE_TRIAL_PAUSE").ok().and_then(|text| text.parse().ok());
    wanted.map_or(PAUSE, Duration::from_secs)
}

#[tokio::test]
async fn a_service_that_was_paused_for_longer_than_its_lease_cannot_act() {
    let directory = tempfile::tempdir().expect("a directory");
    let world = World::start(directory.path()).await;
    world.settles().await;
    let (mut first, mut second) = (world.client(0).await, world.client(1).await);
    let mut groups = Vec::new();
    for number in 0..PROJECTS {
        groups.push(project(&mut first, &world.org, number).await);
    }
    let mut paths = Vec::new();
    for group in &groups {
        let path = peering(&mut first, group, 0).await;
        available(&mut second, &path).await;
        paths.push(path);
    }
    // The first one is paused in the middle of its work.
    for group in &groups {
        paths.push(peering(&mut first, group, 1).await);
    }
    world.servers[0].pause().expect("a pause");
    let paused = std::time::Instant::now();
    for group in &groups {
        paths.push(peering(&mut second, group, 2).await);
    }
    for path in &paths {
        available(&mut second, path).await;
    }
    // Half of them go while their former owner sleeps.
    let (gone, left) = paths.split_at(PROJECTS + PROJECTS / 2);
    for path in gone {
        second.ok(&Method::DELETE, path, None).await.expect("a deletion");
    }
    tokio::time::sleep(pause().saturating_sub(paused.elapsed())).await;
    world.servers[0].resume().expect("an end of the pause");

    world.settles().await;
    let log = fs::read_to_string(world.homes[0].log()).expect("a log");
    assert!(log.contains("replica.deposed"), "it never noticed:\n{log}");
    let links = async || world.etcd.keys("peerage/emulated/link/").await.expect("keys").len();
    until("the clouds hold what is left and nothing else", PATIENCE, async || {
        let found = links().await;
        Ok(if found == left.len() { Seen::Holds(()) } else { Seen::NotYet(found.to_string()) })
    })
    .await
    .expect("clouds without ghosts");
    for path in left {
        available(&mut first, path).await;
    }
    for server in world.servers {
        server.stop().await.expect("an end");
    }
}

#[tokio::test]
async fn a_killed_service_is_succeeded_and_digest_nonces_work_everywhere() {
    let directory = tempfile::tempdir().expect("a directory");
    let world = World::start(directory.path()).await;
    world.settles().await;
    // One exchange begun with the first service goes on with the second: its nonce is theirs both.
    let (one, other) = (world.servers[0].address, world.servers[1].address);
    let mut digest = Client::new(one, world.credentials.digest().expect("a key"));
    let group = project(&mut digest, &world.org, 0).await;
    let mut moved = digest.to(other);
    let made = peering(&mut moved, &group, 0).await;
    assert_eq!(moved.challenges(), 1, "the second service asked anew");
    // So is an access token.
    let token = world.credentials.bearer(one).await.expect("a token");
    available(&mut Client::new(other, token), &made).await;

    let World { servers: [first, second], credentials, .. } = world;
    first.kill().await.expect("a kill");
    let token = credentials.bearer(second.address).await.expect("a token");
    let mut client = Client::new(second.address, token);
    for number in 1..5 {
        let path = peering(&mut client, &group, number).await;
        available(&mut client, &path).await;
    }
    second.stop().await.expect("an end");
}
