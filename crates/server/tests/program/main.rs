//! The built program as people run it: started, killed, started again, backed up, restored.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests")]

#[cfg(test)]
mod canaries;
mod server;
#[cfg(test)]
#[path = "../shared/walk.rs"]
mod walk;

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};
use server::{PROGRAM, Server, eventually};

fn container(server: &Server) -> String {
    let body = json!({
        "providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "192.168.248.0/21",
    });
    let answer = server.ok("POST", &format!("{}/containers", server.group()), Some(&body));
    answer["id"].as_str().unwrap().to_owned()
}

fn peering(server: &Server, container: &str, number: usize) -> String {
    let body = json!({
        "providerName": "AWS", "containerId": container, "accepterRegionName": "us-east-1",
        "awsAccountId": "123456789012", "vpcId": format!("vpc-{number:017x}"),
        "routeTableCidrBlock": format!("10.{number}.0.0/16"),
    });
    let answer = server.ok("POST", &format!("{}/peers", server.group()), Some(&body));
    answer["id"].as_str().unwrap().to_owned()
}

fn statuses(server: &Server) -> Vec<(String, String)> {
    let list = server.ok("GET", &format!("{}/peers", server.group()), None);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let results = list["results"].as_array().unwrap().clone();
    results.iter().map(|peer| (text(&peer["id"]), text(&peer["statusName"]))).collect()
}

#[test]
fn credentials_are_written_for_their_owner_only() {
    let server = Server::start(&["--pace", "instant"]);
    let mode = std::fs::metadata(server.credentials_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for name in
        ["baseUrl", "orgId", "projectId", "publicKey", "privateKey", "clientId", "clientSecret"]
    {
        assert!(server.credential(name).len() > 3, "{name}");
    }
}

#[test]
fn a_killed_process_goes_on_where_it_stood() {
    let home = tempfile::tempdir().unwrap();
    let keep = ["--pace", "fast", "--customer", "manual", "--data-dir"];
    let arguments = [&keep[..], &[home.path().to_str().unwrap()]].concat();
    let server = Server::start(&arguments);
    let group = server.group();
    let container = container(&server);
    let made: Vec<String> = (1..=10).map(|number| peering(&server, &container, number)).collect();
    server.kill();

    let server = Server::start(&arguments);
    assert_eq!(server.group(), group, "the same credentials are shown again");
    eventually("every peering waits for its customer", || {
        statuses(&server).iter().all(|(_, status)| status == "PENDING_ACCEPTANCE")
    });
    let kept: Vec<String> = statuses(&server).into_iter().map(|(id, _)| id).collect();
    assert_eq!(kept, made);
    server.ok("DELETE", &format!("{group}/peers/{}", made[0]), None);
    server.kill();

    let server = Server::start(&arguments);
    eventually("the deletion went on", || statuses(&server).len() == 9);
}

#[test]
fn a_backup_of_a_running_service_restores_elsewhere() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let keep = ["--pace", "instant", "--customer", "manual", "--data-dir"];
    let server = Server::start(&[&keep[..], &[data.to_str().unwrap()]].concat());
    let container = container(&server);
    for number in 1..=5 {
        peering(&server, &container, number);
    }
    eventually("every peering waits for its customer", || {
        statuses(&server).iter().all(|(_, status)| status == "PENDING_ACCEPTANCE")
    });
    let before = statuses(&server);
    let backup = home.path().join("backup.db");
    let url = format!("sqlite://{}/peerage.db", data.display());
    run(&["backup", "--store", &url, backup.to_str().unwrap()]);
    drop(server);

    let elsewhere = home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    for file in ["master.key", "credentials.json"] {
        std::fs::copy(data.join(file), elsewhere.join(file)).unwrap();
    }
    let url = format!("sqlite://{}/peerage.db", elsewhere.display());
    run(&["restore", "--store", &url, backup.to_str().unwrap()]);
    let server = Server::start(&[&keep[..], &[elsewhere.to_str().unwrap()]].concat());
    assert_eq!(statuses(&server), before);
}

/// Runs `peerage audit` on a store; what it printed and whether it ended well.
fn audit(command: &[&str], store: &std::path::Path, key: &std::path::Path) -> (String, bool) {
    let mut program = Command::new(PROGRAM);
    program.arg("audit").args(command).args(["--store", &format!("sqlite://{}", store.display())]);
    let output = program.args(["--key-file", key.to_str().unwrap()]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.success())
}

