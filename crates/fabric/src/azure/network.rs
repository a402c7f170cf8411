//! Containers on Azure: one virtual network each, with one subnet over the whole block.
//!
//! A network is found by its tags, never by its name: part of that is random, so that one that was
//! made again is another one. Of several with one tag (two of us at one time, a request that came
//! late) the one with peerings is kept, else the one that we know, else the first by name; the
//! others go. Azure would delete a network that has peerings and cut the other sides off; we do
//! not.

mod vnet;

use peerage_core::cloud::{CallError, Network, NetworkNames, NetworkRequest, Sighting};
use peerage_core::container::ContainerSpec;
use peerage_core::id::ContainerId;
use peerage_core::time::Timestamp;
use serde_json::{Value, json};

use super::arm::Ask;
use super::failure::Failure;
use super::half::ProvisioningState;
use super::locations::location;
use super::resource::{NETWORK_VERSION, RESOURCES_VERSION, group, networks};
use super::{Azure, random_u64};
use crate::remote::Meaning;
use crate::tags;
pub(super) use vnet::Vnet;
use vnet::{Fault, SUBNET};

/// Random letters and digits at the end of a name.
const SUFFIX: usize = 8;

pub(super) async fn ensure(
    azure: &Azure,
    request: &NetworkRequest,
    now: Timestamp,
) -> Result<Sighting<Network>, CallError> {
    let made = made(azure, request, now).await.map_err(Failure::error)?;
    azure.memory.network_seen(request.container, made.id.name());
    Ok(azure.shown(request, &made))
}

pub(super) async fn observe(
    azure: &Azure,
    request: &NetworkRequest,
    now: Timestamp,
) -> Result<Sighting<Network>, CallError> {
    let found = match azure.memory.network(request.container) {
        Some(name) => azure.named(request.container, &name, now).await.map_err(Failure::error)?,
        None => None,
    };
    let found = match found {
        Some(found) => Some(found),
        None => azure.tagged(request.container, now).await.map_err(Failure::error)?,
    };
    let Some(found) = found else {
        azure.memory.network_gone(request.container);
        return Ok(Sighting { found: None, recheck_at: None });
    };
    azure.memory.network_seen(request.container, found.id.name());
    Ok(azure.shown(request, &found))
}

pub(super) async fn remove(
    azure: &Azure,
    request: &NetworkRequest,
    now: Timestamp,
) -> Result<Sighting<Network>, CallError> {
    let mut left = None;
    for vnet in azure.all_tagged(request.container, now).await.map_err(Failure::error)? {
        if azure.remove_vnet(&vnet, now).await.map_err(Failure::error)? {
            continue;
        }
        let Sighting { found, .. } = azure.shown(request, &vnet);
        left = left.or(found.map(|network| Network { ready: false, drift: None, ..network }));
    }
    if left.is_none() {
        azure.memory.network_gone(request.container);
    }
    Ok(Sighting { found: left, recheck_at: None })
}

/// The network of a container, made or put right.
async fn made(azure: &Azure, request: &NetworkRequest, now: Timestamp) -> Result<Vnet, Failure> {
    let mut tagged = azure.all_tagged(request.container, now).await?.into_iter();
    let Some(chosen) = tagged.next() else {
        return azure.create(request, now).await;
    };
    for spare in tagged.filter(|vnet| vnet.halves().is_empty() && !vnet.is_leaving()) {
        azure.remove_vnet(&spare, now).await?;
    }
    if chosen.is_leaving() {
        return Ok(chosen);
    }
    let faults = chosen.faults(request, azure.installation());
    let to_mend = azure.options.remote.drift.drift(String::new()).repair;
    match faults.first() {
        _ if chosen.state() == ProvisioningState::Updating => Ok(chosen),
        // Azure did not finish it: the same once more.
        _ if chosen.state() == ProvisioningState::Failed => {
            let fault = to_mend.then_some(Fault::Addresses);
            azure.mend(request, chosen, fault, now).await
        }
        // One at a time: each keeps the network busy for a while.
        Some(fault) if to_mend => azure.mend(request, chosen, Some(*fault), now).await,
        Some(_) | None => Ok(chosen),
    }
}

impl Azure {
    fn shown(&self, request: &NetworkRequest, vnet: &Vnet) -> Sighting<Network> {
        let faults = vnet.faults(request, self.installation());
        let words: Vec<_> = faults.iter().map(|fault| fault.words(&vnet.id, request)).collect();
        let ready = vnet.state() == ProvisioningState::Succeeded;
        let drift =
            (ready && !words.is_empty()).then(|| self.options.remote.drift.drift(words.join("; ")));
        let names = NetworkNames::Azure {
            subscription_id: vnet.id.subscription().to_lowercase(),
            vnet_name: vnet.id.name().to_owned(),
        };
        Sighting { found: Some(Network { names, ready, drift }), recheck_at: None }
    }

