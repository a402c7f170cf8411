//! Access tokens: asked for, used, revoked, over.

use ::http::Method;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use peerage_core::time::Timestamp;
use peerage_store::record::{Record, ServiceAccountRecord, TokenRecord, decode, encode};
use peerage_store::{Key, ListRequest, Txn, Write};

use crate::support::{Answer, Client, World};

const TOKEN: &str = "/api/oauth/token";

async fn with_basic(world: &World, id: &str, secret: &str) -> Answer {
    let client = world.anonymous();
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let request = client.request(Method::POST, TOKEN).header("authorization", basic);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    client.send(request, Body::from("grant_type=client_credentials")).await
}

async fn used(world: &World, token: &str) -> Answer {
    let bearer = Client::new(world.router.clone(), Some(format!("Bearer {token}")));
    bearer.get(&world.in_group("/peers")).await
}

#[tokio::test]
async fn a_client_proves_itself_in_the_header_or_in_the_form() {
    let world = World::new().await;
    let (id, secret) = (&world.installed.client_id, &world.installed.client_secret);
    let answer = with_basic(&world, id, secret).await;
    let body = answer.ok(200);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert_eq!(answer.header("cache-control"), "no-store");
    used(&world, body["access_token"].as_str().unwrap()).await.ok(200);
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    world.anonymous().form(TOKEN, &form).await.ok(200);
}

#[tokio::test]
async fn refusals_are_oauths_own() {
    let world = World::new().await;
    let anonymous = world.anonymous();
    let (id, secret) = (&world.installed.client_id, &world.installed.client_secret);
    let both = format!("client_id={id}&client_secret={secret}");
    for (form, status, code) in [
        (String::new(), 400, "invalid_request"),
        (format!("grant_type=password&{both}"), 400, "unsupported_grant_type"),
        ("grant_type=client_credentials".to_owned(), 401, "invalid_client"),
        (
            format!("grant_type=client_credentials&client_id={id}&client_secret=mdb_sa_sk_x"),
            401,
            "invalid_client",
        ),
    ] {
        let answer = anonymous.form(TOKEN, &form).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]),
            (status, &code.into()),
            "{form}"
        );
        assert_eq!(answer.header("www-authenticate").starts_with("Basic "), status == 401);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    // Whether an account exists cannot be told.
    let unknown = with_basic(&world, "mdb_sa_id_0123456789abcdef01234567", secret).await;
    let wrong = with_basic(&world, id, "mdb_sa_sk_wrong").await;
    assert_eq!((unknown.status, unknown.json()), (wrong.status, wrong.json()));
}

#[tokio::test]
async fn a_revoked_or_unknown_token_opens_nothing() {
    let world = World::new().await;
    let (id, secret) = (&world.installed.client_id, &world.installed.client_secret);
    let token = || async {
        let body = with_basic(&world, id, secret).await.ok(200);
        body["access_token"].as_str().unwrap().to_owned()
    };
    let (one, other) = (token().await, token().await);
    let form = format!("token={one}&token_type_hint=access_token");
    for _ in 0..2 {
        world.anonymous().form("/api/oauth/revoke", &form).await.ok(200);
    }
    used(&world, &one).await.refused(401, "UNEXPECTED_ERROR");
    used(&world, &other).await.ok(200);
    let nobody = "e".repeat(other.len());
    world.anonymous().form("/api/oauth/revoke", &format!("token={nobody}")).await.ok(200);
    used(&world, &nobody).await.refused(401, "UNEXPECTED_ERROR");
}

#[tokio::test]
async fn a_token_of_another_organization_opens_that_one_only() {
    let world = World::new().await;
    let stranger = world.stranger().await;
    stranger.get(&world.in_group("/peers")).await.refused(404, "GROUP_NOT_FOUND");
    stranger.get(&world.in_org("")).await.refused(404, "ORG_NOT_FOUND");
    stranger.get("/api/atlas/v2/orgs/abababababababababababab").await.ok(200);
    assert_eq!(stranger.get("/api/atlas/v2/groups").await.ok(200)["totalCount"], 0);
}

/// Changes every record below a key behind the service's back.
async fn tamper<R: Record>(world: &World, prefix: &str, edit: impl Fn(&mut R)) -> usize {
    let request = ListRequest { prefix: Key::from(prefix.to_owned()), ..ListRequest::default() };
    let entries = world.store.list(request).await.unwrap().entries;
    let write = |entry: &peerage_store::Entry| {
        let mut record: R = decode(entry.value.as_bytes()).unwrap();
        edit(&mut record);
        Write::put(entry.key.clone(), encode(&record).unwrap())
    };
    let writes: Vec<_> = entries.iter().map(write).collect();
    world.store.commit(Txn::of(writes)).await.unwrap();
    entries.len()
}

#[tokio::test]
async fn a_token_that_is_over_opens_nothing_and_is_cleared() {
    let world = World::new().await;
    let (id, secret) = (&world.installed.client_id, &world.installed.client_secret);
    let past = Timestamp::from_millis(1);
    let mut token = String::new();
    for _ in 0..3 {
        let body = with_basic(&world, id, secret).await.ok(200);
        token = body["access_token"].as_str().unwrap().to_owned();
    }
    used(&world, &token).await.ok(200);
    let over = |token: &mut TokenRecord| token.expires = past;
    assert_eq!(tamper(&world, "token/", over).await, 3);
    used(&world, &token).await.refused(401, "UNEXPECTED_ERROR");
    with_basic(&world, id, secret).await.ok(200);
    assert_eq!(tamper(&world, "token/", over).await, 1);
}

#[tokio::test]
async fn a_secret_that_is_over_gets_no_token() {
    let world = World::new().await;
    let (id, secret) = (&world.installed.client_id, &world.installed.client_secret);
    with_basic(&world, id, secret).await.ok(200);
    let over = |account: &mut ServiceAccountRecord| {
        account.secrets[0].expires = Timestamp::from_millis(1);
    };
    tamper(&world, "service-account/", over).await;
    assert_eq!(with_basic(&world, id, secret).await.status.as_u16(), 401);
}
