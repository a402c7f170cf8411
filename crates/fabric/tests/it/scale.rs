//! Ten thousand peerings live, restart and go.

use std::time::Duration;

use peerage_core::cloud::LinkStatus;
use peerage_core::provider::Provider;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::{CustomerMode, Pace};

use crate::support::{World, network_request, options, request};

const PEERINGS: u32 = 10_000;

#[tokio::test]
async fn ten_thousand_peerings_live_and_go() {
    for cloud in Provider::ALL {
        // All of them to one network of the customer: the worst case of the rules that compare.
        let mut world = World::with(options(CustomerMode::Manual, Pace::fast())).await;
        let requests: Vec<_> =
            (0..PEERINGS).map(|number| request(cloud, number, number, "10.8.0.0/18", 1)).collect();
        for request in &requests {
            world.clouds.ensure_network(&network_request(request), world.now).await.unwrap();
        }
        world.pass(Duration::from_secs(1));
        for request in &requests {
            world.ensure(request).await.unwrap();
            world.pass(Duration::from_millis(200));
        }
        for request in &requests {
            let status = world.status(request).await;
            assert_eq!(status, Some(LinkStatus::AwaitsCustomer), "{cloud}");
        }
        world.reopen().await;
        for request in &requests {
            world.remove(request).await.unwrap();
            world.pass(Duration::from_millis(200));
        }
        world.clouds.advance(world.now).await.unwrap();
        assert_eq!(world.clouds.next_event(), None, "{cloud}");
    }
}