    /// Every network of our resource group.
    pub(super) async fn vnets(&self, now: Timestamp) -> Result<Vec<Vnet>, Failure> {
        let path = networks(&self.options.subscription, &self.options.resource_group);
        let ask = Ask::new(http::Method::GET, &path, NETWORK_VERSION, self.tenant());
        let listed = match self.arm.list(ask, now).await {
            Err(failure) if failure.code == "ResourceGroupNotFound" => Vec::new(),
            listed => listed?,
        };
        listed.into_iter().map(|whole| Vnet::read(whole, &self.place)).collect()
    }

    /// Every network of a container, the one to keep first.
    async fn all_tagged(
        &self,
        container: ContainerId,
        now: Timestamp,
    ) -> Result<Vec<Vnet>, Failure> {
        let mut vnets = self.vnets(now).await?;
        vnets.retain(|vnet| vnet.is_of(container, self.installation()));
        let known = self.memory.network(container);
        vnets.sort_by_key(|vnet| {
            let is_known = known.as_deref() == Some(vnet.id.name());
            let name = vnet.id.name().to_lowercase();
            (vnet.is_leaving(), vnet.halves().is_empty(), !is_known, name)
        });
        Ok(vnets)
    }

    /// The network of a container.
    pub(super) async fn tagged(
        &self,
        container: ContainerId,
        now: Timestamp,
    ) -> Result<Option<Vnet>, Failure> {
        Ok(self.all_tagged(container, now).await?.into_iter().next())
    }

    /// The network of that name, if it is the container's.
    async fn named(
        &self,
        container: ContainerId,
        name: &str,
        now: Timestamp,
    ) -> Result<Option<Vnet>, Failure> {
        let Some(id) = self.place.sibling(name) else { return Ok(None) };
        let ask = Ask::new(http::Method::GET, &id.path(), NETWORK_VERSION, self.tenant());
        let whole = match self.arm.send(&ask, now).await {
            Err(failure) if failure.is_missing() => return Ok(None),
            done => done?.body,
        };
        let vnet = Vnet::read(whole, &self.place)?;
        Ok(vnet.is_of(container, self.installation()).then_some(vnet))
    }

    async fn create(&self, request: &NetworkRequest, now: Timestamp) -> Result<Vnet, Failure> {
        // One whose answer was lost is asked for by the same name: it is never there twice.
        let name = match self.memory.network(request.container) {
            Some(name) => name,
            None => fresh_name(request.container)?,
        };
        self.memory.network_seen(request.container, &name);
        let Some(id) = self.place.sibling(&name) else {
            return Err(Failure::new("InvalidName", name, Meaning::Refused));
        };
        let place = self.location(request)?;
        let block = request.spec.block().net().to_string();
        let body = json!({
            "location": place,
            "tags": self.tags(request),
            "properties": {
                "addressSpace": { "addressPrefixes": [block] },
                "subnets": [{ "name": SUBNET, "properties": { "addressPrefix": block } }],
            },
        });
        let ask = Ask::new(http::Method::PUT, &id.path(), NETWORK_VERSION, self.tenant());
        let ask = ask.body(body);
        let done = match self.arm.send(&ask, now).await {
            Err(failure) if failure.code == "ResourceGroupNotFound" => {
                self.make_group(&place, now).await?;
                self.arm.send(&ask, now).await
            }
            done => done,
        };
        Vnet::read(done?.body, &self.place).map_err(in_doubt)
    }

    async fn make_group(&self, place: &str, now: Timestamp) -> Result<(), Failure> {
        let path = group(&self.options.subscription, &self.options.resource_group);
        let ask = Ask::new(http::Method::PUT, &path, RESOURCES_VERSION, self.tenant());
        let tags = json!({ tags::INSTALLATION: self.installation() });
        let ask = ask.body(json!({ "location": place, "tags": tags }));
        self.arm.send(&ask, now).await.map(drop)
    }

    fn tags(&self, request: &NetworkRequest) -> Value {
        json!({
            tags::INSTALLATION: self.installation(),
            tags::GROUP: request.group.to_string(),
            tags::CONTAINER: request.container.to_string(),
        })
    }

    fn location(&self, request: &NetworkRequest) -> Result<String, Failure> {
        let ContainerSpec::Azure { region, .. } = &request.spec else {
            let words = "the container is not one of Azure";
            return Err(Failure::new("InvalidContainer", words, Meaning::Refused));
        };
        let own = self.options.locations.get(region).cloned();
        own.or_else(|| location(*region).map(str::to_owned)).ok_or_else(|| {
            let words = format!("no location is known for the region {region}");
            Failure::new("InvalidLocation", words, Meaning::Denied)
        })
    }

