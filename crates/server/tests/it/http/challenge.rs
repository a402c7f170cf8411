//! Who calls: the challenge, HTTP Digest, tokens.

use ::http::Method;
use axum::body::Body;
use peerage::app::install::Installed;
use peerage::config::Limits;
use serde_json::json;

use crate::support::{self, Client, World, operations};

async fn world() -> World {
    World::with(&Limits::generous(), operations()).await
}

fn digest(world: &World, challenge: &str, method: &Method, target: &str, nc: &str) -> String {
    let Installed { public_key, private_key, .. } = &world.installed;
    support::digest::answer((public_key, private_key), challenge, method, target, nc)
}

async fn signed(world: &World, method: Method, target: &str, authorization: &str) -> u16 {
    let client = world.anonymous();
    let request = client.request(method, target).header("authorization", authorization);
    client.send(request, Body::empty()).await.status.as_u16()
}

#[tokio::test]
async fn who_proved_nothing_is_challenged_as_recorded() {
    let world = world().await;
    let anonymous = world.anonymous();
    for target in ["/api/atlas/v2/test", "/api/atlas/v2/test/%ff?envelope=x"] {
        let answer = anonymous.post(target, &json!({})).await;
        let expected = if target.ends_with('x') { 405 } else { 401 };
        assert_eq!(answer.status.as_u16(), expected);
    }
    let answer = anonymous.get("/api/atlas/v2/test").await;
    let body = answer.refused(401, "UNEXPECTED_ERROR");
    assert_eq!(body["detail"], "You are not authorized for this resource.");
    let challenge = answer.header("www-authenticate");
    let expected = "Digest realm=\"MMS Public API\", domain=\"\", nonce=\"";
    assert!(challenge.starts_with(expected), "{challenge}");
    assert!(challenge.ends_with("\", algorithm=MD5, qop=\"auth\", stale=false"), "{challenge}");
    assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 1);
}

#[tokio::test]
async fn digest_signs_method_and_target_as_sent() {
    let world = world().await;
    let challenge = world.anonymous().get("/api/atlas/v2/test/x").await;
    let challenge = challenge.header("www-authenticate");
    for (number, (method, target)) in [
        (Method::GET, "/api/atlas/v2/test/x?b=%41&a="),
        (Method::HEAD, "/api/atlas/v2/test/x"),
        (Method::GET, "/api/atlas/v2/test/x/"),
        (Method::POST, "/api/atlas/v2/test/x%3Amove"),
    ]
    .into_iter()
    .enumerate()
    {
        let nc = format!("{:08x}", number + 1);
        let answer = digest(&world, challenge, &method, target, &nc);
        assert_eq!(signed(&world, method.clone(), target, &answer).await, 200, "{target}");
        assert_eq!(signed(&world, method, target, &answer).await, 401, "replayed {target}");
    }
    let answer = digest(&world, challenge, &Method::GET, "/api/atlas/v2/test/y", "000000ff");
    assert_eq!(signed(&world, Method::GET, "/api/atlas/v2/test/x", &answer).await, 401);
}

#[tokio::test]
async fn a_token_is_issued_used_and_revoked() {
    let world = World::new().await;
    let anonymous = world.anonymous();
    let form = |target: &'static str, body: String| {
        let request = anonymous.request(Method::POST, target);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        anonymous.send(request, body)
    };
    let (id, secret) = (&world.installed.client_id, &world.installed.client_secret);
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let answer = form("/api/oauth/token?envelope=true", body).await;
    let token = answer.ok(200)["access_token"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    let bearer = Client::new(world.router.clone(), Some(format!("Bearer {token}")));
    let target = format!("/api/atlas/v2/groups/{}/peers", world.group());
    bearer.get(&target).await.ok(200);
    form("/api/oauth/revoke", format!("token={token}")).await.ok(200);
    bearer.get(&target).await.refused(401, "UNEXPECTED_ERROR");
}

#[tokio::test]
async fn roles_decide_what_a_caller_may() {
    let world = World::new().await;
    let target = format!("/api/atlas/v2/groups/{}/containers", world.group());
    let container = json!({
        "providerName": "AWS", "regionName": "US_EAST_1", "atlasCidrBlock": "10.8.0.0/21",
    });
    let viewer = world.viewer().await;
    viewer.get(&target).await.ok(200);
    let body = viewer.post(&target, &container).await.refused(403, "USER_UNAUTHORIZED");
    assert_eq!(body["detail"], "The current user is not authorized to perform this action.");
    let stranger = world.stranger().await;
    for answer in [stranger.get(&target).await, stranger.post(&target, &container).await] {
        answer.refused(404, "GROUP_NOT_FOUND");
    }
    world.owner().await.post(&target, &container).await.ok(200);
    let malformed = "/api/atlas/v2/groups/xyz/containers";
    stranger.get(malformed).await.refused(400, "PATH_PARAM_PARSE_ERROR");
}
