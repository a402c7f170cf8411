//! The layout of the store: every key that Peerage writes, in one place.
//!
//! Keys are readable paths. What belongs to a project begins with its id, so that a page of one
//! project never walks over another's. Secondary indexes are keys of their own, written in the
//! same transaction as what they point to.

use std::fmt::{Display, Write as _};

use peerage_core::id::{
    ApiKeyId, ContainerId, EventId, GroupId, InvitationId, OrgId, PeerId, ServiceAccountId, TeamId,
    UserId,
};
use peerage_core::provider::Provider;
use peerage_core::reconcile::Key as ReconcileKey;

use crate::port::Key;

/// Bytes of nearly all keys: a text that grows as it is written is moved again and again.
const USUAL_BYTES: usize = 112;

fn key(text: impl Display) -> Key {
    let mut written = String::with_capacity(USUAL_BYTES);
    // A string takes everything that is written to it.
    let _ = write!(written, "{text}");
    Key::from(written)
}

/// A key of parts that need not be formatted: those that are read with nearly every request.
fn joined(parts: &[&[u8]]) -> Key {
    Key::from(parts.concat())
}

/// That a restore into the store is under way, or was when it was interrupted: what is in the store
/// is not all there is.
#[must_use]
pub fn unfinished_restore() -> Key {
    key("restore/unfinished")
}

/// What tells whether a key file belongs to this store.
#[must_use]
pub fn key_check() -> Key {
    key("key-check")
}

/// One organization.
#[must_use]
pub fn org(org: OrgId) -> Key {
    joined(&[b"org/", &org.digits()])
}

/// All organizations.
#[must_use]
pub fn orgs() -> Key {
    key("org/")
}

/// One project.
#[must_use]
pub fn group(group: GroupId) -> Key {
    joined(&[b"group/", &group.digits()])
}

/// All projects.
#[must_use]
pub fn groups() -> Key {
    key("group/")
}

/// That a project belongs to an organization.
#[must_use]
pub fn org_group(org: OrgId, group: GroupId) -> Key {
    key(format_args!("org-group/{org}/{group}"))
}

/// The projects of an organization.
#[must_use]
pub fn org_groups(org: OrgId) -> Key {
    key(format_args!("org-group/{org}/"))
}

/// The project of that name in an organization.
#[must_use]
pub fn group_name(org: OrgId, name: &str) -> Key {
    key(format_args!("group-name/{org}/{name}"))
}

/// What every change of a project's set of peerings and containers writes to, so that two changes
/// that were decided on the same state cannot both be made.
#[must_use]
pub fn network_guard(group: GroupId) -> Key {
    key(format_args!("net/{group}/guard"))
}

/// One peering.
#[must_use]
pub fn peering(group: GroupId, peer: PeerId) -> Key {
    joined(&[b"net/", &group.digits(), b"/peer/", &peer.digits()])
}

/// The peerings of a project.
#[must_use]
pub fn peerings(group: GroupId) -> Key {
    key(format_args!("net/{group}/peer/"))
}

/// One container.
#[must_use]
pub fn container(group: GroupId, container: ContainerId) -> Key {
    key(format_args!("net/{group}/container/{container}"))
}

/// The containers of a project.
#[must_use]
pub fn containers(group: GroupId) -> Key {
    key(format_args!("net/{group}/container/"))
}

/// Every project's peerings and containers.
#[must_use]
pub fn all_networks() -> Key {
    key("net/")
}

/// Which object a key of [`peering`] or [`container`] is about.
#[must_use]
pub fn parse_network(key: &Key) -> Option<ReconcileKey> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    let mut parts = text.strip_prefix("net/")?.split('/');
    let (group, noun, id) = (parts.next()?, parts.next()?, parts.next()?);
    let group = GroupId::parse(group).ok()?;
    match noun {
        "container" => Some(ReconcileKey::Network(group, ContainerId::parse(id).ok()?)),
        "peer" => Some(ReconcileKey::Peering(group, PeerId::parse(id).ok()?)),
        _ => None,
    }
}

/// That an object is not settled: what the reconciler works through after a start.
#[must_use]
pub fn unsettled(object: ReconcileKey) -> Key {
    match object {
        ReconcileKey::Network(group, id) => key(format_args!("todo/network/{group}/{id}")),
        ReconcileKey::Peering(group, id) => key(format_args!("todo/peer/{group}/{id}")),
    }
}

