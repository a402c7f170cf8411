//! The blocks that a VPC has beside its primary one. Source: Amazon VPC User Guide, "VPC CIDR
//! blocks".

use ipnet::Ipv4Net;

use super::super::blocks::{self, overlap};
use super::super::connections::State;
use super::super::listing::VPC;
use super::super::refusal::{Refusal, not_permitted};
use super::super::turn::{Outcome, Turn};
use super::super::world::World;
use super::super::xml::Xml;
use super::{VpcBlock, blocks_of};

/// The most blocks of a VPC, the primary one included (Amazon VPC quotas).
const BLOCKS_MAX: usize = 5;

/// `AssociateVpcCidrBlock`.
pub(in crate::aws) fn associate_block(turn: &mut Turn<'_>) -> Outcome {
    let id = VPC.need(turn)?;
    let text = turn.input.need("CidrBlock")?;
    let block = blocks::read("CidrBlock", text)?;
    let vpc = turn.vpc(id).ok_or_else(|| VPC.not_found(id))?;
    let own = vpc.blocks.iter().any(|it| overlap(it.block, block));
    let range = || Refusal::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid."));
    if !blocks::fits(block) || blocks::is_reserved(block) || own {
        return Err(range());
    }
    if vpc.blocks.len() >= BLOCKS_MAX {
        let words = format!(
            "This network '{id}' has met its maximum number of allowed CIDRs: {BLOCKS_MAX}"
        );
        return Err(Refusal::new("CidrLimitExceeded", words));
    }
    if meets_a_peer(turn.world, id, block) {
        return Err(range());
    }
    let association = turn.world.tables.ids.resource("vpc-cidr-assoc");
    let added = VpcBlock { association, block };
    let mut xml = Xml::default();
    xml.block("cidrBlockAssociation", |xml| write(xml, &added, "associating")).text("vpcId", id);
    if let Some(vpc) = turn.world.tables.vpcs.get_mut(id) {
        vpc.blocks.push(added);
    }
    Ok(xml)
}

/// Whether the block overlaps one of a VPC that this one's traffic goes to.
fn meets_a_peer(world: &World, id: &str, block: Ipv4Net) -> bool {
    let connections = world.tables.connections.values().filter(|it| it.touches(id));
    let joined = connections.filter(|it| matches!(it.state, State::Provisioning | State::Active));
    joined.into_iter().any(|it| {
        let peer = if it.requester.vpc == id { &it.accepter.vpc } else { &it.requester.vpc };
        blocks_of(world, peer).into_iter().flatten().any(|other| overlap(other, block))
    })
}

/// `DisassociateVpcCidrBlock`.
pub(in crate::aws) fn disassociate_block(turn: &mut Turn<'_>) -> Outcome {
    let association = turn.input.need("AssociationId")?;
    let not_found = || {
        let code = "InvalidVpcCidrBlockAssociationID.NotFound";
        let words = format!("The vpc CIDR block association ID '{association}' does not exist");
        Refusal::new(code, words)
    };
    let has = |blocks: &[VpcBlock]| blocks.iter().position(|it| it.association == association);
    let vpcs = turn.world.tables.vpcs.iter();
    let mut own = vpcs.filter(|(_, vpc)| turn.owns(&vpc.account, &vpc.region));
    let found = own.find_map(|(id, vpc)| has(&vpc.blocks).map(|at| (id.clone(), at)));
    let (id, at) = found.ok_or_else(not_found)?;
    if at == 0 {
        let words = format!(
            "The vpc CIDR block with association ID {association} may not be disassociated. It is \
             the primary IPv4 CIDR block of the VPC"
        );
        return Err(not_permitted(words));
    }
    let gone = turn.world.tables.vpcs.get(&id).map(|vpc| vpc.blocks[at].clone());
    let gone = gone.ok_or_else(not_found)?;
    let subnets = turn.world.tables.subnets.values();
    if subnets.into_iter().any(|it| it.vpc == id && gone.block.contains(&it.block)) {
        let words =
            format!("The vpc CIDR block association '{association}' is in use by a subnet.");
        return Err(Refusal::new("DependencyViolation", words));
    }
    if let Some(vpc) = turn.world.tables.vpcs.get_mut(&id) {
        vpc.blocks.remove(at);
    }
    let mut xml = Xml::default();
    xml.block("cidrBlockAssociation", |xml| write(xml, &gone, "disassociating"));
    xml.text("vpcId", id);
    Ok(xml)
}

pub(super) fn write(xml: &mut Xml, it: &VpcBlock, state: &str) {
    xml.text("associationId", &it.association).text("cidrBlock", it.block);
    xml.block("cidrBlockState", |xml| {
        xml.text("state", state);
    });
}
