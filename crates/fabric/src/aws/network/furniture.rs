//! What lies in a VPC: its subnets, and the attributes that names need.

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{CallError, NetworkRequest};

use super::super::ec2::{Subnet, Vpc, VpcAttribute};
use super::super::visit::{Flaws, Visit, not_now};
use super::name;
use crate::remote::DriftPolicy;

/// The smallest subnet. Source: EC2 API reference, CreateSubnet.
const SMALLEST: u8 = 28;

/// What of it is missing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Furniture {
    /// The blocks of missing subnets, with their places in the division.
    subnets: Vec<(usize, String)>,
    /// Attributes that are switched off.
    attributes: Vec<VpcAttribute>,
    vpc: String,
}

impl Furniture {
    pub(super) async fn look(
        visit: &Visit<'_>,
        vpc: &Vpc,
        request: &NetworkRequest,
    ) -> Result<Self, CallError> {
        let (client, now) = (&visit.client, visit.now);
        let found = client.describe_subnets(&vpc.id, now).await?;
        let mut attributes = Vec::new();
        for attribute in VpcAttribute::ALL {
            if !client.describe_vpc_attribute(&vpc.id, attribute, now).await? {
                attributes.push(attribute);
            }
        }
        let wanted = division(request.spec.block(), visit.options().subnets);
        Ok(Self { subnets: missing(wanted, &found), attributes, vpc: vpc.id.clone() })
    }

    /// What is missing, as drift.
    pub(super) fn tell(&self, policy: DriftPolicy, flaws: &mut Flaws) {
        for (_, block) in &self.subnets {
            flaws.put(policy, format!("{} has no subnet {block}", self.vpc));
        }
        for attribute in &self.attributes {
            flaws.put(policy, format!("{} has {} switched off", self.vpc, attribute.name()));
        }
    }

    /// Makes what is missing.
    pub(super) async fn complete(
        &self,
        visit: &Visit<'_>,
        vpc: &Vpc,
        request: &NetworkRequest,
    ) -> Result<(), CallError> {
        for attribute in &self.attributes {
            visit.client.enable_vpc_attribute(&vpc.id, *attribute, visit.now).await?;
        }
        if self.subnets.is_empty() {
            return Ok(());
        }
        let zones = zones(visit).await?;
        for (place, block) in &self.subnets {
            let zone = &zones[place % zones.len()];
            let called = format!("{}-{zone}", name(request.container));
            let tags = visit.tags(request.group, request.container, called);
            visit.client.create_subnet(&vpc.id, block, zone, &tags, visit.now).await?;
        }
        Ok(())
    }
}

/// The blocks that a network is divided into: so many, each the next smaller power of two, as long
/// as they are not too small for a subnet.
fn division(block: &AddressBlock, subnets: u8) -> Vec<String> {
    let length = block.prefix_length();
    let bits = subnets.max(1).next_power_of_two().trailing_zeros();
    let wanted = length.saturating_add(u8::try_from(bits).unwrap_or(0));
    let longest = wanted.min(SMALLEST.max(length));
    let parts = block.net().subnets(longest).into_iter().flatten();
    parts.take(usize::from(subnets.max(1))).map(|part| part.to_string()).collect()
}

/// The blocks that no subnet has a part of, each with its place: a network that was divided
/// otherwise before works as it is.
fn missing(wanted: Vec<String>, found: &[Subnet]) -> Vec<(usize, String)> {
    let taken: Vec<AddressBlock> =
        found.iter().filter_map(|subnet| AddressBlock::parse(&subnet.block).ok()).collect();
    let is_free = |block: &str| {
        let block = AddressBlock::parse(block);
        block.is_ok_and(|block| !taken.iter().any(|other| other.overlaps(&block)))
    };
    wanted.into_iter().enumerate().filter(|(_, block)| is_free(block)).collect()
}

/// The zones that take subnets, in the order of their names; at least one.
async fn zones(visit: &Visit<'_>) -> Result<Vec<String>, CallError> {
    let found = visit.client.describe_zones(visit.now).await?;
    let mut names: Vec<String> =
        found.into_iter().filter(|zone| zone.usable).map(|zone| zone.name).collect();
    names.sort();
    if names.is_empty() {
        let words = format!("No zone of {} takes subnets.", visit.client.region());
        return Err(not_now("InsufficientCapacity", words));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(block: &str, subnets: u8) -> Vec<String> {
        division(&AddressBlock::parse(block).unwrap(), subnets)
    }

    #[test]
    fn a_block_is_divided_evenly() {
        assert_eq!(
            divided("192.168.248.0/21", 3),
            ["192.168.248.0/23", "192.168.250.0/23", "192.168.252.0/23"]
        );
        assert_eq!(divided("10.0.0.0/24", 1), ["10.0.0.0/24"]);
        assert_eq!(divided("10.0.0.7/24", 2), ["10.0.0.0/25", "10.0.0.128/25"]);
        assert_eq!(divided("10.0.0.0/24", 8).len(), 8);
    }

    #[test]
    fn no_subnet_is_smaller_than_ec2_makes_them() {
        assert_eq!(divided("10.0.0.0/27", 4), ["10.0.0.0/28", "10.0.0.16/28"]);
        assert_eq!(divided("10.0.0.0/28", 3), ["10.0.0.0/28"]);
    }

    #[test]
    fn what_is_missing_keeps_its_place() {
        let subnet = |block: &str| Subnet {
            id: String::new(),
            vpc: String::new(),
            block: block.to_owned(),
            tags: Default::default(),
        };
        let wanted = divided("10.0.0.0/24", 2);
        assert_eq!(missing(wanted, &[subnet("10.0.0.0/25")]), [(1, "10.0.0.128/25".to_owned())]);
        // It was divided into two, and is asked to have four.
        let halves = [subnet("10.0.0.0/25"), subnet("10.0.0.128/25")];
        assert_eq!(missing(divided("10.0.0.0/24", 4), &halves), []);
    }
}