/// What whoever changed an object behind the reconciler's back writes the object's
/// [`unsettled`] key to: it lies among them, so that one watch hears of both.
#[must_use]
pub fn nudge() -> Key {
    key("todo/nudge")
}

/// One of the processes that serve a shared store.
#[must_use]
pub fn replica(id: &str) -> Key {
    key(format_args!("replica/member/{id}"))
}

/// Who works on the objects of a shard.
#[must_use]
pub fn shard(number: u16) -> Key {
    key(format_args!("replica/shard/{number:05}"))
}

/// All replicas and shards.
#[must_use]
pub fn all_replicas() -> Key {
    key("replica/")
}

/// Which shard a key of [`shard`] is about.
#[must_use]
pub fn parse_shard(key: &Key) -> Option<u16> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    text.strip_prefix("replica/shard/")?.parse().ok()
}

/// Whether a key is one of [`replica`].
#[must_use]
pub fn is_replica(key: &Key) -> bool {
    key.as_bytes().starts_with(b"replica/member/")
}

/// Everything that is not settled.
#[must_use]
pub fn all_unsettled() -> Key {
    key("todo/")
}

/// Reads back what [`unsettled`] wrote.
#[must_use]
pub fn parse_unsettled(key: &Key) -> Option<ReconcileKey> {
    let text = std::str::from_utf8(key.as_bytes()).ok()?;
    let mut parts = text.strip_prefix("todo/")?.split('/');
    let (kind, group, id) = (parts.next()?, parts.next()?, parts.next()?);
    let group = GroupId::parse(group).ok()?;
    match kind {
        "network" => Some(ReconcileKey::Network(group, ContainerId::parse(id).ok()?)),
        "peer" => Some(ReconcileKey::Peering(group, PeerId::parse(id).ok()?)),
        _ => None,
    }
}

/// One API key.
#[must_use]
pub fn api_key(id: ApiKeyId) -> Key {
    joined(&[b"api-key/", &id.digits()])
}

/// The API key with that public half.
#[must_use]
pub fn public_key(public_key: &str) -> Key {
    key(format_args!("public-key/{public_key}"))
}

/// That an API key belongs to an organization.
#[must_use]
pub fn org_api_key(org: OrgId, id: ApiKeyId) -> Key {
    key(format_args!("org-api-key/{org}/{id}"))
}

/// The API keys of an organization.
#[must_use]
pub fn org_api_keys(org: OrgId) -> Key {
    key(format_args!("org-api-key/{org}/"))
}

/// That an API key has roles in a project.
#[must_use]
pub fn group_api_key(group: GroupId, id: ApiKeyId) -> Key {
    key(format_args!("group-api-key/{group}/{id}"))
}

/// The API keys of a project.
#[must_use]
pub fn group_api_keys(group: GroupId) -> Key {
    key(format_args!("group-api-key/{group}/"))
}

/// One service account.
#[must_use]
pub fn service_account(id: ServiceAccountId) -> Key {
    joined(&[b"service-account/", &id.digits()])
}

/// That a service account belongs to an organization.
#[must_use]
pub fn org_service_account(org: OrgId, id: ServiceAccountId) -> Key {
    key(format_args!("org-service-account/{org}/{id}"))
}

/// The service accounts of an organization.
#[must_use]
pub fn org_service_accounts(org: OrgId) -> Key {
    key(format_args!("org-service-account/{org}/"))
}

/// That a service account has roles in a project.
#[must_use]
pub fn group_service_account(group: GroupId, id: ServiceAccountId) -> Key {
    key(format_args!("group-service-account/{group}/{id}"))
}

/// The service accounts of a project.
#[must_use]
pub fn group_service_accounts(group: GroupId) -> Key {
    key(format_args!("group-service-account/{group}/"))
}

/// An access token, by the hash that stands for it.
#[must_use]
pub fn token(hash_hex: &str) -> Key {
    joined(&[b"token/", hash_hex.as_bytes()])
}

/// The access tokens of a service account: they go with it.
#[must_use]
pub fn service_account_token(id: ServiceAccountId, hash_hex: &str) -> Key {
    key(format_args!("service-account-token/{id}/{hash_hex}"))
}

/// All access tokens of a service account.
#[must_use]
pub fn service_account_tokens(id: ServiceAccountId) -> Key {
    key(format_args!("service-account-token/{id}/"))
}

/// The user of that name in an organization.
#[must_use]
pub fn username(org: OrgId, name: &str) -> Key {
    key(format_args!("username/{org}/{}", name.to_lowercase()))
}

