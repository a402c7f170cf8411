//! What the domain says to a cloud and hears back: calls that can be repeated, what was seen, and
//! how a call can fail. These are values only; `peerage-fabric` performs them.

use alloc::string::String;

use crate::cidr::AddressBlock;
use crate::container::ContainerSpec;
use crate::id::{ContainerId, GroupId, PeerId};
use crate::peering::CustomerNetwork;
use crate::provider::Provider;
use crate::time::Timestamp;

/// What we believe exists in a cloud.
///
/// It becomes [`Observed::Unknown`] *before* each call that may change the cloud, so that a crash
/// leaves doubt rather than a lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Observed<T> {
    /// Certainly nothing is there.
    #[default]
    Nothing,
    /// Something may be there; only a call can tell.
    Unknown,
    /// This was there when we last looked.
    Found(T),
}

impl<T> Observed<T> {
    /// What was found, if anything was.
    pub fn found(&self) -> Option<&T> {
        match self {
            Self::Found(found) => Some(found),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

/// The service's own network as a cloud knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The cloud's names for it.
    pub names: NetworkNames,
    /// Whether peerings can be made from it yet.
    pub ready: bool,
    /// What of it is not as `EnsureNetwork` makes it.
    pub drift: Option<Drift>,
}

/// Something of ours in a cloud that somebody changed behind our back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// What is wrong, in words for people: `rtb-1 has no route to 172.16.0.0/16`.
    pub what: String,
    /// Whether it is to be put right, as the operator decided; otherwise it is only told.
    pub repair: bool,
}

/// How each cloud names the service's network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkNames {
    /// AWS: `vpc-` and 17 hexadecimal digits.
    Aws {
        /// The id of the VPC.
        vpc_id: String,
    },
    /// Azure: the subscription, a UUID in a real cloud and 24 hexadecimal digits in the emulated
    /// one, and the VNet's name.
    Azure {
        /// The subscription that holds the VNet.
        subscription_id: String,
        /// The VNet.
        vnet_name: String,
    },
    /// GCP: the project (`p-` and 24 characters in the emulated cloud), `nt-` and the network's own
    /// name.
    Gcp {
        /// The GCP project.
        project_id: String,
        /// The network.
        network_name: String,
    },
}

/// Our side of a connection as a cloud knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The handshake that made it, read back from the tag that we left on it.
    pub handshake: u32,
    /// The cloud's own id: `pcx-` and 17 hexadecimal digits on AWS, a name elsewhere.
    pub connection_id: String,
    /// Where it stands.
    pub status: LinkStatus,
    /// The customer's block that our route tables send through it; AWS only.
    pub route: Option<String>,
    /// The cloud's words on that status, when it gave any.
    pub message: Option<String>,
    /// What of our side is not as `EnsureLink` makes it.
    pub drift: Option<Drift>,
}

/// Where a connection stands, in the words that all three clouds share. Which of them a cloud can
/// show is its own affair: [`crate::peering`] says what each means there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkStatus {
    /// The cloud works on our request (AWS `initiating-request`, a running operation elsewhere).
    Requested,
    /// It is the customer's turn (AWS `pending-acceptance`, GCP `INACTIVE`, Azure `Initiated`).
    AwaitsCustomer,
    /// The customer agreed and the cloud finishes (AWS `provisioning`), or our routes are missing.
    Finishing,
    /// Traffic may flow (AWS `active`, Azure `Connected`, GCP `ACTIVE`).
    Active,
    /// The customer said no (AWS `rejected`).
    Rejected,
    /// The customer said nothing in time (AWS `expired`).
    Expired,
    /// The cloud refuses the pair (AWS `failed`).
    Refused,
    /// The other side went away (AWS `deleted`, Azure `Disconnected`).
    Severed,
    /// It is being removed.
    Removing,
}

/// What a call saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting<T> {
    /// What is there; `None` when certainly nothing is.
    pub found: Option<T>,
    /// When the cloud says that it will look different, if it says so.
    pub recheck_at: Option<Timestamp>,
}

/// A call about the service's own network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRequest {
    /// The project.
    pub group: GroupId,
    /// The container; what we make carries this id as its tag.
    pub container: ContainerId,
    /// Where it is to be and with which addresses.
    pub spec: ContainerSpec,
}

/// A call about one connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRequest {
    /// The project.
    pub group: GroupId,
    /// The peering; what we make carries this id as its tag.
    pub peering: PeerId,
    /// The container at our end.
    pub container: ContainerId,
    /// Which try at the customer this is; goes into the tag.
    pub handshake: u32,
    /// Our end.
    pub ours: ContainerSpec,
    /// The names of our end; unknown only while something is removed.
    pub names: Option<NetworkNames>,
    /// The other end.
    pub customer: CustomerNetwork,
}

