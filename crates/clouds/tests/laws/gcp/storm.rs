//! Twenty peerings on one network, all at once: Compute Engine takes one operation at a time, and
//! every customer wants one, too.

use std::time::Duration;

use peerage_core::cloud::{LinkRequest, LinkStatus, Remedy};
use peerage_fabric::Fabric;
use peerage_fabric::emulated::CustomerMode;
use peerage_fabric::gcp::Gcp;

use crate::gcp::world::{Hand, World, link_request, network_request};

const PEERINGS: u8 = 20;

/// Asks for all of them at the same time; answers those that are not there yet.
async fn wave(
    world: &World,
    gcp: &std::sync::Arc<Gcp>,
    left: Vec<LinkRequest>,
) -> Vec<LinkRequest> {
    let now = world.clock.now();
    let asked: Vec<_> = left
        .into_iter()
        .map(|request| {
            let gcp = gcp.clone();
            tokio::spawn(async move {
                let seen = gcp.ensure_link(&request, now).await;
                (request, seen)
            })
        })
        .collect();
    let mut waiting = Vec::new();
    for task in asked {
        let (request, seen) = task.await.unwrap();
        match seen {
            Ok(sighting)
                if sighting
                    .found
                    .as_ref()
                    .is_some_and(|link| link.status == LinkStatus::Active) => {}
            Ok(_) => waiting.push(request),
            Err(error) => {
                assert_ne!(error.remedy, Remedy::GiveUp, "{error}");
                assert!(error.message.contains("in progress"), "{error}");
                waiting.push(request);
            }
        }
    }
    waiting
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_peerings_that_are_asked_for_at_once_all_work_in_the_end() {
    let world = World::new(CustomerMode::Accept).await;
    let gcp = std::sync::Arc::new(world.driver().await);
    let hand = Hand { world: &world, fabric: &*gcp };
    hand.network(&network_request(1)).await;
    let mut left: Vec<LinkRequest> = (1..=PEERINGS).map(link_request).collect();
    // Forty operations of four seconds, one after the other, and the time between them.
    for _ in 0..300 {
        left = wave(&world, &gcp, left).await;
        if left.is_empty() {
            break;
        }
        world.clock.pass(Duration::from_secs(2));
    }
    assert!(left.is_empty(), "{} never worked", left.len());
    let halves = world.networks()[0]["peerings"].as_array().map_or(0, Vec::len);
    assert_eq!(halves, usize::from(PEERINGS));
    for number in 1..=PEERINGS {
        hand.clear(&link_request(number)).await;
    }
    hand.clear_network(&network_request(1)).await;
    assert!(world.networks().is_empty());
}