/// A user of an organization.
#[must_use]
pub fn org_user(org: OrgId, id: UserId) -> Key {
    key(format_args!("org-user/{org}/{id}"))
}

/// The users of an organization.
#[must_use]
pub fn org_users(org: OrgId) -> Key {
    key(format_args!("org-user/{org}/"))
}

/// One team.
#[must_use]
pub fn team(org: OrgId, id: TeamId) -> Key {
    key(format_args!("team/{org}/{id}"))
}

/// The teams of an organization.
#[must_use]
pub fn teams(org: OrgId) -> Key {
    key(format_args!("team/{org}/"))
}

/// The team of that name in an organization.
#[must_use]
pub fn team_name(org: OrgId, name: &str) -> Key {
    key(format_args!("team-name/{org}/{name}"))
}

/// A team's roles in a project.
#[must_use]
pub fn group_team(group: GroupId, id: TeamId) -> Key {
    key(format_args!("group-team/{group}/{id}"))
}

/// The teams of a project.
#[must_use]
pub fn group_teams(group: GroupId) -> Key {
    key(format_args!("group-team/{group}/"))
}

/// An invitation to a project.
#[must_use]
pub fn group_invitation(group: GroupId, id: InvitationId) -> Key {
    key(format_args!("group-invitation/{group}/{id}"))
}

/// The invitations to a project.
#[must_use]
pub fn group_invitations(group: GroupId) -> Key {
    key(format_args!("group-invitation/{group}/"))
}

/// The invitation to a project that a person has.
#[must_use]
pub fn group_invited(group: GroupId, username: &str) -> Key {
    key(format_args!("group-invited/{group}/{}", username.to_lowercase()))
}

/// Everybody who is invited to a project.
#[must_use]
pub fn all_group_invited(group: GroupId) -> Key {
    key(format_args!("group-invited/{group}/"))
}

/// An entry of a project's IP access list.
#[must_use]
pub fn access_list_entry(group: GroupId, entry: &str) -> Key {
    key(format_args!("access-list/{group}/{entry}"))
}

/// The IP access list of a project.
#[must_use]
pub fn access_list(group: GroupId) -> Key {
    key(format_args!("access-list/{group}/"))
}

/// An event of a project.
#[must_use]
pub fn group_event(group: GroupId, id: EventId) -> Key {
    key(format_args!("group-event/{group}/{id}"))
}

/// The events of a project, oldest first.
#[must_use]
pub fn group_events(group: GroupId) -> Key {
    key(format_args!("group-event/{group}/"))
}

/// An event of an organization.
#[must_use]
pub fn org_event(org: OrgId, id: EventId) -> Key {
    key(format_args!("org-event/{org}/{id}"))
}

/// The events of an organization, oldest first.
#[must_use]
pub fn org_events(org: OrgId) -> Key {
    key(format_args!("org-event/{org}/"))
}

/// The trails of events: one for each project and each organization.
#[must_use]
pub fn all_trails() -> [Key; 2] {
    [key("group-event/"), key("org-event/")]
}

/// How far the trail of that name goes; names are those of [`trail_of`].
#[must_use]
pub fn trail_head(trail: &str) -> Key {
    key(format_args!("audit-head/{trail}"))
}

/// How far every trail goes.
#[must_use]
pub fn all_trail_heads() -> Key {
    key("audit-head/")
}

/// The name of the trail that an event's key belongs to, such as `group-event/<id>`, and the
/// event's id as text.
#[must_use]
pub fn trail_of(event: &Key) -> Option<(&str, &str)> {
    std::str::from_utf8(event.as_bytes()).ok()?.rsplit_once('/')
}

/// An object of the emulated clouds.
#[must_use]
pub fn emulated(object: &str) -> Key {
    key(format_args!("emulated/{object}"))
}

/// What every change of emulated clouds that are shared writes to; it lies among them, so that one
/// watch hears of both.
#[must_use]
pub fn emulated_guard() -> Key {
    key("emulated/guard")
}

/// An object of an emulated cloud that speaks its own protocol; all of them for an empty name.
#[must_use]
pub fn cloud(provider: Provider, object: &str) -> Key {
    key(format_args!("cloud/{provider}/{object}"))
}

/// The clock of the emulated clouds, where it was moved.
#[must_use]
pub fn emulated_clock() -> Key {
    key("emulation/clock")
}

/// Everything in the emulated clouds.
#[must_use]
pub fn all_emulated() -> Key {
    key("emulated/")
}
