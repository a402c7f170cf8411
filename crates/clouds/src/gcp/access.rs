//! Who calls, and what may be taken from it.
//!
//! Everybody may do everything, in every project, except what [`World::deny`] took from the
//! service. The service is: an account of the service's own project, whichever project it calls;
//! and whoever calls the service's project without a name that is known here, as a driver does that
//! was told to send no credentials, or somebody else's token.

use http::header;

use super::SERVICE_PROJECT;
use super::answer::Call;
use super::refusal::Refusal;
use super::tokens::{self, TOKEN_FRONT};
use super::world::World;
use crate::Request;

/// Every permission that is asked for, by its name in IAM.
pub const PERMISSIONS: [&str; 26] = [
    "compute.globalOperations.get",
    "compute.globalOperations.list",
    "compute.networks.addPeering",
    "compute.networks.create",
    "compute.networks.delete",
    "compute.networks.get",
    "compute.networks.list",
    "compute.networks.listPeeringRoutes",
    "compute.networks.removePeering",
    "compute.networks.switchToCustomMode",
    "compute.networks.update",
    "compute.networks.updatePeering",
    "compute.networks.updatePolicy",
    "compute.projects.get",
    "compute.regionOperations.get",
    "compute.regionOperations.list",
    "compute.regions.get",
    "compute.regions.list",
    "compute.routes.create",
    "compute.routes.delete",
    "compute.routes.get",
    "compute.routes.list",
    "compute.subnetworks.create",
    "compute.subnetworks.delete",
    "compute.subnetworks.get",
    "compute.subnetworks.list",
];

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    /// Without credentials.
    Anonymous,
    /// With a token that was not made here.
    Stranger,
    /// With a token of this account.
    Account(String),
}

impl Principal {
    /// Whoever the `Authorization` of a request names.
    pub(super) fn of(request: &Request, world: &World) -> Result<Self, Refusal> {
        let Some(value) = request.headers().get(header::AUTHORIZATION) else {
            return Ok(Self::Anonymous);
        };
        let text = value.to_str().unwrap_or("");
        let token =
            text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, token)) = token else { return Ok(Self::Stranger) };
        if let Some(account) = world.account_of(token) {
            return Ok(Self::Account(account));
        }
        if token.starts_with(TOKEN_FRONT) {
            let words = "Request had invalid authentication credentials. Expected OAuth 2 access \
                         token, login cookie or other valid authentication credential.";
            return Err(Refusal::new(401, "authError", words));
        }
        // What a service account signs for itself names it, too. An operation keeps that name.
        let claims = tokens::claims(token);
        let issuer = claims.as_ref().and_then(|claims| claims["iss"].as_str());
        let issuer = issuer.filter(|account| tokens::is_short(account));
        Ok(issuer.map_or(Self::Stranger, |account| Self::Account(account.to_owned())))
    }

    /// `user` of an operation.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Stranger => "unknown",
            Self::Account(account) => account,
        }
    }

    fn is_service(&self, project: &str) -> bool {
        match self {
            Self::Account(account) => account
                .strip_suffix(".iam.gserviceaccount.com")
                .and_then(|account| account.rsplit_once('@'))
                .is_some_and(|(_, owner)| owner == SERVICE_PROJECT),
            Self::Anonymous | Self::Stranger => project == SERVICE_PROJECT,
        }
    }
}

impl World {
    /// Whether the caller has the permission; `path`: what it is needed for.
    pub(super) fn allow(&self, call: &Call, permission: &str, path: &str) -> Result<(), Refusal> {
        let denied = self.tables.denied.contains(permission);
        if denied && call.principal.is_service(&call.project) {
            return Err(Refusal::forbidden(permission, path));
        }
        Ok(())
    }

    /// Takes a permission from the service.
    pub(super) fn deny(&mut self, permission: &str) {
        if self.tables.denied.insert(permission.to_owned()) {
            self.touch();
        }
    }

    /// Gives the service everything back.
    pub(super) fn allow_all(&mut self) {
        if !self.tables.denied.is_empty() {
            self.tables.denied.clear();
            self.touch();
        }
    }
}
