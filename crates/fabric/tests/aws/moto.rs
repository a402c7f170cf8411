//! moto as a world: its reset, the customer's VPCs, and the customer's hand by our own client under
//! the customer's account.

use std::collections::BTreeMap;
use std::sync::Arc;

use peerage_core::id::GroupId;
use peerage_core::peering::AwsNetwork;
use peerage_core::time::Timestamp;
use peerage_fabric::aws::{Aws, Client, Form};
use peerage_fabric::emulated::{CustomerAct, CustomerError};
use tokio::sync::Mutex;

use crate::python::{Python, Server, driver, region};

/// The account of our side; the customer has moto's own, 123456789012.
pub(crate) const ROLE: &str = "arn:aws:iam::999988887777:role/peerage";

pub(crate) struct Moto {
    pub(crate) server: Server,
    /// The customer.
    stranger: Aws,
    /// The customer's VPCs: by the name that a request has for them, the one that moto gave.
    vpcs: Mutex<BTreeMap<String, String>>,
}

impl Moto {
    pub(crate) fn start(python: &Python) -> Arc<Self> {
        let server = python.serve("stranger.py", &["serve"]);
        let stranger = driver(&server.endpoint, None);
        Arc::new(Self { server, stranger, vpcs: Mutex::default() })
    }

    /// Our side.
    pub(crate) fn driver(&self) -> Aws {
        driver(&self.server.endpoint, Some(ROLE))
    }

    /// Everything is gone.
    pub(crate) async fn reset(&self) {
        self.server.post("moto-api/reset").await;
        self.vpcs.lock().await.clear();
    }

    /// The customer's network of a request, made if it is not there, with moto's name for it.
    pub(crate) async fn adopt(&self, network: &AwsNetwork, now: Timestamp) -> AwsNetwork {
        let mut vpcs = self.vpcs.lock().await;
        let vpc_id = match vpcs.get(&network.vpc_id) {
            Some(id) => id.clone(),
            None => {
                let block = network.block.net().to_string();
                let client = self.customer(&network.region);
                let id = client.create_vpc(&block, &[], now).await.unwrap().id;
                vpcs.insert(network.vpc_id.clone(), id.clone());
                id
            }
        };
        AwsNetwork { vpc_id, ..network.clone() }
    }

    /// Does something with a connection at the customer's side.
    pub(crate) async fn act(
        &self,
        connection: &str,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        let action = match act {
            CustomerAct::Accept => "AcceptVpcPeeringConnection",
            CustomerAct::Reject => "RejectVpcPeeringConnection",
            CustomerAct::Delete => "DeleteVpcPeeringConnection",
        };
        let form = Form::change(action).with("VpcPeeringConnectionId", connection);
        let done = self.customer("us-east-1").send(&form, now).await;
        done.map(drop).map_err(|error| CustomerError::new(&error.code, error.message))
    }

    fn customer(&self, name: &str) -> Client {
        self.stranger.client(GroupId::from_bytes([0; 12]), &region(name))
    }
}
