//! Which version is served, and how an answer says so.

use crate::support::{Client, World, operations};
use peerage::config::Limits;

async fn owner() -> (World, Client) {
    let world = World::with(&Limits::generous(), operations()).await;
    let owner = world.owner().await;
    (world, owner)
}

#[tokio::test]
async fn an_answer_says_which_version_it_is() {
    let (_world, owner) = owner().await;
    for (accept, version) in [
        ("application/vnd.atlas.2023-01-01+json", "2023-01-01"),
        ("application/vnd.atlas.2024-01-01+json", "2023-01-01"),
        ("application/vnd.atlas.2025-03-12+json", "2024-08-05"),
        ("application/json", "2023-01-01"),
        ("*/*", "2023-01-01"),
        ("text/html, application/vnd.atlas.2024-08-05+json;q=0.4", "2024-08-05"),
    ] {
        let answer = owner.get_as("/api/atlas/v2/test/x", accept).await;
        assert_eq!(answer.ok(200)["version"], version, "{accept}");
        let expected = format!("application/vnd.atlas.{version}+json;charset=utf-8");
        assert_eq!(answer.header("content-type"), expected);
    }
}

#[tokio::test]
async fn what_is_not_served_is_406_in_json() {
    let (_world, owner) = owner().await;
    for accept in
        ["application/vnd.atlas.2022-01-01+json", "application/vnd.atlas.preview+json", "text/html"]
    {
        let answer = owner.get_as("/api/atlas/v2/test/x", accept).await;
        let body = answer.refused(406, "VERSION_UNSUPPORTED");
        assert_eq!(body["parameters"][0], accept);
    }
}
