//! Who calls and from where: what a use case has to know of a request.
//! Must not know HTTP.

use std::net::IpAddr;

use peerage_core::authz::{Action, Decision, Resource, Roles, Scope};
use peerage_core::error::Refusal;
use peerage_core::id::{ApiKeyId, OrgId, ServiceAccountId};

/// The context of one authenticated request.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who calls.
    pub caller: Caller,
    /// From where.
    pub remote: IpAddr,
}

/// A program that proved who it is.
#[derive(Clone, Debug)]
pub struct Caller {
    /// What it proved itself with.
    pub credential: Credential,
    /// The organization that the credential belongs to.
    pub org: OrgId,
    /// What it may do.
    pub roles: Roles,
}

/// What a caller proves itself with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A programmatic API key, over HTTP Digest.
    ApiKey {
        /// The key.
        id: ApiKeyId,
        /// Its public half, the user name of the exchange.
        public_key: String,
    },
    /// A service account, over an access token.
    ServiceAccount {
        /// The account; `mdb_sa_id_` and this is its client id.
        id: ServiceAccountId,
    },
}

impl Credential {
    /// What kind of credential it is, for the log.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey { .. } => "api_key",
            Self::ServiceAccount { .. } => "service_account",
        }
    }

    /// Its id as text.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::ApiKey { id, public_key: _ } => id.to_string(),
            Self::ServiceAccount { id } => id.to_string(),
        }
    }
}

impl Context {
    /// Says no unless the caller may do `action` to `resource` in `scope`.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] when it belongs there and lacks the role; not-found when it must not
    /// learn whether the place exists.
    pub fn authorize(
        &self,
        action: Action,
        resource: Resource,
        scope: Scope,
    ) -> Result<(), Refusal> {
        match self.caller.roles.decide(action, resource, scope) {
            Decision::Allowed => Ok(()),
            Decision::Forbidden => Err(Refusal::Forbidden),
            Decision::Hidden => Err(match scope {
                Scope::Group { group, .. } => Refusal::GroupNotFound(group),
                Scope::Org(org) => Refusal::OrgNotFound(org),
            }),
        }
    }
}
