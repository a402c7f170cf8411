//! `ModifyVpcPeeringConnectionOptions`. Sources: EC2 API Reference; Amazon VPC Peering Guide,
//! "Enable DNS resolution for a VPC peering connection"; EC2's error codes.

use super::super::listing::CONNECTION;
use super::super::parameters::Parameters;
use super::super::refusal::{Refusal, missing, not_permitted};
use super::super::turn::{Outcome, Turn};
use super::super::vpcs::Vpc;
use super::super::world::World;
use super::super::xml::Xml;
use super::{Connection, Party, Side, State};

const DNS: &str = "AllowDnsResolutionFromRemoteVpc";

/// Options of `ClassicLink`, which is retired.
const CLASSIC: [&str; 2] =
    ["AllowEgressFromLocalClassicLinkToRemoteVpc", "AllowEgressFromLocalVpcToRemoteClassicLink"];

/// What a request says about one side.
#[derive(Debug)]
struct Wish {
    party: Party,
    dns: Option<bool>,
    classic: Vec<(&'static str, bool)>,
}

impl Party {
    const fn parameter(self) -> &'static str {
        match self {
            Self::Requester => "RequesterPeeringConnectionOptions",
            Self::Accepter => "AccepterPeeringConnectionOptions",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Accepter => "accepter",
        }
    }
}

/// Sets a side's options, each side's by its own account in its own region.
pub(in crate::aws) fn modify(turn: &mut Turn<'_>) -> Outcome {
    let id = CONNECTION.need(turn)?;
    let wishes = wishes(turn.input)?;
    let found = turn.world.tables.connections.get(id);
    let connection =
        found.filter(|it| it.is_visible(turn)).ok_or_else(|| CONNECTION.not_found(id))?;
    if connection.state != State::Active {
        let words = format!(
            "Peering {id} is not active. Peering options can be added only to active peerings."
        );
        return Err(not_permitted(words));
    }
    for wish in &wishes {
        check(turn, id, connection, wish)?;
    }
    if let Some(connection) = turn.world.tables.connections.get_mut(id) {
        for Wish { party, dns, .. } in &wishes {
            let side = match party {
                Party::Requester => &mut connection.requester,
                Party::Accepter => &mut connection.accepter,
            };
            side.dns = dns.unwrap_or(side.dns);
        }
    }
    Ok(answer(turn, id, &wishes))
}

fn wishes(input: &Parameters) -> Result<Vec<Wish>, Refusal> {
    let mut wishes = Vec::new();
    for party in [Party::Requester, Party::Accepter] {
        let head = party.parameter();
        if !input.names().any(|name| name.starts_with(head)) {
            continue;
        }
        let mut classic = Vec::new();
        for name in CLASSIC {
            classic.extend(input.flag(&format!("{head}.{name}"))?.map(|value| (name, value)));
        }
        wishes.push(Wish { party, dns: input.flag(&format!("{head}.{DNS}"))?, classic });
    }
    if wishes.is_empty() { Err(missing(Party::Requester.parameter())) } else { Ok(wishes) }
}

fn check(turn: &Turn<'_>, id: &str, connection: &Connection, wish: &Wish) -> Result<(), Refusal> {
    let (side, noun) = (connection.side(wish.party), wish.party.noun());
    if side.account != turn.caller.account {
        let words = format!(
            "User {} does not have permission to modify the {noun} side peering options",
            turn.caller.account
        );
        return Err(not_permitted(words));
    }
    if side.region != turn.caller.region {
        let words = format!(
            "Incorrect region ({}) specified for this request. The {noun} side peering options of \
             VPC peering connection {id} must be modified in region {}",
            turn.caller.region, side.region
        );
        return Err(not_permitted(words));
    }
    if !wish.classic.is_empty() && connection.is_inter_region() {
        let names: Vec<&str> = wish.classic.iter().map(|(name, _)| *name).collect();
        let words = format!(
            "Modifying VPC peering connection options {} is not supported for cross-region VPC \
             peering connections",
            names.join(", ")
        );
        return Err(not_permitted(words));
    }
    if wish.classic.iter().any(|(_, value)| *value) {
        return Err(Refusal::new("UnsupportedOperation", "EC2-Classic has been retired."));
    }
    if wish.dns == Some(true) && !both_have_dns(turn.world, connection) {
        let words = "To enable DNS hostname resolution for the VPC peering connection, DNS \
                     hostname support must be enabled for the VPCs.";
        return Err(Refusal::new("InvalidVpcPeeringConnectionState.DnsHostnamesDisabled", words));
    }
    Ok(())
}

fn both_have_dns(world: &World, connection: &Connection) -> bool {
    let has = |side: &Side| side.own_vpc(world).is_some_and(Vpc::has_dns);
    has(&connection.requester) && has(&connection.accepter)
}

fn answer(turn: &Turn<'_>, id: &str, wishes: &[Wish]) -> Xml {
    let mut xml = Xml::default();
    let Some(connection) = turn.world.tables.connections.get(id) else { return xml };
    for wish in wishes {
        let name = match wish.party {
            Party::Requester => "requesterPeeringConnectionOptions",
            Party::Accepter => "accepterPeeringConnectionOptions",
        };
        xml.block(name, |xml| write(xml, connection, wish.party));
    }
    xml
}

/// The options of a side. Those of `ClassicLink` are not there between regions.
pub(super) fn write(xml: &mut Xml, connection: &Connection, party: Party) {
    xml.text("allowDnsResolutionFromRemoteVpc", connection.side(party).dns);
    if !connection.is_inter_region() {
        xml.text("allowEgressFromLocalClassicLinkToRemoteVpc", false);
        xml.text("allowEgressFromLocalVpcToRemoteClassicLink", false);
    }
}
