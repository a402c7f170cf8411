//! Network containers: the service's side of a peering, one for each cloud and region on AWS and
//! Azure, one for each project on GCP. Owns their rules: block sizes, uniqueness, what a peering
//! locks. Must not know how a container is stored or spelled on the wire.

use alloc::string::String;
use alloc::vec::Vec;

use crate::cidr::AddressBlock;
use crate::cloud::{Network, NetworkNames, Observed};
use crate::error::{FieldFault, Refusal};
use crate::id::{ContainerId, GroupId};
use crate::provider::Provider;
use crate::quota;
use crate::region::{AwsRegion, AzureRegion, GcpRegion};
use crate::time::Timestamp;

/// The block of an AWS container when its owner names none.
pub const AWS_DEFAULT_BLOCK: &str = "192.168.248.0/21";

/// Where a container is and which addresses it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerSpec {
    /// One region of AWS.
    Aws {
        /// The region.
        region: AwsRegion,
        /// Its addresses.
        block: AddressBlock,
    },
    /// One region of Azure.
    Azure {
        /// The region.
        region: AzureRegion,
        /// Its addresses.
        block: AddressBlock,
    },
    /// The whole of GCP, or some regions of it.
    Gcp {
        /// The only regions that may be used, in the order in which they were given; empty: all.
        regions: Vec<GcpRegion>,
        /// Its addresses.
        block: AddressBlock,
    },
}

impl ContainerSpec {
    /// The cloud.
    #[must_use]
    pub fn provider(&self) -> Provider {
        match self {
            Self::Aws { .. } => Provider::Aws,
            Self::Azure { .. } => Provider::Azure,
            Self::Gcp { .. } => Provider::Gcp,
        }
    }

    /// The addresses.
    #[must_use]
    pub fn block(&self) -> &AddressBlock {
        match self {
            Self::Aws { block, .. } | Self::Azure { block, .. } | Self::Gcp { block, .. } => block,
        }
    }

    /// Whether both want the one place that a project has for a container.
    #[must_use]
    pub fn same_place(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Aws { region: ours, .. }, Self::Aws { region: theirs, .. }) => ours == theirs,
            (Self::Azure { region: ours, .. }, Self::Azure { region: theirs, .. }) => {
                ours == theirs
            }
            (Self::Gcp { .. }, Self::Gcp { .. }) => true,
            (Self::Aws { .. } | Self::Azure { .. } | Self::Gcp { .. }, _) => false,
        }
    }

    /// Checks the block against the provider's rule: private addresses; /21 to /24 on AWS and
    /// Azure; /18 or larger on GCP, or down to /21 when its regions are restricted.
    ///
    /// # Errors
    /// [`Refusal::BadFields`] that names `atlasCidrBlock`.
    pub fn check(&self) -> Result<(), Refusal> {
        let block = self.block();
        let length = block.prefix_length();
        let (fits, rule) = match self {
            Self::Aws { .. } | Self::Azure { .. } => ((21..=24).contains(&length), "/21 to /24"),
            Self::Gcp { regions, .. } if regions.is_empty() => (length <= 18, "/18 or larger"),
            Self::Gcp { .. } => (length <= 21, "/21 or larger"),
        };
        if !block.is_private() {
            return Err(block_fault(block, "must lie within the private ranges of RFC 1918"));
        }
        if !fits {
            return Err(block_fault(block, &alloc::format!("must be {rule}")));
        }
        Ok(())
    }
}

fn block_fault(block: &AddressBlock, rule: &str) -> Refusal {
    let detail = alloc::format!("The CIDR block {block} {rule}.");
    Refusal::BadFields(alloc::vec![FieldFault::invalid("atlasCidrBlock", detail)])
}

/// One network container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// Its project.
    pub group: GroupId,
    /// What its owner asked for.
    pub spec: ContainerSpec,
    /// How many peerings live in it, those being deleted included.
    pub peerings: u32,
    /// What exists for it in the cloud.
    pub observed: Observed<Network>,
    /// When it was made.
    pub created: Timestamp,
}

impl Container {
    /// Makes a container of a project that has `siblings`.
    ///
    /// # Errors
    /// A bad block, a container in the same place, or too many of them.
    pub fn create(
        id: ContainerId,
        group: GroupId,
        spec: ContainerSpec,
        siblings: &[Self],
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        spec.check()?;
        refuse_same_place(&spec, group, siblings.iter())?;
        if siblings.len() >= quota::CONTAINERS_PER_GROUP {
            return Err(Refusal::ContainerMaximum { limit: quota::CONTAINERS_PER_GROUP });
        }
        Ok(Self { id, group, spec, peerings: 0, observed: Observed::Nothing, created: now })
    }

    /// Moves an empty container to another place or block; it keeps its id. A change that asks for
    /// what is there already is allowed at any time and answers the container as it is.
    ///
    /// # Errors
    /// Another provider, a bad block, a taken place, or a container that is locked by a peering.
    pub fn change(&self, spec: ContainerSpec, siblings: &[Self]) -> Result<Self, Refusal> {
        if spec.provider() != self.spec.provider() {
            return Err(Refusal::field("providerName"));
        }
        if spec == self.spec {
            return Ok(self.clone());
        }
        spec.check()?;
        self.refuse_in_use()?;
        let others = siblings.iter().filter(|sibling| sibling.id != self.id);
        refuse_same_place(&spec, self.group, others)?;
        Ok(Self { spec, ..self.clone() })
    }

