//! The requests that the driver makes of Compute Engine, through the official client: each sent
//! once, after a token of the project's bucket, bounded in time. Must not know what a container or
//! a peering is.

mod paged;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use google_cloud_compute_v1::client::{GlobalOperations, Networks, RegionOperations, Subnetworks};
use google_cloud_compute_v1::model;
use google_cloud_gax::retry_policy::NeverRetry;

use super::failure::{Failure, NO_ANSWER, Purpose, chain};
use super::options::Options;
use super::seen::{Entry, Flags, SeenNetwork, Work, within_cloud};
use crate::remote::{Bucket, Meaning};

/// What a whole request may take longer than its one attempt: fetching a token.
const TOKEN_MAX: Duration = Duration::from_secs(10);

/// A client for one project.
pub(super) struct Client {
    networks: Networks,
    subnetworks: Subnetworks,
    global: GlobalOperations,
    regional: RegionOperations,
    project: String,
    bucket: Bucket,
    patience: Duration,
}

/// Without the official clients: they hold credentials.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("project", &self.project).finish_non_exhaustive()
    }
}

/// What a new network is to be.
pub(super) struct NetworkPlan<'a> {
    pub(super) name: &'a str,
    pub(super) description: &'a str,
}

/// What a new half of a peering is to be.
pub(super) struct EntryPlan<'a> {
    pub(super) network: &'a str,
    pub(super) name: &'a str,
    /// `projects/<project>/global/networks/<network>`.
    pub(super) peer: &'a str,
    pub(super) flags: Flags,
}

/// Builds one of the official clients as all of them are.
macro_rules! built {
    ($client:ty, $options:expr, $credentials:expr) => {{
        let mut builder = <$client>::builder()
            .with_credentials($credentials.clone())
            .with_retry_policy(NeverRetry)
            .with_attempt_timeout($options.remote.timeout);
        if let Some(endpoint) = &$options.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder.build().await.map_err(|error| chain(&error))?
    }};
}

