//! The service's own networks in the emulated clouds.

use peerage_core::cloud::Remedy;
use peerage_core::provider::Provider;
use peerage_fabric::Fabric;
use peerage_fabric::emulated::CustomerMode;

use crate::support::{World, network_request, request};

/// Source: EC2 API reference, `DeleteVpc` (`DependencyViolation`); Compute API, deletion of a
/// network in use.
#[tokio::test]
async fn a_network_in_use_is_not_removed() {
    for (cloud, code) in [
        (Provider::Aws, "DependencyViolation"),
        (Provider::Azure, "DependencyViolation"),
        (Provider::Gcp, "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE"),
    ] {
        let mut world = World::new(CustomerMode::Accept).await;
        let request = request(cloud, 1, 1, "10.8.0.0/18", 1);
        world.make(&request).await;
        let error = world.remove_network(&request).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.remedy), (code, Remedy::Retry { after_ms: None }));
    }
}

#[tokio::test]
async fn a_connection_needs_a_network_that_is_ready() {
    for (cloud, code) in [
        (Provider::Aws, "InvalidVpcID.NotFound"),
        (Provider::Azure, "ResourceNotFound"),
        (Provider::Gcp, "RESOURCE_NOT_FOUND"),
    ] {
        let mut world = World::new(CustomerMode::Accept).await;
        let request = request(cloud, 1, 1, "10.8.0.0/18", 1);
        assert_eq!(world.ensure(&request).await.unwrap_err().code, code);
        world.clouds.ensure_network(&network_request(&request), world.now).await.unwrap();
        assert_eq!(world.ensure(&request).await.unwrap_err().code, code);
        world.pass(world.options.pace.network);
        world.ensure(&request).await.unwrap();
    }
}

#[tokio::test]
async fn a_network_on_its_way_out_is_made_anew_after_it_is_gone() {
    let mut world = World::new(CustomerMode::Accept).await;
    let request = request(Provider::Aws, 1, 1, "10.8.0.0/21", 1);
    let names = world.network(&request).await;
    let wanted = network_request(&request);
    world.remove_network(&request).await.unwrap();
    let leaving = world.clouds.ensure_network(&wanted, world.now).await.unwrap();
    let network = leaving.found.unwrap();
    assert!(!network.ready && network.names == names, "{network:?}");
    assert_eq!(leaving.recheck_at, Some(world.now.after(world.options.pace.removal)));
    world.pass(world.options.pace.removal);
    assert_ne!(world.network(&request).await, names);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_names() {
    let (mut names, request) = (Vec::new(), request(Provider::Gcp, 1, 1, "10.8.0.0/18", 1));
    for seed in [7, 7, 8] {
        let mut options = World::new(CustomerMode::Accept).await.options;
        options.seed = seed;
        names.push(World::with(options).await.network(&request).await);
    }
    assert_eq!(names[0], names[1]);
    assert_ne!(names[0], names[2]);
}
