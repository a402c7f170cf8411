//! Time in the emulated clouds: what is told of the future, and who is told of the past.

use peerage_core::cloud::LinkStatus;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use peerage_fabric::emulated::{CustomerAct, CustomerMode, Pace, Touched};

use crate::support::{HOUR, SECOND, World, options, request};

#[tokio::test]
async fn the_next_event_leads_a_connection_through_its_life() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    world.make(&request).await;
    let mut events = 0;
    while let Some(at) = world.clouds.next_event() {
        world.now = at;
        world.clouds.advance(at).await.unwrap();
        events += 1;
    }
    assert_eq!(events, 3);
    assert_eq!(world.status(&request).await, Some(LinkStatus::Active));
}

#[tokio::test]
async fn that_a_cloud_forgets_is_no_event() {
    let mut world = World::new(CustomerMode::Reject).await;
    let request = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    world.make(&request).await;
    world.until(&request, LinkStatus::Rejected).await;
    assert_eq!(world.clouds.next_event(), None);
    assert!(world.look(&request).await.recheck_at.is_some());
}

#[tokio::test]
async fn a_leap_in_time_makes_everything_happen_in_its_order() {
    let mut world = World::new(CustomerMode::Ignore).await;
    let request = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    world.make(&request).await;
    let began = world.now.after(world.options.pace.aws_initiating);
    world.pass(169 * HOUR);
    let seen = world.look(&request).await;
    assert_eq!(seen.found.map(|link| link.status), Some(LinkStatus::Expired));
    // The two days count from the expiry, not from when somebody looked.
    assert_eq!(seen.recheck_at, Some(began.after((168 + 48) * HOUR)));
}

#[tokio::test]
async fn a_clock_that_goes_back_undoes_nothing() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = request(Provider::Azure, 1, 1, "10.8.0.0/21", 1);
    world.active(&request).await;
    world.now = Timestamp::ZERO;
    assert_eq!(world.status(&request).await, Some(LinkStatus::Active));
    assert_eq!(world.remove(&request).await.unwrap().unwrap().status, LinkStatus::Removing);
}

#[tokio::test]
async fn whoever_asks_is_told_once_what_changed_by_itself() {
    let mut world = World::new(CustomerMode::Manual).await;
    let request = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    world.make(&request).await;
    assert_eq!(world.clouds.advance(world.now).await.unwrap(), []);
    world.pass(world.options.pace.aws_initiating);
    let touched = [Touched { group: request.group, peering: request.peering }];
    assert_eq!(world.clouds.advance(world.now).await.unwrap(), touched);
    assert_eq!(world.clouds.advance(world.now).await.unwrap(), []);
    world.act(&request, CustomerAct::Accept).await.unwrap();
    assert_eq!(world.clouds.advance(world.now).await.unwrap(), touched);
    world.pass(HOUR);
    // A look lets time pass, too, and whoever asks later is still told.
    world.look(&request).await;
    assert_eq!(world.clouds.advance(world.now).await.unwrap(), touched);
}

#[tokio::test]
async fn at_an_instant_pace_a_call_is_answered_with_the_end() {
    for cloud in Provider::ALL {
        let mut world = World::with(options(CustomerMode::Accept, Pace::instant())).await;
        let request = request(cloud, 1, 1, "10.8.0.0/18", 1);
        assert_eq!(world.make(&request).await.status, LinkStatus::Active, "{cloud}");
        assert_eq!(world.remove(&request).await, Ok(None), "{cloud}");
        assert_eq!(world.remove_network(&request).await.unwrap().found, None, "{cloud}");
    }
}

#[tokio::test]
async fn nothing_passes_the_customers_turn_by_itself() {
    for mode in [CustomerMode::Manual, CustomerMode::Ignore] {
        for cloud in Provider::ALL {
            let mut world = World::new(mode).await;
            let request = request(cloud, 1, 1, "10.8.0.0/18", 1);
            world.make(&request).await;
            world.until(&request, LinkStatus::AwaitsCustomer).await;
            world.pass(168 * HOUR - SECOND);
            let status = world.status(&request).await;
            assert_eq!(status, Some(LinkStatus::AwaitsCustomer), "{mode:?} {cloud}");
        }
    }
}

#[tokio::test]
async fn a_peering_that_nobody_knows_has_no_customer() {
    let world = World::new(CustomerMode::Manual).await;
    let request = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    assert_eq!(world.refused(&request, CustomerAct::Accept).await, "NotFound");
}
