//! The whole story on moto, told to strangers: our driver asks, boto3 accepts as the other account,
//! routes are there, and nothing is left behind in the end.

use std::sync::Arc;
use std::time::Duration;

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{Link, LinkRequest, LinkStatus, NetworkNames, NetworkRequest};
use peerage_core::container::ContainerSpec;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::peering::{AwsNetwork, CustomerNetwork};
use peerage_core::region::AwsRegion;
use peerage_core::time::Timestamp;
use peerage_fabric::aws::Aws;
use peerage_fabric::{Fabric, Inventory};
use serde_json::{Value, json};

use crate::moto::Moto;
use crate::python::Python;

const OURS: &str = "999988887777";
const BLOCK: &str = "172.16.0.0/16";

struct Story {
    python: Python,
    moto: Arc<Moto>,
    aws: Aws,
    /// The customer.
    account: &'static str,
    region: &'static str,
}

impl Story {
    /// boto3, as some account in some region.
    async fn boto3(&self, account: &str, region: &str, words: &[&str]) -> Value {
        let start = [self.moto.server.endpoint.as_str(), account, region];
        let arguments: Vec<&str> = start.iter().chain(words).copied().collect();
        self.python.run("stranger.py", &arguments).await
    }

    async fn as_customer(&self, words: &[&str]) -> Value {
        self.boto3(self.account, self.region, words).await
    }

    async fn until(&self, request: &LinkRequest, status: LinkStatus) -> Link {
        let mut now = Timestamp::from_millis(1_700_000_000_000);
        let mut last = None;
        for _ in 0..20 {
            let seen = self.aws.ensure_link(request, now).await.unwrap().found.unwrap();
            if seen.status == status {
                return seen;
            }
            last = Some(seen);
            now = now.after(Duration::from_secs(5));
        }
        panic!("it never is {status:?}, but {last:?}");
    }
}

fn network() -> NetworkRequest {
    NetworkRequest {
        group: GroupId::from_bytes([1; 12]),
        container: ContainerId::from_bytes([2; 12]),
        spec: ContainerSpec::Aws {
            region: AwsRegion::parse("US_EAST_1").unwrap(),
            block: AddressBlock::parse("192.168.248.0/21").unwrap(),
        },
    }
}

fn link(story: &Story, vpc: &Value) -> LinkRequest {
    let network = network();
    LinkRequest {
        group: network.group,
        peering: PeerId::from_bytes([3; 12]),
        container: network.container,
        handshake: 1,
        ours: network.spec,
        names: None,
        customer: CustomerNetwork::Aws(AwsNetwork {
            account_id: story.account.to_owned(),
            vpc_id: vpc.as_str().unwrap().to_owned(),
            region: story.region.to_owned(),
            block: AddressBlock::parse(BLOCK).unwrap(),
        }),
    }
}

async fn tell(account: &'static str, region: &'static str) {
    let Some(python) = Python::find() else { return };
    let moto = Moto::start(&python);
    let aws = moto.driver();
    let story = Story { python, moto, aws, account, region };
    let now = Timestamp::from_millis(1_700_000_000_000);

    let made = story.aws.ensure_network(&network(), now).await.unwrap().found.unwrap();
    assert!(made.ready, "{made:?}");
    let NetworkNames::Aws { vpc_id } = &made.names else { panic!("{made:?}") };
    let there = story.boto3(OURS, "us-east-1", &["look"]).await;
    assert_eq!(there["vpcs"], json!([vpc_id]));
    assert_eq!(there["subnets"].as_array().unwrap().len(), 3);

    let theirs = story.as_customer(&["vpc", BLOCK]).await;
    let request = link(&story, &theirs);
    let waits = story.until(&request, LinkStatus::AwaitsCustomer).await;
    assert_eq!(waits.route, None);
    let accepted = story.as_customer(&["accept", &waits.connection_id]).await;
    assert_eq!(accepted, "active");
    let works = story.until(&request, LinkStatus::Active).await;
    assert_eq!((works.route.as_deref(), works.drift.clone()), (Some(BLOCK), None));
    let there = story.boto3(OURS, "us-east-1", &["look"]).await;
    assert_eq!(there["routes"], json!([[BLOCK, works.connection_id]]));
    assert_eq!(story.aws.observe_link(&request, now).await.unwrap().found, Some(works));
    assert_eq!(story.aws.list_tagged().await.unwrap().len(), 2);

    let left = story.aws.remove_link(&request, now).await.unwrap().found;
    assert_eq!(left, None);
    let left = story.aws.remove_network(&network(), now).await.unwrap().found;
    assert_eq!(left, None);
    let there = story.boto3(OURS, "us-east-1", &["look"]).await;
    let nothing = json!({ "vpcs": [], "subnets": [], "connections": {}, "routes": [] });
    assert_eq!(there, nothing, "something is left behind");
    assert_eq!(story.as_customer(&["look"]).await["connections"], json!({}));
    assert_eq!(story.aws.list_tagged().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_another_account_accepts_by_boto3() {
    tell("123456789012", "us-east-1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_of_another_account_and_region_accepts_by_boto3() {
    tell("222222222222", "eu-west-1").await;
}
