//! The driver of AWS: containers are VPCs with subnets, peerings are VPC peering connections that
//! we ask for and the customer accepts, with routes in all tables of our VPC.
//!
//! It speaks the Query protocol of EC2 and STS itself ([`Client`]); credentials come from wherever
//! AWS's own tools find them. Everything that it makes carries [`crate::tags`], is found by them,
//! and nothing without them is ever changed. It repeats nothing: its caller does. What it says of a
//! connection is in `link`, of a VPC in `network`.

mod client;
mod codes;
mod credentials;
mod ec2;
mod form;
mod inventory;
mod keyring;
mod link;
mod network;
mod options;
mod permissions;
mod recent;
mod region;
mod visit;
mod wire;
mod xml;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_credential_types::provider::SharedCredentialsProvider;
use peerage_core::cloud::{CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::id::GroupId;
use peerage_core::time::Timestamp;

pub use client::{Client, Identity, PAGES_MAX};
pub use codes::{CODES, STATES, meaning};
pub use credentials::Keys;
pub use ec2::{
    Dns, Filter, PeeringConnection, Route, RouteTable, Side, State, Subnet, TableKind, Tags, Vpc,
    VpcAttribute, Zone,
};
pub use form::{Effect, Form};
pub use options::{DnsPolicy, ExternalIds, InvalidRole, Options, RegionOptions, Role, SUBNETS_MAX};
pub use permissions::{Permission, Scope, permissions, policy, trust_policy};
pub use region::{InvalidRegion, Region};
pub use xml::{DEPTH_MAX, ELEMENTS_MAX, Element, XmlError};

use self::keyring::{Holder, Keyring};
use self::recent::Recent;
use self::visit::Visit;
use self::wire::{End, Service, Wire};
use crate::port::Fabric;
use crate::remote::{Bucket, Http};

/// Where regions are asked for when nothing says otherwise.
const HOME: &str = "us-east-1";

/// Whose requests a bucket counts: of which role, in which region, to which service.
type Place = (Option<Role>, Region, &'static str);

/// AWS, driven.
pub struct Aws {
    options: Options,
    http: Http,
    keyring: Arc<Keyring>,
    /// Where the account's regions are asked for.
    home: Region,
    buckets: Mutex<HashMap<Place, Arc<Bucket>>>,
    recent: Recent,
}

/// The driver cannot work as it is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// The extra certificates cannot be read.
    #[error("the certificates cannot be read: {0}")]
    Certificates(String),
    /// An endpoint is no address of a server.
    #[error("`{0}` is no address of a server, such as http://127.0.0.1:4566")]
    Endpoint(String),
    /// There is no such region.
    #[error(transparent)]
    Region(#[from] InvalidRegion),
    /// There are too few or too many subnets.
    #[error("{0} subnets: one to {SUBNETS_MAX}")]
    Subnets(u8),
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Aws").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Aws {
    /// A driver with the credentials that AWS's own tools would find: the environment, a profile, a
    /// process, a web identity, the metadata of a container or an instance. Looks for them when the
    /// first call needs them, and asks AWS for nothing.
    ///
    /// # Errors
    /// [`ConnectError`] if the options cannot be followed.
    pub async fn connect(
        options: Options,
        external_ids: ExternalIds,
    ) -> Result<Self, ConnectError> {
        let (source, region) = credentials::of_environment(&options).await;
        Self::new(options, external_ids, source, region)
    }

    /// A driver with credentials that are given.
    ///
    /// # Errors
    /// [`ConnectError`] if the options cannot be followed.
    pub fn with_credentials(
        options: Options,
        external_ids: ExternalIds,
        keys: Keys,
    ) -> Result<Self, ConnectError> {
        Self::new(options, external_ids, keys.provider(), None)
    }

    fn new(
        options: Options,
        external_ids: ExternalIds,
        source: SharedCredentialsProvider,
        region: Option<String>,
    ) -> Result<Self, ConnectError> {
        check(&options)?;
        let http = Http::new(&options.remote).map_err(ConnectError::Certificates)?;
        let remote = &options.remote;
        let keyring = Keyring::new(source, external_ids, &remote.installation, remote.timeout);
        let home = home(&options, region.as_deref())?;
        Ok(Self {
            http,
            keyring: Arc::new(keyring),
            home,
            buckets: Mutex::default(),
            recent: Recent::default(),
            options,
        })
    }

    /// A client for what a project has in a region, with the credentials that are used for it.
    #[must_use]
    pub fn client(&self, group: GroupId, region: &Region) -> Client {
        let role = role(&self.options, group, region).cloned();
        let holder = match role.clone() {
            None => Holder::Service,
            Some(role) => Holder::Role(role, group),
        };
        Client {
            keyring: self.keyring.clone(),
            holder,
            ec2: self.wire(Service::Ec2, role.clone(), region),
            sts: self.wire(Service::Sts, role, region),
            changed: Arc::new(AtomicBool::new(false)),
        }
    }

    fn wire(&self, service: Service, role: Option<Role>, region: &Region) -> Wire {
        let Options { endpoint, sts_endpoint, .. } = &self.options;
        let given = match service {
            Service::Ec2 => endpoint.clone(),
            Service::Sts => sts_endpoint.clone().or_else(|| endpoint.clone()),
        };
        let end = End {
            service,
            region: region.clone(),
            endpoint: given.unwrap_or_else(|| region.endpoint(service.name())),
            bucket: self.bucket(service, role, region),
        };
        Wire { end, http: self.http.clone() }
    }

    /// One bucket for each account and region, and service: each has limits of its own.
    fn bucket(&self, service: Service, role: Option<Role>, region: &Region) -> Arc<Bucket> {
        let place = (role, region.clone(), service.name());
        let rate = self.options.remote.requests_per_second;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = || Arc::new(Bucket::new(rate, RandomState::new().build_hasher().finish()));
        buckets.entry(place).or_insert_with(fresh).clone()
    }
}

#[async_trait]
impl Fabric for Aws {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let visit = Visit::new(self, request.group, &request.spec, now)?;
        visit.settle(network::ensure(&visit, request).await)
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let visit = Visit::new(self, request.group, &request.spec, now)?;
        visit.settle(network::observe(&visit, request).await)
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let visit = Visit::new(self, request.group, &request.spec, now)?;
        visit.settle(network::remove(&visit, request).await)
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let visit = Visit::new(self, request.group, &request.ours, now)?;
        visit.settle(link::ensure(&visit, request).await)
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let visit = Visit::new(self, request.group, &request.ours, now)?;
        visit.settle(link::observe(&visit, request).await)
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let visit = Visit::new(self, request.group, &request.ours, now)?;
        visit.settle(link::remove(&visit, request).await)
    }
}

/// The role for a project in a region: its own, the region's, the usual one.
fn role<'a>(options: &'a Options, group: GroupId, region: &Region) -> Option<&'a Role> {
    let of_region = || options.regions.get(region.name())?.role.as_ref();
    options.projects.get(&group).or_else(of_region).or(options.role.as_ref())
}

