//! The names that the tests share, and a driver before a fake.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{LinkRequest, NetworkNames, NetworkRequest};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{AzureNetwork, CustomerNetwork};
use peerage_core::region::AzureRegion;
use peerage_core::time::Timestamp;
use peerage_fabric::azure::{Azure, AzureOptions, Credential};
use peerage_fabric::remote::{DriftPolicy, RemoteOptions};
use peerage_fabric::tags;
use serde_json::{Value, json};

use crate::azure::driver::fake::Fake;

pub(crate) const TENANT: &str = "11111111-1111-1111-1111-111111111111";
pub(crate) const CLIENT: &str = "44444444-4444-4444-4444-444444444444";
pub(crate) const SUBSCRIPTION: &str = "22222222-2222-2222-2222-222222222222";
pub(crate) const CUSTOMER: &str = "33333333-3333-3333-3333-333333333333";
pub(crate) const THEIR_SUBSCRIPTION: &str = "55555555-5555-5555-5555-555555555555";
pub(crate) const VNET: &str = "nt-030303030303030303030303-a1b2c3d4";

pub(crate) fn options(fake: &Fake) -> AzureOptions {
    let mut remote = RemoteOptions::new("test");
    remote.requests_per_second = 10_000;
    let credential = Credential::secret("canary");
    let (who, place) = ((TENANT, CLIENT), (SUBSCRIPTION, "peerage"));
    let options = AzureOptions::new(remote, who, credential, place);
    AzureOptions { authority: fake.address.clone(), endpoint: fake.address.clone(), ..options }
}

pub(crate) fn driver(fake: &Fake) -> Azure {
    Azure::new(options(fake)).unwrap()
}

/// A driver that only tells of drift.
pub(crate) fn reporter(fake: &Fake) -> Azure {
    let mut options = options(fake);
    options.remote.drift = DriftPolicy::Report;
    Azure::new(options).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + seconds * 1000)
}

pub(crate) fn network_request() -> NetworkRequest {
    NetworkRequest {
        group: GroupId::from_bytes([1; 12]),
        container: ContainerId::from_bytes([3; 12]),
        spec: ContainerSpec::Azure {
            region: AzureRegion::parse("US_EAST_2").unwrap(),
            block: AddressBlock::parse("10.8.0.0/21").unwrap(),
        },
    }
}

pub(crate) fn link_request() -> LinkRequest {
    let network = network_request();
    LinkRequest {
        group: network.group,
        peering: PeerId::from_bytes([2; 12]),
        container: network.container,
        handshake: 1,
        ours: network.spec,
        names: Some(NetworkNames::Azure {
            subscription_id: SUBSCRIPTION.into(),
            vnet_name: VNET.into(),
        }),
        customer: CustomerNetwork::Azure(AzureNetwork {
            directory_id: CUSTOMER.into(),
            subscription_id: THEIR_SUBSCRIPTION.into(),
            resource_group: "group".into(),
            vnet_name: "vnet".into(),
        }),
    }
}

pub(crate) fn our_network() -> String {
    format!(
        "/subscriptions/{SUBSCRIPTION}/resourceGroups/peerage\
         /providers/Microsoft.Network/virtualNetworks/{VNET}"
    )
}

pub(crate) fn their_network() -> String {
    format!(
        "/subscriptions/{THEIR_SUBSCRIPTION}/resourceGroups/group\
         /providers/Microsoft.Network/virtualNetworks/vnet"
    )
}

pub(crate) fn link_name() -> String {
    tags::link_name(PeerId::from_bytes([2; 12]), 1)
}

/// Our half as Azure shows it, in some state.
pub(crate) fn half(state: &str, provisioning: &str) -> Value {
    json!({ "name": link_name(), "properties": {
        "peeringState": state,
        "peeringSyncLevel": "FullyInSync",
        "provisioningState": provisioning,
        "allowVirtualNetworkAccess": true,
        "allowForwardedTraffic": false,
        "allowGatewayTransit": false,
        "useRemoteGateways": false,
        "remoteVirtualNetwork": { "id": their_network() },
        "remoteAddressSpace": { "addressPrefixes": ["172.16.1.0/24"] },
        "remoteVirtualNetworkAddressSpace": { "addressPrefixes": ["172.16.1.0/24"] },
    }})
}

/// Our network as Azure shows it.
pub(crate) fn network(name: &str) -> Value {
    let request = network_request();
    json!({
        "name": name,
        "etag": "W/\"1\"",
        "location": "eastus2",
        "tags": {
            "peerage:installation": "test",
            "peerage:group": request.group.to_string(),
            "peerage:container": request.container.to_string(),
        },
        "properties": {
            "provisioningState": "Succeeded",
            "addressSpace": { "addressPrefixes": ["10.8.0.0/21"] },
            "subnets": [{ "name": "default", "properties": { "addressPrefix": "10.8.0.0/21" } }],
            "virtualNetworkPeerings": [],
        },
    })
}