impl Client {
    /// Makes the clients. Answers, too, who the credentials are.
    pub(super) async fn new(options: &Options) -> Result<(Self, String), String> {
        let (credentials, who) = options.identity.credentials(options.impersonate.as_deref())?;
        let seed = options
            .project
            .bytes()
            .fold(7, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let client = Self {
            networks: built!(Networks, options, credentials),
            subnetworks: built!(Subnetworks, options, credentials),
            global: built!(GlobalOperations, options, credentials),
            regional: built!(RegionOperations, options, credentials),
            project: options.project.clone(),
            bucket: Bucket::new(options.remote.requests_per_second, seed),
            patience: options.remote.timeout.saturating_add(TOKEN_MAX),
        };
        Ok((client, who))
    }

    /// `networks.get`.
    pub(super) async fn network(&self, name: &str) -> Result<Option<SeenNetwork>, Failure> {
        let request = self.networks.get().set_project(&self.project).set_network(name);
        let answer = self.look(request.send()).await;
        Ok(unless_missing(answer)?.map(SeenNetwork::read))
    }

    /// `networks.insert`, of a network without subnets of its own making.
    pub(super) async fn insert_network(
        &self,
        plan: NetworkPlan<'_>,
        id: String,
    ) -> Result<Work, Failure> {
        let routing = model::NetworkRoutingConfig::new()
            .set_routing_mode(model::network_routing_config::RoutingMode::Global);
        let network = model::Network::new()
            .set_name(plan.name)
            .set_description(plan.description)
            .set_auto_create_subnetworks(false)
            .set_routing_config(routing);
        let request = self.networks.insert().set_project(&self.project).set_request_id(id);
        self.change(request.set_body(network).send()).await
    }

    /// `networks.delete`.
    pub(super) async fn delete_network(
        &self,
        name: &str,
        id: Option<String>,
    ) -> Result<Work, Failure> {
        let request = self.networks.delete().set_project(&self.project).set_network(name);
        self.change(request.set_or_clear_request_id(id).send()).await
    }

    /// The range of a subnet: `subnetworks.get`.
    pub(super) async fn subnet_range(
        &self,
        region: &str,
        name: &str,
    ) -> Result<Option<String>, Failure> {
        let request = self.subnetworks.get().set_project(&self.project).set_region(region);
        let answer = self.look(request.set_subnetwork(name).send()).await;
        Ok(unless_missing(answer)?.and_then(|subnet| subnet.ip_cidr_range))
    }

    /// `subnetworks.insert`: a subnet that carries the name of its network.
    pub(super) async fn insert_subnet(
        &self,
        network: &SeenNetwork,
        region: &str,
        range: &str,
        id: String,
    ) -> Result<Work, Failure> {
        let subnet = model::Subnetwork::new()
            .set_name(&network.name)
            .set_network(within_cloud(&network.link))
            .set_ip_cidr_range(range);
        let request = self.subnetworks.insert().set_project(&self.project).set_region(region);
        self.change(request.set_request_id(id).set_body(subnet).send()).await
    }

    /// `subnetworks.delete`.
    pub(super) async fn delete_subnet(&self, region: &str, name: &str) -> Result<Work, Failure> {
        let request = self.subnetworks.delete().set_project(&self.project).set_region(region);
        self.change(request.set_subnetwork(name).send()).await
    }

    /// `networks.addPeering`.
    pub(super) async fn add_peering(
        &self,
        plan: EntryPlan<'_>,
        id: String,
    ) -> Result<Work, Failure> {
        let half = half(plan.name, plan.flags).set_network(plan.peer);
        let body = model::NetworksAddPeeringRequest::new().set_network_peering(half);
        let request = self.networks.add_peering().set_project(&self.project);
        let request = request.set_network(plan.network).set_request_id(id).set_body(body);
        self.change(request.send()).await
    }

    /// `networks.updatePeering`: the routes that a half exchanges.
    pub(super) async fn update_peering(
        &self,
        network: &str,
        entry: &Entry,
        flags: Flags,
        id: String,
    ) -> Result<Work, Failure> {
        let half = half(&entry.name, flags).set_network(&*entry.peer);
        let body = model::NetworksUpdatePeeringRequest::new().set_network_peering(half);
        let request = self.networks.update_peering().set_project(&self.project);
        let request = request.set_network(network).set_request_id(id).set_body(body);
        self.change(request.send()).await
    }

    /// `networks.removePeering`.
    pub(super) async fn remove_peering(
        &self,
        network: &str,
        name: &str,
        id: Option<String>,
    ) -> Result<Work, Failure> {
        let body = model::NetworksRemovePeeringRequest::new().set_name(name);
        let request = self.networks.remove_peering().set_project(&self.project);
        let request = request.set_network(network).set_or_clear_request_id(id).set_body(body);
        self.change(request.send()).await
    }

    /// An operation in a region: `regionOperations.get`; `None` if the cloud has forgotten it.
    pub(super) async fn regional_work(
        &self,
        region: &str,
        name: &str,
    ) -> Result<Option<Work>, Failure> {
        let request = self.regional.get().set_project(&self.project).set_region(region);
        let answer = self.look(request.set_operation(name).send()).await;
        Ok(unless_missing(answer)?.and_then(Work::read))
    }

    /// A request that changes nothing.
    async fn look<T>(
        &self,
        request: impl Future<Output = google_cloud_gax::Result<T>>,
    ) -> Result<T, Failure> {
        self.ask(Purpose::Look, request).await
    }

    /// A request that changes something. An operation without a name is no answer.
    async fn change(
        &self,
        request: impl Future<Output = google_cloud_gax::Result<model::Operation>>,
    ) -> Result<Work, Failure> {
        let work = self.ask(Purpose::Change, request).await?;
        Work::read(work)
            .ok_or_else(|| Failure::new(Meaning::InDoubt, NO_ANSWER, "The answer is no operation."))
    }

    async fn ask<T>(
        &self,
        purpose: Purpose,
        request: impl Future<Output = google_cloud_gax::Result<T>>,
    ) -> Result<T, Failure> {
        if let Err(wait) = self.bucket.take().await {
            let words = format!("Too many requests to {} wait already.", self.project);
            let failure = Failure::new(Meaning::Throttled, "RATE_LIMIT_EXCEEDED", words);
            return Err(Failure { wait: Some(wait), ..failure });
        }
        let failure = match tokio::time::timeout(self.patience, request).await {
            Ok(Ok(answer)) => {
                self.bucket.answered();
                return Ok(answer);
            }
            Ok(Err(error)) => Failure::of_request(&error, purpose),
            Err(_) => {
                Failure::new(Meaning::InDoubt, NO_ANSWER, "No answer in time.").seen_from(purpose)
            }
        };
        if failure.meaning == Meaning::Throttled {
            let wait = Some(self.bucket.throttled(failure.wait));
            return Err(Failure { wait, ..failure });
        }
        self.bucket.answered();
        Err(failure)
    }
}

fn half(name: &str, flags: Flags) -> model::NetworkPeering {
    model::NetworkPeering::new()
        .set_name(name)
        .set_exchange_subnet_routes(flags.subnets)
        .set_import_custom_routes(flags.import)
        .set_export_custom_routes(flags.export)
}

fn unless_missing<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(failure) if failure.meaning == Meaning::Missing => Ok(None),
        Err(failure) => Err(failure),
    }
}