/// What is asked of a cloud. Every call can be repeated without harm.
///
/// # Guarantees that a cloud has to give
/// What we make carries the id of its peering or container as a tag, a connection also the
/// handshake. There is never more than one living connection with one tag: `EnsureLink` answers
/// what is there, of whatever handshake and in whatever state, and makes one only when certainly
/// nothing is there. `RemoveLink` takes away what carries the tag, of whatever handshake.
///
/// # Caveats
/// A cloud may show a connection for a while after its end (rejected, expired, failed, deleted).
/// Such a memory of the *current* handshake is an answer; one of an older handshake, and any of
/// them for `RemoveLink`, counts as nothing: otherwise a changed peering could never go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Make the network, or adopt the one that carries our tag.
    EnsureNetwork(NetworkRequest),
    /// Look at the network that carries our tag. Changes nothing.
    ObserveNetwork(NetworkRequest),
    /// Take the network away, or find that it is gone.
    RemoveNetwork(NetworkRequest),
    /// Make the connection and its routes, or adopt what carries our tag.
    EnsureLink(LinkRequest),
    /// Look at the connection that carries our tag. Changes nothing.
    ObserveLink(LinkRequest),
    /// Take the connection and its routes away, or find that they are gone.
    RemoveLink(LinkRequest),
}

/// What a call answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To a call about a network.
    Network(Result<Sighting<Network>, CallError>),
    /// To a call about a connection.
    Link(Result<Sighting<Link>, CallError>),
}

/// Why a call did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CallError {
    /// Whether it may have happened all the same.
    pub certainty: Certainty,
    /// Whether to try again.
    pub remedy: Remedy,
    /// The provider's own code, letter by letter.
    pub code: String,
    /// The provider's own words.
    pub message: String,
}

/// Whether a failed call may have had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It certainly did not happen.
    Definite,
    /// It may have happened: look before trying again.
    Indefinite,
}

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Try again, not before the time that the cloud named, if it named one.
    Retry {
        /// Milliseconds to wait at least.
        after_ms: Option<u64>,
    },
    /// It will never work as asked.
    GiveUp,
}

impl Network {
    /// Whether something of it has to be put right.
    #[must_use]
    pub fn needs_repair(&self) -> bool {
        self.drift.as_ref().is_some_and(|drift| drift.repair)
    }
}

impl Link {
    /// Whether something of our side has to be put right.
    #[must_use]
    pub fn needs_repair(&self) -> bool {
        self.drift.as_ref().is_some_and(|drift| drift.repair)
    }
}

impl LinkRequest {
    /// The block of addresses at our end.
    #[must_use]
    pub fn our_block(&self) -> &AddressBlock {
        self.ours.block()
    }
}

impl Call {
    /// The cloud that is asked.
    #[must_use]
    pub fn provider(&self) -> Provider {
        match self {
            Self::EnsureNetwork(request)
            | Self::ObserveNetwork(request)
            | Self::RemoveNetwork(request) => request.spec.provider(),
            Self::EnsureLink(request) | Self::ObserveLink(request) | Self::RemoveLink(request) => {
                request.ours.provider()
            }
        }
    }

    /// Whether the call may change the cloud, rather than only look.
    #[must_use]
    pub fn may_change(&self) -> bool {
        match self {
            Self::EnsureNetwork(_)
            | Self::RemoveNetwork(_)
            | Self::EnsureLink(_)
            | Self::RemoveLink(_) => true,
            Self::ObserveNetwork(_) | Self::ObserveLink(_) => false,
        }
    }

    /// The answer when no cloud of that provider is configured: nothing happened, and it may be
    /// configured later.
    #[must_use]
    pub fn not_driven(&self) -> Answer {
        let message = alloc::format!("{} is not configured.", self.provider());
        self.not_made("ProviderNotConfigured", message)
    }

    /// The error when the answer is one to another question: nobody knows what happened.
    #[must_use]
    pub fn mismatched(&self) -> CallError {
        CallError {
            certainty: Certainty::Indefinite,
            remedy: Remedy::Retry { after_ms: None },
            code: "AnswerMismatched".into(),
            message: alloc::format!("{} answered another question.", self.provider()),
        }
    }

    /// The answer when whoever was to call no longer may: nothing happened.
    #[must_use]
    pub fn not_ours(&self) -> Answer {
        self.not_made("NotTheOwner", "Another process works on this object.".into())
    }

    fn not_made(&self, code: &str, message: String) -> Answer {
        let error = CallError {
            certainty: Certainty::Definite,
            remedy: Remedy::Retry { after_ms: None },
            code: code.into(),
            message,
        };
        self.failed(error)
    }

    /// The answer that the call failed like that.
    #[must_use]
    pub fn failed(&self, error: CallError) -> Answer {
        match self {
            Self::EnsureNetwork(_) | Self::ObserveNetwork(_) | Self::RemoveNetwork(_) => {
                Answer::Network(Err(error))
            }
            Self::EnsureLink(_) | Self::ObserveLink(_) | Self::RemoveLink(_) => {
                Answer::Link(Err(error))
            }
        }
    }
}
