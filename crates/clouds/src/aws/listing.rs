//! What all Describe actions share: ids that have to exist, filters that count, objects that are
//! not to be seen yet, and pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::refusal::{Refusal, refused};
use super::turn::Turn;
use super::xml::Xml;

/// A kind of objects, and EC2's words for one that is not there.
#[derive(Debug)]
pub(super) struct Kind {
    /// How its ids begin.
    pub(super) prefix: &'static str,
    /// The parameter that has ids.
    pub(super) parameter: &'static str,
    not_found: &'static str,
    malformed: &'static str,
    noun: &'static str,
    /// The largest page (EC2 API Reference, `MaxResults`).
    page_max: usize,
}

pub(super) const VPC: Kind = Kind {
    prefix: "vpc",
    parameter: "VpcId",
    not_found: "InvalidVpcID.NotFound",
    malformed: "InvalidVpcID.Malformed",
    noun: "vpc ID",
    page_max: 1000,
};

pub(super) const SUBNET: Kind = Kind {
    prefix: "subnet",
    parameter: "SubnetId",
    not_found: "InvalidSubnetID.NotFound",
    malformed: "InvalidSubnetID.Malformed",
    noun: "subnet ID",
    page_max: 1000,
};

pub(super) const TABLE: Kind = Kind {
    prefix: "rtb",
    parameter: "RouteTableId",
    not_found: "InvalidRouteTableID.NotFound",
    malformed: "InvalidRouteTableId.Malformed",
    noun: "routeTable ID",
    page_max: 100,
};

pub(super) const CONNECTION: Kind = Kind {
    prefix: "pcx",
    parameter: "VpcPeeringConnectionId",
    not_found: "InvalidVpcPeeringConnectionID.NotFound",
    malformed: "InvalidVpcPeeringConnectionId.Malformed",
    noun: "vpcPeeringConnection ID",
    page_max: 1000,
};

pub(super) const GROUP: Kind = Kind {
    prefix: "sg",
    parameter: "GroupId",
    not_found: "InvalidGroup.NotFound",
    malformed: "InvalidGroupId.Malformed",
    noun: "security group",
    page_max: 1000,
};

pub(super) const ACL: Kind = Kind {
    prefix: "acl",
    parameter: "NetworkAclId",
    not_found: "InvalidNetworkAclID.NotFound",
    malformed: "InvalidNetworkAclId.Malformed",
    noun: "networkAcl ID",
    page_max: 1000,
};

/// Pages of what has no ids of its own.
pub(super) const PAGE_MAX: usize = 1000;

/// The smallest page that can be asked for.
const PAGE_MIN: usize = 5;

impl Kind {
    /// No such object, as far as the caller can see.
    pub(super) fn not_found(&self, id: &str) -> Refusal {
        Refusal::new(self.not_found, format!("The {} '{id}' does not exist", self.noun))
    }

    /// An id that has to be there and to have the form of this kind's.
    pub(super) fn need<'a>(&self, turn: &Turn<'a>) -> Result<&'a str, Refusal> {
        let id = turn.input.need(self.parameter)?;
        self.check(id)?;
        Ok(id)
    }

    /// Ids have 8 or 17 hexadecimal digits (Amazon EC2 User Guide, "Resource IDs").
    pub(super) fn check(&self, id: &str) -> Result<(), Refusal> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match digits {
            Some(digits) if matches!(digits.len(), 8 | 17) && digits.bytes().all(hexadecimal) => {
                Ok(())
            }
            _ => {
                let words = format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix);
                Err(Refusal::new(self.malformed, words))
            }
        }
    }
}

/// What is described in one answer.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) ids: Vec<String>,
    next: Option<String>,
}

impl Found {
    /// Says where the next page begins.
    pub(super) fn end(&self, xml: &mut Xml) {
        xml.maybe("nextToken", self.next.as_deref());
    }
}

/// The objects that a Describe answers: `visible` are the ids of all that the caller can see, in
/// their order, and `admitted` says which of them the filters let through.
pub(super) fn find(
    turn: &mut Turn<'_>,
    kind: &Kind,
    visible: Vec<String>,
    admitted: impl Fn(&Turn<'_>, &str) -> bool,
) -> Result<Found, Refusal> {
    let asked = turn.input.list(kind.parameter)?;
    for id in &asked {
        kind.check(id)?;
        if visible.binary_search_by(|other| other.as_str().cmp(id)).is_err() {
            return Err(kind.not_found(id));
        }
    }
    let asked_for = |id: &str| asked.is_empty() || asked.contains(&id);
    let seen: Vec<String> =
        visible.into_iter().filter(|id| asked_for(id) && admitted(turn, id)).collect();
    let hidden = turn.world.hide(&seen);
    if let Some(id) = asked.iter().find(|id| hidden.iter().any(|other| other == *id)) {
        return Err(kind.not_found(id));
    }
    let ids = seen.into_iter().filter(|id| !hidden.contains(id)).collect();
    page(turn, ids, kind.page_max)
}

/// Cuts a page out of what was found. A token says after what the next page begins, and is good
/// only for the request that it came with.
pub(super) fn page(turn: &Turn<'_>, ids: Vec<String>, max: usize) -> Result<Found, Refusal> {
    let size = size(turn, max)?;
    let mark = mark(turn);
    let after = match turn.input.get("NextToken") {
        None => None,
        Some(token) => Some(read_token(token, &mark)?),
    };
    let mut rest = ids.into_iter().skip_while(|id| after.as_ref().is_some_and(|after| id <= after));
    let ids: Vec<String> = rest.by_ref().take(size).collect();
    let next = rest.next().and_then(|_| ids.last());
    let next = next.map(|last| URL_SAFE_NO_PAD.encode(format!("{mark}/{last}")));
    Ok(Found { ids, next })
}

fn size(turn: &Turn<'_>, max: usize) -> Result<usize, Refusal> {
    let Some(asked) = turn.input.number("MaxResults")? else { return Ok(max) };
    let size = usize::try_from(asked).unwrap_or(usize::MAX);
    if !(PAGE_MIN..=max).contains(&size) {
        let words = format!(
            "Value ( {asked} ) for parameter maxResults is invalid. Expecting a value between \
             {PAGE_MIN} and {max}."
        );
        return Err(refused(words));
    }
    Ok(size)
}

/// What a token belongs to: the action, the caller and the filters.
fn mark(turn: &Turn<'_>) -> String {
    let mut digest = Sha256::new();
    digest.update(turn.caller.key(""));
    for name in turn.input.names() {
        if name == "Action" || name.starts_with("Filter.") {
            digest.update(format!("\n{name}={}", turn.input.get(name).unwrap_or_default()));
        }
    }
    digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn read_token(token: &str, mark: &str) -> Result<String, Refusal> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let after = text.and_then(|text| {
        let (own, after) = text.split_once('/')?;
        (own == mark).then(|| after.to_owned())
    });
    let words = || format!("The token '{token}' is invalid");
    after.ok_or_else(|| Refusal::new("InvalidNextToken", words()))
}
