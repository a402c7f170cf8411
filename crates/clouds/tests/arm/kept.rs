//! What is kept of a world, and that nothing in a request can break it.

use std::time::Duration;

use bytes::Bytes;
use peerage_clouds::azure::{Arm, SERVICE_TENANT};
use peerage_clouds::{CloudApi, kept};
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerMode};
use serde_json::{Value, json};

use super::support::{
    CUSTOMER, SECRET, STEP, Story, Who, World, link, options, own_vnet, peering, states, toward,
    vnet,
};

#[test]
fn a_world_goes_on_where_it_was_kept() {
    let story = Story::new(CustomerMode::Accept);
    story.put_ours().refused(403, "LinkedAuthorizationFailed");
    story.world.pass(STEP);
    assert_eq!(story.put_ours().status, 201);
    let token = story.world.token(SERVICE_TENANT);
    let state = kept::state(&kept::objects(&story.world.arm.state())).unwrap();
    let world =
        World { arm: Arm::new(options(CustomerMode::Accept)), now: story.world.now.clone() };
    world.arm.restore(state.clone()).unwrap();
    assert_eq!(kept::objects(&world.arm.state()), kept::objects(&state));
    assert_eq!(world.arm.next_event(), story.world.arm.next_event());
    let story = Story { world, ..story };
    story.world.pass(STEP);
    let who = Who { token, along: String::new() };
    let seen = story.world.ask(&who, "GET", &story.ours, &Value::Null);
    assert_eq!(states(&seen), ["Initiated", "RemoteNotInSync", "Succeeded"]);
    assert_eq!(story.put_theirs().status, 201);
    story.world.pass(STEP);
    assert_eq!(story.see_ours()[0], "Connected");
}

#[test]
fn a_state_that_is_none_changes_nothing() {
    let world = World::connected();
    let (before, version) = (world.arm.state(), world.arm.version());
    for bad in [json!(7), json!({}), json!({ "format": 1, "networks": 7 }), json!({ "format": 99 })]
    {
        assert!(world.arm.restore(bad).is_err());
    }
    assert_eq!((world.arm.state(), world.arm.version()), (before, version));
}

#[test]
fn the_version_moves_with_every_change_and_with_nothing_else() {
    let world = World::of_two();
    let mut last = world.arm.version();
    let moved = |last: &mut u64| {
        let before = std::mem::replace(last, world.arm.version());
        *last > before
    };
    world.get(&vnet(CUSTOMER, "a"));
    world.get(&peering("a", "b"));
    world.delete(&peering("a", "b"));
    assert!(!moved(&mut last));
    world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    assert!(moved(&mut last));
    world.pass(STEP / 2);
    world.arm.pass(world.now.get());
    assert!(!moved(&mut last));
    world.pass(STEP);
    world.arm.pass(world.now.get());
    assert!(moved(&mut last));
    world.arm.restore(world.arm.state()).unwrap();
    assert!(moved(&mut last));
}

