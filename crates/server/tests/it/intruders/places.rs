//! The addresses from which a credential may be used.

use std::net::IpAddr;

use peerage_store::Revision;
use serde_json::json;

use super::{from, signed};
use crate::support::World;

#[tokio::test]
async fn a_key_opens_from_its_addresses_only() {
    let world = World::new().await;
    let owner = world.owner().await;
    let body = json!({ "desc": "a key", "roles": ["ORG_OWNER"] });
    let made = owner.post(&world.in_org("/apiKeys"), &body).await.ok(200);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (public, private) = (text("publicKey"), text("privateKey"));
    let blocks = json!([
        { "cidrBlock": "198.51.100.0/24" }, { "ipAddress": "203.0.113.9" },
        { "cidrBlock": "2001:db8::/48" }, { "ipAddress": "2001:db9::1" },
    ]);
    let list = world.in_org(&format!("/apiKeys/{}/accessList", text("id")));
    owner.post(&list, &blocks).await.ok(200);
    for (address, is_allowed) in [
        ("198.51.100.0", true),
        ("198.51.100.255", true),
        ("198.51.99.255", false),
        ("198.51.101.0", false),
        ("203.0.113.9", true),
        ("203.0.113.10", false),
        ("::ffff:203.0.113.9", true),
        ("::ffff:198.51.100.7", true),
        ("::ffff:203.0.113.10", false),
        // The obsolete form with the same digits is another address.
        ("::203.0.113.9", false),
        ("2001:db8::", true),
        ("2001:db8:0:ffff:ffff:ffff:ffff:ffff", true),
        ("2001:db8:1::", false),
        ("2001:db9::1", true),
        ("2001:db9::2", false),
        ("::1", false),
    ] {
        let before: Revision = world.store.revision().await.unwrap();
        let header = signed(&world, (&public, &private), &list).await;
        let answer = from(&world, address, &header, &list).await;
        if is_allowed {
            answer.ok(200);
        } else {
            let body = answer.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST");
            let shown: IpAddr = body["parameters"][0].as_str().unwrap().parse().unwrap();
            assert_eq!(shown.to_canonical(), address.parse::<IpAddr>().unwrap().to_canonical());
        }
        assert_eq!(world.store.revision().await.unwrap(), before, "{address}");
    }
}
