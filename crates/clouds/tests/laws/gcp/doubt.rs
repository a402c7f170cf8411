//! What a call says when no whole answer came: whether it may have happened.

use std::time::Duration;

use peerage_core::cloud::{CallError, Certainty, LinkStatus, Remedy};
use peerage_fabric::Fabric;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::gcp::Gcp;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::gcp::world::{Hand, PROJECT, World, link_request, network_request, options};
use crate::proxy::Rates;

/// A world whose network was made in peace; then every request meets this.
async fn behind(rates: Rates) -> (World, CallError) {
    let world = World::with(CustomerMode::Accept, Some((1, Rates::default()))).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    hand.network(&network_request(1)).await;
    let request = link_request(1);
    let proxy = world.proxy.as_ref().unwrap();
    // The looks before the change are let through.
    proxy.suffer("addPeering", rates);
    let error = hand.ensure(&request).await.unwrap_err();
    proxy.suffer("", Rates::default());
    hand.until(&request, LinkStatus::Active).await;
    let halves = world.networks()[0]["peerings"].as_array().map_or(0, Vec::len);
    assert_eq!(halves, 1);
    (world, error)
}

fn additions(world: &World) -> usize {
    let (_, list) = world.ask("GET", &format!("{PROJECT}/global/operations"), &Value::Null);
    let works = list["items"].as_array().cloned().unwrap_or_default();
    works.iter().filter(|work| work["operationType"] == "addPeering").count()
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_in_doubt_and_happened_once() {
    for rates in [
        Rates { unanswered: 100, ..Rates::default() },
        Rates { truncated: 100, ..Rates::default() },
    ] {
        let (world, error) = behind(rates).await;
        assert_eq!(error.certainty, Certainty::Indefinite, "{rates:?}: {error:?}");
        assert!(matches!(error.remedy, Remedy::Retry { .. }), "{error:?}");
        assert_eq!(additions(&world), 1);
    }
}

#[tokio::test]
async fn a_change_that_is_lost_is_in_doubt_and_made_again() {
    let (world, error) = behind(Rates { lost: 100, ..Rates::default() }).await;
    assert_eq!(error.certainty, Certainty::Indefinite, "{error:?}");
    assert_eq!(additions(&world), 1);
}

#[tokio::test]
async fn a_change_that_arrives_twice_is_one_operation() {
    let world = World::with(CustomerMode::Accept, Some((1, Rates::default()))).await;
    let gcp = world.driver().await;
    let hand = Hand { world: &world, fabric: &gcp };
    world.proxy.as_ref().unwrap().suffer("", Rates { doubled: 100, ..Rates::default() });
    let network = gcp.ensure_network(&network_request(1), world.clock.now()).await;
    assert!(network.is_ok_and(|sighting| sighting.found.is_some()));
    hand.network(&network_request(1)).await;
    let link = hand.ensure(&link_request(1)).await.unwrap().unwrap();
    assert_eq!(link.status, LinkStatus::Requested);
    let (request, _) = hand.active(1).await;
    assert_eq!(additions(&world), 1);
    hand.clear(&request).await;
    hand.clear_network(&network_request(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_make_the_same_make_it_once() {
    let world = World::new(CustomerMode::Accept).await;
    let (one, other) = (world.driver().await, world.driver().await);
    let (network, link) = (network_request(1), link_request(1));
    let mut works = 0;
    for _ in 0..100 {
        let now = world.clock.now();
        let later = now.after(Duration::from_millis(1));
        let networks =
            tokio::join!(one.ensure_network(&network, now), other.ensure_network(&network, later));
        let links = tokio::join!(one.ensure_link(&link, now), other.ensure_link(&link, later));
        for error in [networks.0.err(), networks.1.err()].into_iter().flatten() {
            assert_ne!(error.remedy, Remedy::GiveUp, "{error}");
        }
        for seen in [links.0, links.1] {
            match seen {
                Ok(sighting) => {
                    let link = sighting.found;
                    works += u8::from(link.is_some_and(|link| link.status == LinkStatus::Active));
                }
                Err(error) => assert_ne!(error.remedy, Remedy::GiveUp, "{error}"),
            }
        }
        assert!(world.networks().len() <= 1, "{:?}", world.networks());
        world.clock.pass(Duration::from_secs(1));
    }
    assert!(works > 0, "it never works");
    let halves = world.networks()[0]["peerings"].as_array().map_or(0, Vec::len);
    assert_eq!((halves, additions(&world)), (1, 1));
}

/// Two processes that share a container, as after a lease that ran out: the one's request is on its
/// way while the other acts.
#[tokio::test]
async fn a_request_that_arrives_late_makes_nothing_that_another_process_has_made() {
    let world = World::with(CustomerMode::Accept, Some((1, Rates::default()))).await;
    let direct = format!("http://{}", world.cloud);
    let slow = world.driver().await;
    let other = world.driver_with(|options| options.endpoint = Some(direct)).await;
    let hand = Hand { world: &world, fabric: &other };
    let (network, link) = (network_request(1), link_request(1));
    let late = Rates { late: 100, ..Rates::default() };

    world.proxy.as_ref().unwrap().suffer("POST /compute", late);
    let error = slow.ensure_network(&network, world.clock.now()).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Indefinite);
    assert!(world.networks().is_empty(), "it is on its way");
    world.clock.pass(Duration::from_millis(1));
    hand.network(&network).await;
    arrive(&world, &slow).await;
    assert_eq!(world.networks().len(), 1, "{:?}", world.networks());

    let error = slow.ensure_link(&link, world.clock.now()).await.unwrap_err();
    assert_eq!(error.certainty, Certainty::Indefinite);
    world.clock.pass(Duration::from_millis(1));
    hand.until(&link, LinkStatus::Active).await;
    arrive(&world, &slow).await;
    let halves = world.networks()[0]["peerings"].as_array().map_or(0, Vec::len);
    assert_eq!((halves, additions(&world)), (1, 1));
}

/// Lets what is late arrive, and what it began end.
async fn arrive(world: &World, slow: &Gcp) {
    for _ in 0..4 {
        slow.observe_network(&network_request(1), world.clock.now()).await.unwrap();
    }
    world.clock.pass(Duration::from_secs(60));
}

/// A look is several requests, and the cloud does not stand still between them.
#[tokio::test]
async fn a_half_never_seems_gone_while_the_operation_that_made_it_ends() {
    for tick_ms in [1_100, 1_700, 2_300, 3_100, 3_900] {
        let world = World::new(CustomerMode::Ignore).await;
        let gcp = world.driver().await;
        let hand = Hand { world: &world, fabric: &gcp };
        hand.network(&network_request(1)).await;
        for number in 1..=5 {
            let request = link_request(number);
            world.clock.move_with_requests(Duration::from_millis(tick_ms));
            let asked = hand.ensure(&request).await.unwrap();
            let mut seen = asked.expect("it is asked for");
            while seen.status != LinkStatus::AwaitsCustomer {
                let now = world.clock.now();
                seen = hand.look(&request).await.unwrap_or_else(|| panic!("{tick_ms} ms: {now:?}"));
            }
            world.clock.move_with_requests(Duration::ZERO);
        }
    }
}

/// A cloud that answers every request so.
async fn answering(answer: &'static str) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 8_192];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

async fn asked(answer: &'static str) -> (CallError, CallError) {
    let mut options = options(answering(answer).await);
    options.remote.timeout = Duration::from_millis(500);
    let gcp = peerage_fabric::gcp::Gcp::connect(options).await.unwrap();
    let now = peerage_core::time::Timestamp::from_millis(0);
    let looked = gcp.observe_network(&network_request(1), now).await.unwrap_err();
    let changed = gcp.ensure_network(&network_request(1), now).await.unwrap_err();
    (looked, changed)
}

#[tokio::test]
async fn a_look_is_never_in_doubt_whatever_comes_back() {
    for answer in [
        "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nnot json!",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"items\"",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "nonsense\r\n\r\n",
        "",
    ] {
        let (looked, changed) = asked(answer).await;
        for error in [looked, changed] {
            assert_eq!(error.certainty, Certainty::Definite, "{answer}: {error:?}");
            assert!(matches!(error.remedy, Remedy::Retry { .. }), "{answer}: {error:?}");
            assert!(!error.message.is_empty(), "{answer}: {error:?}");
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_nothing_happened() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let gcp = peerage_fabric::gcp::Gcp::connect(options(address)).await.unwrap();
    let now = peerage_core::time::Timestamp::from_millis(0);
    let error = gcp.ensure_network(&network_request(1), now).await.unwrap_err();
    assert_eq!((error.certainty, error.code.as_str()), (Certainty::Definite, "Unreachable"));
}