#[test]
fn the_same_calls_have_the_same_answers() {
    let run = |seed: u64| {
        let mut chosen = options(CustomerMode::Accept);
        chosen.seed = seed;
        let now = std::cell::Cell::new(Timestamp::from_millis(5));
        let world = World { arm: Arm::new(chosen), now };
        world.arm.add_vnet(CUSTOMER, "rg", "a", &["10.0.0.0/16"]);
        world.arm.add_vnet(CUSTOMER, "rg", "b", &["10.1.0.0/16"]);
        let answers = [world.peer("a", "b"), world.peer("b", "a"), world.get(&vnet(CUSTOMER, "a"))];
        format!("{answers:?}")
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn time_does_not_run_back() {
    let world = World::of_two();
    world.put(&peering("a", "b"), &toward(&vnet(CUSTOMER, "b")));
    world.arm.pass(world.now.get().after(STEP));
    assert_eq!(world.states("a", "b")[2], "Succeeded");
    world.arm.pass(Timestamp::ZERO);
    assert_eq!(world.states("a", "b")[2], "Succeeded");
}

#[test]
fn secrets_are_not_kept_in_clear_nor_shown() {
    let story = Story::new(CustomerMode::Manual);
    story.world.token(SERVICE_TENANT);
    assert!(!story.world.arm.state().to_string().contains(SECRET));
    assert_eq!(format!("{:?}", story.world.arm), "Arm");
}

#[test]
fn ended_operations_are_forgotten_at_last() {
    let world = World::of_two();
    let subnet = format!("{}/subnets/s", vnet(CUSTOMER, "a"));
    let body = json!({ "properties": { "addressPrefix": "10.0.0.0/24" } });
    for _ in 0..1100 {
        assert!(world.put(&subnet, &body).status < 300);
        world.pass(STEP);
    }
    world.arm.pass(world.now.get());
    let state = world.arm.state();
    assert_eq!(state["operations"].as_object().unwrap().len(), 1000);
}

/// A number of a fixed sequence.
fn throw(dice: &mut u64, sides: usize) -> usize {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    usize::try_from(*dice >> 33).unwrap() % sides
}

#[test]
fn no_request_breaks_it_and_no_pair_is_peered_twice() {
    let story = Story::new(CustomerMode::Accept);
    let world = &story.world;
    let whole = [story.ours.clone(), story.theirs.clone(), peering("a", "b"), vnet(CUSTOMER, "b")];
    let who = [Who::customer(), Who::service(world), Who::abroad(world)];
    let (bodies, mut dice) = (bodies(), 1);
    for _ in 0..2000 {
        let path = match throw(&mut dice, 3) {
            0 => scrambled(&mut dice),
            _ => whole[throw(&mut dice, whole.len())].clone(),
        };
        let method = ["GET", "PUT", "DELETE", "PATCH", "POST"][throw(&mut dice, 5)];
        let body = &bodies[throw(&mut dice, bodies.len())];
        let answer = world.ask(&who[throw(&mut dice, 3)], method, &path, body);
        assert!(answer.status < 500, "{answer:?}");
        let span = u64::try_from(throw(&mut dice, 9000)).unwrap();
        world.pass(Duration::from_millis(span));
        if throw(&mut dice, 50) == 0 {
            let act = [CustomerAct::Accept, CustomerAct::Reject, CustomerAct::Delete];
            let _ = world.arm.customer(link(), act[throw(&mut dice, 3)], world.now.get());
        }
        check(world);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let world = World::of_two();
    let garbage = http::Request::builder()
        .method("PUT")
        .uri(vnet(CUSTOMER, "a") + "?api-version=2024-01-01&&&=%")
        .header("authorization", "Bearer a.b.c")
        .body(Bytes::from_static(b"\xff\xfe"))
        .unwrap();
    assert_eq!(world.arm.answer(&garbage, world.now.get()).status(), 400);
}

/// A path of parts that occur in paths.
fn scrambled(dice: &mut u64) -> String {
    const PARTS: [&str; 21] = [
        "subscriptions",
        CUSTOMER,
        SERVICE_TENANT,
        "resourceGroups",
        "rg",
        "providers",
        "Microsoft.Network",
        "virtualNetworks",
        "a",
        "b",
        "virtualNetworkPeerings",
        "a-b",
        "subnets",
        "%00",
        "..",
        "Microsoft.Authorization",
        "roleAssignments",
        "oauth2",
        "v2.0",
        "token",
        "%F0%9F",
    ];
    let parts = 1 + throw(dice, 10);
    (0..parts).map(|_| format!("/{}", PARTS[throw(dice, PARTS.len())])).collect()
}

fn bodies() -> [Value; 7] {
    [
        Value::Null,
        json!([]),
        json!({ "properties": 7 }),
        json!({ "location": "x" }),
        toward(&vnet(CUSTOMER, "a")),
        toward(&own_vnet()),
        json!({
            "location": "eastus2",
            "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } },
        }),
    ]
}

/// What holds of every world: a remote network is referenced once, and who is connected is so on
/// both sides.
fn check(world: &World) {
    let state = world.arm.state();
    let peerings: Vec<&Value> =
        state["peerings"].as_object().into_iter().flat_map(|rows| rows.values()).collect();
    for (at, one) in peerings.iter().enumerate() {
        let same =
            |other: &&Value| other["network"] == one["network"] && other["remote"] == one["remote"];
        assert!(!peerings[at + 1..].iter().any(same), "twice: {one}");
        let reverse = |other: &&&Value| {
            other["network"] == one["remote"] && other["remote"] == one["network"]
        };
        let other = peerings.iter().find(reverse);
        if one["state"] == "Connected" {
            assert_eq!(other.map(|other| &other["state"]), Some(&json!("Connected")), "{one}");
        }
    }
}
