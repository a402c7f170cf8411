//! Tokens that are none, or are none any more.

use super::from;
use crate::support::World;

#[tokio::test]
async fn what_is_nearly_a_token_opens_nothing() {
    let world = World::new().await;
    let target = world.in_group("/peers");
    let id = world.installed.client_id.clone();
    let secret = world.installed.client_secret.clone();
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let made = world.anonymous().form("/api/oauth/token", &form).await.ok(200);
    let token = made["access_token"].as_str().unwrap();
    let stored = peerage::authn::Token::new(token.to_owned()).hash();
    let last = if token.ends_with('a') { "b" } else { "a" };
    let wrong = [
        String::new(),
        token[..token.len() - 1].to_owned(),
        token[1..].to_owned(),
        token[..token.len() / 2].to_owned(),
        format!("{}{last}", &token[..token.len() - 1]),
        format!("{token}A"),
        format!("{token}="),
        format!("{token} {token}"),
        token.to_uppercase(),
        hex::encode(stored.as_bytes()),
        secret,
        id,
        format!("{token}\t,"),
    ];
    for (number, wrong) in wrong.iter().enumerate() {
        // Each from elsewhere, so that none is refused only because of the others.
        let address = format!("192.0.2.{number}");
        let answer = from(&world, &address, &format!("Bearer {wrong}"), &target).await;
        answer.refused(401, "UNEXPECTED_ERROR");
    }
    from(&world, "192.0.2.1", &format!("Bearer {token}"), &target).await.ok(200);
    from(&world, "192.0.2.1", &format!("bearer {token}"), &target).await.ok(200);
}