    /// Puts one thing right; `None`: asks for the network as it is once more.
    async fn mend(
        &self,
        request: &NetworkRequest,
        vnet: Vnet,
        fault: Option<Fault>,
        now: Timestamp,
    ) -> Result<Vnet, Failure> {
        let block = request.spec.block().net().to_string();
        let (path, tenant) = (vnet.id.path(), self.tenant());
        let ask = match fault {
            None => self.once_more(&vnet, None),
            Some(Fault::Addresses) => self.once_more(&vnet, Some(&block)),
            Some(Fault::Subnet) => {
                let path = format!("{path}/subnets/{SUBNET}");
                let body = json!({ "properties": { "addressPrefix": block } });
                Ask::new(http::Method::PUT, &path, NETWORK_VERSION, tenant).body(body)
            }
            Some(Fault::Tags) => {
                let mut tags = json!(vnet.tags());
                for (name, value) in self.tags(request).as_object().into_iter().flatten() {
                    tags[name] = value.clone();
                }
                let ask = Ask::new(http::Method::PATCH, &path, NETWORK_VERSION, tenant);
                ask.body(json!({ "tags": tags }))
            }
        };
        self.arm.send(&ask, now).await?;
        let seen = self.named(request.container, vnet.id.name(), now).await.map_err(in_doubt)?;
        Ok(seen.unwrap_or(vnet))
    }

    /// Asks for a network as it is shown, but with these addresses where some are given.
    ///
    /// It is put back whole: what else is left out of it, Azure may take away. Its peerings are
    /// left out: a body that does not mention them leaves them as they are, and for one that does,
    /// Azure wants access to each network they lead to, with a token of its directory.
    fn once_more(&self, vnet: &Vnet, block: Option<&str>) -> Ask<'_> {
        let mut body = vnet.whole.clone();
        if let Some(Value::Object(properties)) = body.get_mut("properties") {
            properties.remove("virtualNetworkPeerings");
        }
        if let Some(block) = block {
            body["properties"]["addressSpace"]["addressPrefixes"] = json!([block]);
        }
        let path = vnet.id.path();
        let ask = Ask::new(http::Method::PUT, &path, NETWORK_VERSION, self.tenant());
        ask.body(body).only_if(vnet.etag().cloned())
    }

    /// Takes a network away; `true`: nothing is left of it.
    pub(super) async fn remove_vnet(&self, vnet: &Vnet, now: Timestamp) -> Result<bool, Failure> {
        if let Some(half) = vnet.halves().first() {
            let words = format!("{} still has the peering {}.", vnet.id, half.name);
            return Err(Failure::new("InUseVirtualNetworkCannotBeDeleted", words, Meaning::NotNow));
        }
        if vnet.is_leaving() {
            return Ok(false);
        }
        let ask = Ask::new(http::Method::DELETE, &vnet.id.path(), NETWORK_VERSION, self.tenant());
        match self.arm.send(&ask, now).await {
            Err(failure) if failure.is_missing() => return Ok(true),
            done => drop(done?),
        }
        let ask = Ask::new(http::Method::GET, &vnet.id.path(), NETWORK_VERSION, self.tenant());
        match self.arm.send(&ask, now).await {
            Err(failure) if failure.is_missing() => Ok(true),
            // That it goes is certain; how far it is the next look tells.
            Err(_) | Ok(_) => Ok(false),
        }
    }
}

fn fresh_name(container: ContainerId) -> Result<String, Failure> {
    let random = random_u64();
    let random = random.map_err(|words| Failure::new("NoRandom", words, Meaning::NotNow))?;
    Ok(format!("{}{}", tags::network_prefix(container), suffix(random)))
}

/// A change was made and what came of it cannot be read.
fn in_doubt(failure: Failure) -> Failure {
    Failure { meaning: Meaning::InDoubt, ..failure }
}

fn suffix(random: u64) -> String {
    const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = random;
    let mut letter = || {
        let letter = LETTERS[usize::try_from(rest % 36).unwrap_or(0)];
        rest /= 36;
        char::from(letter)
    };
    (0..SUFFIX).map(|_| letter()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_has_eight_letters_or_digits() {
        for random in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
            let suffix = suffix(random);
            assert_eq!(suffix.len(), SUFFIX);
            assert!(suffix.chars().all(|c| c.is_ascii_digit() || c.is_ascii_lowercase()));
        }
        assert_ne!(suffix(1), suffix(2));
    }
}
