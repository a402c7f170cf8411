//! TLS and users: who we talk to is known, who we are is asked, and what is wrong is said.

use std::fs;
use std::path::{Path, PathBuf};

use etcd_client::Client;
use peerage_store::etcd::{EtcdOptions, EtcdStore, EtcdTls, EtcdUser};
use peerage_store::{Key, OpenError, Store, StoreError, Txn, Write};

use super::server::Server;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

fn tls(ca: &str, identity: Option<&str>) -> EtcdTls {
    let pair = |name: &str| (file(&format!("{name}.pem")), file(&format!("{name}-key.pem")));
    EtcdTls { ca_file: file(ca), identity: identity.map(pair) }
}

fn options(server: &Server) -> EtcdOptions {
    EtcdOptions::new(vec![server.address()])
}

async fn works(options: &EtcdOptions) -> Result<(), StoreError> {
    let store = EtcdStore::open(options).expect("a store");
    store.commit(Txn::of(vec![Write::put("a", "1")])).await?;
    store.get(&Key::from("a")).await.map(drop)
}

#[tokio::test]
async fn members_are_known_by_their_authority_and_know_us_by_our_certificate() {
    let flag = |name: &str, value: &str| format!("--{name}={}", file(value).display());
    let flags = [
        flag("cert-file", "member.pem"),
        flag("key-file", "member-key.pem"),
        flag("trusted-ca-file", "ca.pem"),
        "--client-cert-auth".to_owned(),
    ];
    let mut server = Server::spawn(&flags.each_ref().map(String::as_str));
    let ours = EtcdOptions { tls: Some(tls("ca.pem", Some("client"))), ..options(&server) };
    assert!(server.serves(&EtcdStore::open(&ours).unwrap()).await, "etcd did not start");
    works(&ours).await.unwrap();

    let stranger =
        EtcdOptions { tls: Some(tls("other-ca.pem", Some("client"))), ..options(&server) };
    let error = works(&stranger).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");

    let nameless = EtcdOptions { tls: Some(tls("ca.pem", None)), ..options(&server) };
    works(&nameless).await.unwrap_err();
    works(&options(&server)).await.unwrap_err();
}

#[tokio::test]
async fn users_say_who_they_are_and_go_on_when_the_cluster_forgot() {
    let mut server = Server::start().await;
    let mut admin = Client::connect([server.address()], None).await.unwrap();
    admin.user_add("root", "root's word", None).await.unwrap();
    admin.user_grant_role("root", "root").await.unwrap();
    admin.auth_enable().await.unwrap();

    let directory = tempfile::tempdir().unwrap();
    let user = |name: &str, password: &str| {
        let password_file = directory.path().join(name);
        fs::write(&password_file, format!("{password}\n")).unwrap();
        Some(EtcdUser { name: name.to_owned(), password_file })
    };
    let ours = EtcdOptions { user: user("root", "root's word"), ..options(&server) };
    let store = EtcdStore::open(&ours).unwrap();
    store.commit(Txn::of(vec![Write::put("a", "1")])).await.unwrap();

    // A member that starts again has forgotten every token.
    server.restart();
    assert!(server.serves(&store).await);
    store.commit(Txn::of(vec![Write::put("a", "2")])).await.unwrap();

    let wrong = EtcdOptions { user: user("other", "canary"), ..options(&server) };
    let error = works(&wrong).await.unwrap_err();
    assert!(error.is_definite(), "{error}");
    let error = error.to_string();
    assert!(error.contains("authentication failed") && !error.contains("canary"), "{error}");
    let error = works(&options(&server)).await.unwrap_err().to_string();
    assert!(error.contains("refuses us"), "{error}");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let missing = EtcdTls { ca_file: PathBuf::from("/nowhere/ca.pem"), identity: None };
    let options =
        EtcdOptions { tls: Some(missing), ..EtcdOptions::new(vec!["localhost:1".to_owned()]) };
    let error = EtcdStore::open(&options).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }));
    assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
}
