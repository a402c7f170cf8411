//! Bodies of requests, by whatever reads them.

use peerage_core::provider::Provider;
use peerage_wire::{
    access_list, api_key, container, group, invitation, limit, org, peer, private_ip_mode,
    service_account, team, user,
};

/// Reads bytes as one kind of body; a refusal is as good as a value.
type Reader = fn(&[u8]);

const READERS: [Reader; 22] = [
    |body| drop(peer::NewPeer::read(body)),
    |body| drop(peer::PeerChange::read(body, Provider::Aws)),
    |body| drop(peer::PeerChange::read(body, Provider::Azure)),
    |body| drop(peer::PeerChange::read(body, Provider::Gcp)),
    |body| drop(container::NewContainer::read(body)),
    |body| drop(access_list::NewEntry::read_all(body)),
    |body| drop(access_list::read_targets(body)),
    |body| drop(group::NewGroup::read(body)),
    |body| drop(group::GroupChange::read(body)),
    |body| drop(api_key::read_assignment(body)),
    |body| drop(service_account::read_assignment(body)),
    |body| drop(team::read_name(body)),
    |body| drop(team::read_member(body)),
    |body| drop(team::read_members(body)),
    |body| drop(team::read_group_roles(body)),
    |body| drop(user::read_group_roles(body)),
    |body| drop(user::read_group_role(body)),
    |body| drop(user::read_org_role(body)),
    |body| drop(invitation::read_group_roles(body)),
    |body| drop(private_ip_mode::PrivateIpMode::read(body)),
    |body| drop(limit::LimitChange::read(body)),
    |body| drop(org::NewOrg::read(body)),
];

/// The first byte says as what.
pub(crate) fn read(data: &[u8]) {
    if let Some((chosen, body)) = crate::choose(data, READERS.len()) {
        READERS[chosen](body);
    }
}