    /// Refuses when the container cannot be taken away or moved.
    ///
    /// # Errors
    /// [`Refusal::ContainerInUse`] while a peering lives in it or the cloud still holds something.
    pub fn refuse_in_use(&self) -> Result<(), Refusal> {
        if self.peerings > 0 || self.observed != Observed::Nothing {
            return Err(Refusal::ContainerInUse { container: self.id, peerings: self.peerings });
        }
        Ok(())
    }

    /// Whether a peering needs it to exist in the cloud.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.peerings > 0
    }

    /// Whether it exists in the cloud, ready for use.
    #[must_use]
    pub fn is_provisioned(&self) -> bool {
        self.observed.found().is_some_and(|network| network.ready)
    }

    /// Whether it is in the cloud as its owner sees it: from when it is ready until the last of it
    /// is gone. A container that shows `false` and holds no peering can be deleted.
    #[must_use]
    pub fn shows_provisioned(&self) -> bool {
        self.is_provisioned() || (!self.is_wanted() && self.observed != Observed::Nothing)
    }

    /// Whether nothing is left to do about it.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match &self.observed {
            Observed::Nothing => !self.is_wanted(),
            Observed::Unknown => false,
            Observed::Found(network) => {
                network.ready && self.is_wanted() && !network.needs_repair()
            }
        }
    }

    /// The cloud's names for it, once it exists there.
    #[must_use]
    pub fn names(&self) -> Option<&NetworkNames> {
        self.observed.found().map(|network| &network.names)
    }

    /// The place as one word, for messages.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.spec {
            ContainerSpec::Aws { region, .. } => region.name().into(),
            ContainerSpec::Azure { region, .. } => region.name().into(),
            ContainerSpec::Gcp { .. } => "GCP".into(),
        }
    }
}

fn refuse_same_place<'a>(
    spec: &ContainerSpec,
    group: GroupId,
    mut others: impl Iterator<Item = &'a Container>,
) -> Result<(), Refusal> {
    match others.find(|other| other.spec.same_place(spec)) {
        Some(taken) => Err(Refusal::ContainerExists { group, container: taken.id }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aws(region: &str, block: &str) -> ContainerSpec {
        ContainerSpec::Aws {
            region: AwsRegion::parse(region).unwrap(),
            block: AddressBlock::parse(block).unwrap(),
        }
    }

    fn gcp(regions: &[&str], block: &str) -> ContainerSpec {
        ContainerSpec::Gcp {
            regions: regions.iter().map(|name| GcpRegion::parse(name).unwrap()).collect(),
            block: AddressBlock::parse(block).unwrap(),
        }
    }

    fn make(spec: ContainerSpec, siblings: &[Container]) -> Result<Container, Refusal> {
        let id = ContainerId::generate(Timestamp::ZERO, [7; 8]);
        Container::create(id, GroupId::from_bytes([1; 12]), spec, siblings, Timestamp::ZERO)
    }

    /// Source: the published API document: RFC 1918; /21 to /24 on AWS and Azure; /18 or larger on
    /// GCP, /21 when its regions are restricted.
    #[test]
    fn a_block_has_the_size_that_its_provider_takes() {
        let taken = [
            aws("US_EAST_1", "10.0.0.0/21"),
            aws("US_EAST_1", "192.168.0.0/24"),
            gcp(&[], "10.0.0.0/18"),
            gcp(&["WESTERN_EUROPE"], "10.0.0.0/21"),
        ];
        for spec in taken {
            assert_eq!(spec.check(), Ok(()), "{spec:?}");
        }
        let refused = [
            aws("US_EAST_1", "10.0.0.0/20"),
            aws("US_EAST_1", "10.0.0.0/25"),
            aws("US_EAST_1", "8.8.8.0/24"),
            aws("US_EAST_1", "fd00::/21"),
            gcp(&[], "10.0.0.0/19"),
            gcp(&["WESTERN_EUROPE"], "10.0.0.0/22"),
        ];
        for spec in refused {
            assert!(spec.check().is_err(), "{spec:?}");
        }
    }

    /// Source: the published API document: one container for each project and region on AWS and
    /// Azure, one for each project on GCP.
    #[test]
    fn a_second_container_in_the_same_place_is_refused() {
        let first = make(aws("US_EAST_1", "10.0.0.0/21"), &[]).unwrap();
        let again = make(aws("US_EAST_1", "10.8.0.0/21"), core::slice::from_ref(&first));
        assert!(matches!(again, Err(Refusal::ContainerExists { .. })));
        assert!(make(aws("US_EAST_2", "10.0.0.0/21"), &[first]).is_ok());
        let first = make(gcp(&[], "10.0.0.0/16"), &[]).unwrap();
        let again = make(gcp(&["WESTERN_US"], "10.8.0.0/16"), &[first]);
        assert!(matches!(again, Err(Refusal::ContainerExists { .. })));
    }

    /// Source: what public clients do: an empty container may move and keeps its id; one with a
    /// peering is locked.
    #[test]
    fn a_peering_locks_its_container() {
        let mut container = make(aws("US_EAST_1", "10.0.0.0/21"), &[]).unwrap();
        let moved = container.change(aws("US_EAST_2", "10.1.0.0/21"), &[]).unwrap();
        assert_eq!(moved.id, container.id);
        container.peerings = 1;
        let refused = container.change(aws("US_EAST_2", "10.1.0.0/21"), &[]);
        assert!(matches!(refused, Err(Refusal::ContainerInUse { .. })));
        assert!(container.refuse_in_use().is_err());
        assert_eq!(container.change(container.spec.clone(), &[]), Ok(container.clone()));
    }

    #[test]
    fn a_container_never_changes_its_provider() {
        let container = make(aws("US_EAST_1", "10.0.0.0/21"), &[]).unwrap();
        assert!(container.change(gcp(&[], "10.0.0.0/16"), &[]).is_err());
    }
}
