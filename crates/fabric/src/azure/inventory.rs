//! What carries our tag in our subscription, one by one, and who we are there.

use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use peerage_core::cloud::CallError;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;

use super::Azure;
use super::failure::Failure;
use super::link::take_away;
use super::network::Vnet;
use crate::inventory::{Inventory, Owner, Tagged};

#[async_trait]
impl Inventory for Azure {
    async fn list_tagged(&self) -> Result<Vec<Tagged>, CallError> {
        let vnets = self.tagged_vnets(now()).await.map_err(Failure::error)?;
        Ok(vnets.iter().flat_map(|vnet| self.tagged_in(vnet)).collect())
    }

    async fn remove_tagged(&self, tagged: &Tagged) -> Result<bool, CallError> {
        self.remove_one(tagged).await.map_err(Failure::error)
    }

    async fn whoami(&self) -> Result<Vec<String>, CallError> {
        let vnets = self.tagged_vnets(now()).await.map_err(Failure::error)?;
        Ok(vec![format!(
            "application {} in directory {}, subscription {}, resource group {}: {} networks of {}",
            self.options.client_id,
            self.options.tenant,
            self.options.subscription,
            self.options.resource_group,
            vnets.len(),
            self.installation(),
        )])
    }
}

impl Azure {
    /// The networks that carry this installation's tag: here a name alone proves nothing.
    async fn tagged_vnets(&self, now: Timestamp) -> Result<Vec<Vnet>, Failure> {
        let mut vnets = self.vnets(now).await?;
        vnets.retain(|vnet| vnet.is_tagged(self.installation()));
        Ok(vnets)
    }

    /// A network, and the peerings in it that have our names.
    fn tagged_in(&self, vnet: &Vnet) -> Vec<Tagged> {
        let tagged = |owner, id| Tagged {
            provider: Provider::Azure,
            owner,
            group: vnet.group(),
            place: format!("{}/{}", self.options.subscription, self.options.resource_group),
            id,
        };
        let links = vnet.halves().iter().filter_map(|half| {
            let (peering, _) = half.tag()?;
            let id = format!("{}/virtualNetworkPeerings/{}", vnet.id, half.name);
            Some(tagged(Owner::Link(peering), id))
        });
        let network = vnet.container().map(|id| tagged(Owner::Network(id), vnet.id.to_string()));
        links.chain(network).collect()
    }

    async fn remove_one(&self, tagged: &Tagged) -> Result<bool, Failure> {
        let now = now();
        for vnet in self.tagged_vnets(now).await? {
            if vnet.id.to_string() == tagged.id {
                return self.remove_vnet(&vnet, now).await;
            }
            for half in vnet.halves() {
                if format!("{}/virtualNetworkPeerings/{}", vnet.id, half.name) == tagged.id {
                    return take_away(self, &vnet.id, half, now).await;
                }
            }
        }
        Ok(true)
    }
}

/// The time of this machine: whoever asks for a list has none at hand, and a token needs one.
fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX))
}
