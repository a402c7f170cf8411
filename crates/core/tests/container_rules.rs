//! The rules of a container that need more than one object to show.

#[path = "support/example.rs"]
mod example;

use peerage_core::cloud::Observed;
use peerage_core::container::{Container, ContainerSpec};
use peerage_core::id::ContainerId;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;

use example::{GROUP, container};

/// Source: the error catalogue of public clients, `CONTAINERS_IN_USE`; what a cloud still holds
/// counts, or an owner would lose sight of it.
#[test]
fn a_container_is_in_use_until_its_cloud_holds_nothing_of_it() {
    let mut home = container(Provider::Aws, 0);
    assert_eq!(home.refuse_in_use(), Ok(()));
    home.observed = Observed::Unknown;
    assert!(home.refuse_in_use().is_err());
    home.observed = Observed::Nothing;
    home.peerings = 1;
    assert!(home.refuse_in_use().is_err());
}

/// Source: the documented service limits; one region has one container, so that the number of
/// regions is the real bound.
#[test]
fn a_project_may_have_a_container_in_every_place() {
    let mut made: Vec<Container> = Vec::new();
    for provider in Provider::ALL {
        for number in 0..39 {
            let spec = container(provider, number).spec;
            if made.iter().any(|other| other.spec.same_place(&spec)) {
                assert!(matches!(spec, ContainerSpec::Gcp { .. }));
                continue;
            }
            let mut bytes = [5; 12];
            bytes[11] = u8::try_from(made.len()).unwrap();
            let id = ContainerId::from_bytes(bytes);
            made.push(Container::create(id, GROUP, spec, &made, Timestamp::ZERO).unwrap());
        }
    }
    assert_eq!(made.len(), 39 + 39 + 1);
}
