//! Which connection is a peering's: a living one before a memory of the current handshake, and the
//! one that got furthest before its doubles. Always the same one.

use peerage_core::cloud::{CallError, LinkRequest};
use peerage_core::id::PeerId;

use super::super::ec2::{PeeringConnection, State};
use super::super::recent::{About, STEADY};
use super::super::visit::{Visit, not_now};
use super::{RELEASED, handshake, is_current};
use crate::tags;

/// What carries a peering's tag.
pub(super) enum Choice {
    /// A connection that is not over, and the others of that peering.
    Living { connection: PeeringConnection, doubles: Vec<PeeringConnection> },
    /// The end of the current handshake, which we did not bring about.
    Memory(PeeringConnection),
    /// Nothing that counts.
    Nothing,
}

/// What carries the peering's tag.
pub(super) async fn choose(visit: &Visit<'_>, request: &LinkRequest) -> Result<Choice, CallError> {
    Ok(rank(known(visit, request.peering).await?, request))
}

/// Every connection with the peering's tag, and the one that was made a moment ago: EC2 may show
/// that later, and for a while now and then not. What may have been made is waited for, too.
pub(super) async fn known(
    visit: &Visit<'_>,
    peering: PeerId,
) -> Result<Vec<PeeringConnection>, CallError> {
    let mut found = tagged(visit, peering).await?;
    let recent = |about| visit.aws.recent.get(&about, visit.now);
    if let Some(id) = recent(About::Link(peering)) {
        if found.iter().any(|connection| connection.id == id) {
            visit.aws.recent.end(&About::Link(peering), visit.now.after(STEADY));
        } else {
            let shown = visit.client.describe_peering(&id, visit.now).await?;
            found.push(shown.ok_or_else(|| not_shown(&id))?);
        }
    } else if found.is_empty()
        && let Some(why) = recent(About::LinkInDoubt(peering))
    {
        return Err(not_now("InvalidVpcPeeringConnectionID.NotFound", why));
    }
    Ok(found)
}

/// Every connection with the peering's tag, of whatever handshake.
async fn tagged(visit: &Visit<'_>, peering: PeerId) -> Result<Vec<PeeringConnection>, CallError> {
    let (filter, value) = (format!("tag:{}", tags::PEERING), peering.to_string());
    let filters = &[(filter.as_str(), &[value.as_str()][..])];
    let found = visit.client.describe_peerings(filters, visit.now).await?;
    // Some servers take no notice of filters.
    Ok(found.into_iter().filter(|connection| is_its(visit, connection, peering)).collect())
}

/// Whether a connection carries the peering's tag, and ours.
pub(super) fn is_its(visit: &Visit<'_>, connection: &PeeringConnection, peering: PeerId) -> bool {
    visit.is_ours(&connection.tags)
        && connection.tags.get(tags::PEERING).is_some_and(|tag| *tag == peering.to_string())
}

/// Made, and not to be seen: not now, rather than gone.
pub(super) fn not_shown(id: &str) -> CallError {
    let words = format!("The vpcPeeringConnection ID '{id}' is not shown yet.");
    not_now("InvalidVpcPeeringConnectionID.NotFound", words)
}

fn rank(mut found: Vec<PeeringConnection>, request: &LinkRequest) -> Choice {
    // A stable order: what got furthest, then what is of this handshake, then the smallest id.
    found.sort_by_key(|connection| {
        (furthest_first(connection.state), !is_current(connection, request), connection.id.clone())
    });
    if found.first().is_some_and(|first| !first.state.is_over()) {
        let connection = found.remove(0);
        return Choice::Living { connection, doubles: found };
    }
    let counts = |connection: &PeeringConnection| {
        is_current(connection, request) && !is_released(connection)
    };
    found.into_iter().find(counts).map_or(Choice::Nothing, Choice::Memory)
}

/// Whether we gave it up in the handshake that its tag still names.
pub(super) fn is_released(connection: &PeeringConnection) -> bool {
    let released = connection.tags.get(RELEASED);
    released.is_some_and(|tag| *tag == handshake(connection).to_string())
}

const fn furthest_first(state: State) -> u8 {
    match state {
        State::Active => 0,
        State::Provisioning => 1,
        State::Pending => 2,
        State::Initiating => 3,
        State::Deleting => 4,
        // The customer's word counts for more than an end without one.
        State::Rejected => 5,
        State::Deleted => 6,
        State::Expired => 7,
        State::Failed => 8,
    }
}

#[cfg(test)]
mod tests {
    use peerage_core::cidr::AddressBlock;
    use peerage_core::container::ContainerSpec;
    use peerage_core::id::{ContainerId, GroupId};
    use peerage_core::peering::{AwsNetwork, CustomerNetwork};
    use peerage_core::region::AwsRegion;

    use super::super::super::ec2::Side;
    use super::*;

    fn request(handshake: u32) -> LinkRequest {
        let block = AddressBlock::parse("10.0.0.0/24").unwrap();
        LinkRequest {
            group: GroupId::from_bytes([1; 12]),
            peering: PeerId::from_bytes([2; 12]),
            container: ContainerId::from_bytes([3; 12]),
            handshake,
            ours: ContainerSpec::Aws {
                region: AwsRegion::parse("US_EAST_1").unwrap(),
                block: block.clone(),
            },
            names: None,
            customer: CustomerNetwork::Aws(AwsNetwork {
                account_id: "123456789012".to_owned(),
                vpc_id: "vpc-1".to_owned(),
                region: "us-east-1".to_owned(),
                block,
            }),
        }
    }

    fn connection(id: &str, state: State, handshake: u32) -> PeeringConnection {
        let side = Side { vpc: String::new(), account: String::new() };
        PeeringConnection {
            id: id.to_owned(),
            state,
            message: None,
            requester: side.clone(),
            accepter: side,
            requester_dns: None,
            tags: [(tags::HANDSHAKE.to_owned(), handshake.to_string())].into(),
        }
    }

    fn released(mut connection: PeeringConnection) -> PeeringConnection {
        let tag = handshake(&connection).to_string();
        connection.tags.insert(RELEASED.to_owned(), tag);
        connection
    }

    fn check(found: Vec<PeeringConnection>, expected: &str) {
        let chosen = match rank(found, &request(2)) {
            Choice::Living { connection, doubles } => {
                format!("{} living, {} doubles", connection.id, doubles.len())
            }
            Choice::Memory(connection) => format!("{} remembered", connection.id),
            Choice::Nothing => "nothing".to_owned(),
        };
        assert_eq!(chosen, expected);
    }

    #[test]
    fn what_lives_goes_before_what_is_remembered_and_the_furthest_goes_first() {
        use State::{Active, Deleted, Deleting, Expired, Pending, Rejected};
        let one = connection;
        check(vec![], "nothing");
        check(vec![one("a", Pending, 2), one("b", Active, 2)], "b living, 1 doubles");
        check(vec![one("b", Pending, 2), one("a", Pending, 2)], "a living, 1 doubles");
        check(vec![one("a", Pending, 1), one("b", Pending, 2)], "b living, 1 doubles");
        check(vec![one("a", Active, 1)], "a living, 0 doubles");
        check(vec![one("a", Deleting, 2), one("b", Pending, 2)], "b living, 1 doubles");
        check(vec![one("a", Rejected, 2)], "a remembered");
        check(vec![one("a", Rejected, 1), one("b", Expired, 2)], "b remembered");
        check(vec![one("a", Rejected, 1)], "nothing");
        check(vec![released(one("a", Deleted, 2))], "nothing");
        check(vec![released(one("a", Deleted, 2)), one("b", Deleted, 2)], "b remembered");
    }
}