#[test]
fn the_trail_of_a_backup_is_proved_and_a_change_of_it_found() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = Server::start(&["--pace", "instant", "--data-dir", data.to_str().unwrap()]);
    let container = container(&server);
    for number in 1..=5 {
        peering(&server, &container, number);
    }
    let (backup, key) = (home.path().join("backup.db"), data.join("master.key"));
    let url = format!("sqlite://{}/peerage.db", data.display());
    run(&["backup", "--store", &url, backup.to_str().unwrap()]);
    drop(server);

    let (said, fits) = audit(&["verify"], &backup, &key);
    assert!(fits && said.contains("events in 2 trails fit"), "{said}");
    let (said, _) = audit(&["export"], &backup, &key);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|it| it["event"]["kind"] == "PEER_CREATED").count(), 5);
    let (said, _) = audit(&["verify", "--json"], &backup, &key);
    let report = home.path().join("report.json");
    std::fs::write(&report, said).unwrap();

    let restored = home.path().join("restored.db");
    let said = restore(&restored, &backup, &key);
    assert!(said.contains("audit: 1 trails tell of this restore"), "{said}");
    let (digest, last) = (said.lines().last().unwrap().to_owned(), report.to_str().unwrap());
    let (said, fits) = audit(&["verify", "--since", last], &restored, &key);
    assert!(fits && said.contains("events in 2 trails fit"), "{said}");
    let (said, _) = audit(&["export"], &restored, &key);
    let lines = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_org = lines.filter(|line| line["trail"].as_str().unwrap().starts_with("org-event/"));
    let last = of_org.max_by_key(|line| line["number"].as_u64()).unwrap();
    let event = &last["event"];
    assert_eq!(event["kind"], "PEERAGE_RESTORED", "{event}");
    assert!(digest.ends_with(event["details"]["sha256"].as_str().unwrap()), "{digest} {event}");

    tamper(&backup);
    let (said, fits) = audit(&["verify"], &backup, &key);
    assert!(!fits && said.contains("last 1 events are missing"), "{said}");
    let (said, fits) = audit(&["verify", "--since", report.to_str().unwrap()], &backup, &key);
    assert!(!fits && said.contains("does not go on"), "{said}");
    let other = home.path().join("other.key");
    std::fs::write(&other, "ab".repeat(32) + "\n").unwrap();
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600)).unwrap();
    let (said, fits) = audit(&["verify"], &backup, &other);
    assert!(!fits && said.contains("was changed"), "{said}");
}

/// A trail that another key chains would look as if the event had been made up.
#[test]
fn a_restore_writes_no_event_with_a_key_that_is_not_the_backups() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = Server::start(&["--pace", "instant", "--data-dir", data.to_str().unwrap()]);
    let (backup, key) = (home.path().join("backup.db"), data.join("master.key"));
    let url = format!("sqlite://{}/peerage.db", data.display());
    run(&["backup", "--store", &url, backup.to_str().unwrap()]);
    drop(server);
    let other = home.path().join("other.key");
    std::fs::write(&other, "ab".repeat(32) + "\n").unwrap();
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o600)).unwrap();
    let restored = home.path().join("restored.db");
    let said = restore(&restored, &backup, &other);
    assert!(said.contains("audit: 0 trails tell of this restore; 1 do not"), "{said}");
    let (said, fits) = audit(&["verify"], &restored, &key);
    assert!(fits, "{said}");

    let restored = home.path().join("keyless.db");
    let absent = home.path().join("absent.key");
    let said = restore(&restored, &backup, &absent);
    assert!(said.contains("no key file here"), "{said}");
    assert!(!absent.exists());
}

/// Restores a backup; what was printed.
fn restore(store: &std::path::Path, backup: &std::path::Path, key: &std::path::Path) -> String {
    let url = format!("sqlite://{}", store.display());
    let mut program = Command::new(PROGRAM);
    program.args(["restore", "--store", &url, "--key-file", key.to_str().unwrap()]).arg(backup);
    let output = program.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// Takes the youngest event of the project away.
fn tamper(store: &std::path::Path) {
    use peerage_store::{Entry, ListRequest, Txn, Write, keys};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = peerage_store::open(&format!("sqlite://{}", store.display())).unwrap();
        let below = ListRequest::prefix(keys::all_trails()[0].clone());
        let events = store.list(below).await.unwrap().entries;
        // Not the last by its id: of one moment, the ids say nothing of the order.
        let number = |entry: &&Entry| {
            let kept: Value = serde_json::from_slice(entry.value.as_bytes()).unwrap();
            kept["link"]["number"].as_u64().unwrap()
        };
        let youngest = events.iter().max_by_key(number).unwrap().key.clone();
        store.commit(Txn::of(vec![Write::delete(youngest)])).await.unwrap();
        store.close().await;
    });
}

#[test]
fn one_seed_makes_the_same_ids_and_secrets() {
    let names = ["orgId", "projectId", "publicKey", "privateKey", "clientId", "clientSecret"];
    let made = || {
        let server = Server::start(&["--seed", "7"]);
        names.map(|name| server.credential(name))
    };
    assert_eq!(made(), made());
}

#[test]
fn an_expired_request_is_a_jump_of_the_clock_away() {
    let server = Server::start(&["--pace", "instant", "--customer", "ignore"]);
    let container = container(&server);
    peering(&server, &container, 1);
    eventually("it waits", || statuses(&server)[0].1 == "PENDING_ACCEPTANCE");
    server.ok("POST", "/api/peerage/v1/clock", Some(&json!({"advance": "167h"})));
    assert_eq!(statuses(&server)[0].1, "PENDING_ACCEPTANCE");
    server.ok("POST", "/api/peerage/v1/clock", Some(&json!({"nextEvent": true})));
    eventually("it expired", || statuses(&server)[0].1 == "FAILED");
    let list = server.ok("GET", &format!("{}/peers", server.group()), None);
    assert_eq!(list["results"][0]["errorStateName"], "EXPIRED");
}

#[test]
fn commands_that_cannot_be_done_say_why() {
    let output = Command::new(PROGRAM).args(["serve", "--config", "/nonexistent.toml"]).output();
    let output = output.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("/nonexistent.toml"), "{said}");
    for command in ["dev", "serve", "init", "backup", "restore", "check", "audit"] {
        let output = Command::new(PROGRAM).args([command, "--help"]).output().unwrap();
        assert!(output.status.success(), "{command}");
    }
}

fn run(arguments: &[&str]) {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
}