fn check(options: &Options) -> Result<(), ConnectError> {
    if !(1..=SUBNETS_MAX).contains(&options.subnets) {
        return Err(ConnectError::Subnets(options.subnets));
    }
    for endpoint in [&options.endpoint, &options.sts_endpoint].into_iter().flatten() {
        let url = url::Url::parse(endpoint).ok();
        let fits = |url: url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
        if !url.is_some_and(fits) {
            return Err(ConnectError::Endpoint(endpoint.clone()));
        }
    }
    for region in options.regions.keys() {
        Region::parse(region)?;
    }
    Ok(())
}

/// A region of the partition that the roles are in.
fn home(options: &Options, region: Option<&str>) -> Result<Region, InvalidRegion> {
    let of_partition = |role: &Role| match role.arn().split(':').nth(1) {
        Some("aws-cn") => "cn-north-1",
        Some("aws-us-gov") => "us-gov-west-1",
        _ => HOME,
    };
    let configured = options.regions.keys().next().map(String::as_str);
    let of_role = options.role.as_ref().map(of_partition);
    Region::parse(configured.or(region).or(of_role).unwrap_or(HOME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::RemoteOptions;

    fn options() -> Options {
        Options::new(RemoteOptions::new("test"))
    }

    fn usual(account: &str) -> Role {
        Role::parse(&format!("arn:aws:iam::{account}:role/peerage")).unwrap()
    }

    #[test]
    fn what_cannot_be_followed_is_refused_at_once() {
        assert_eq!(check(&options()), Ok(()));
        for subnets in [0, SUBNETS_MAX + 1] {
            let refused = check(&Options { subnets, ..options() });
            assert_eq!(refused, Err(ConnectError::Subnets(subnets)));
        }
        let nowhere = Some("localhost".to_owned());
        let refused = check(&Options { endpoint: nowhere, ..options() });
        assert_eq!(refused, Err(ConnectError::Endpoint("localhost".to_owned())));
        let regions = [("mars".to_owned(), RegionOptions::default())].into();
        let refused = check(&Options { regions, ..options() });
        assert!(matches!(refused, Err(ConnectError::Region(_))), "{refused:?}");
    }

    #[test]
    fn a_projects_role_goes_before_a_regions_and_that_before_the_usual_one() {
        let group = GroupId::from_bytes([1; 12]);
        let west = RegionOptions { role: Some(usual("222222222222")) };
        let options = Options {
            role: Some(usual("111111111111")),
            regions: [("eu-west-1".to_owned(), west)].into(),
            projects: [(group, usual("333333333333"))].into(),
            ..options()
        };
        let account = |group, region| {
            role(&options, group, &Region::parse(region).unwrap()).unwrap().account().to_owned()
        };
        assert_eq!(account(GroupId::from_bytes([2; 12]), "us-east-1"), "111111111111");
        assert_eq!(account(GroupId::from_bytes([2; 12]), "eu-west-1"), "222222222222");
        assert_eq!(account(group, "eu-west-1"), "333333333333");
    }

    #[test]
    fn home_is_where_the_role_is() {
        let china = Role::parse("arn:aws-cn:iam::111111111111:role/a").unwrap();
        let options = Options { role: Some(china), ..options() };
        assert_eq!(home(&options, None).unwrap().name(), "cn-north-1");
        assert_eq!(home(&options, Some("cn-northwest-1")).unwrap().name(), "cn-northwest-1");
        assert_eq!(home(&Options { role: None, ..options }, None).unwrap().name(), HOME);
    }

    #[test]
    fn nothing_secret_is_shown() {
        let keys = Keys::new("id", "very-secret").with_session("token-secret");
        assert!(!format!("{keys:?}").contains("secret"), "{keys:?}");
    }
}
