//! Peerings: what one network's half of a connection is, and how it is shown.
//!
//! Sources: the guide to VPC Network Peering, its page on peering connections, the reference of
//! `networks`. Each network holds its own configuration and is shown nothing of the other's. What
//! makes two halves a connection stands in [`pair`], what is not taken in [`overlap`], who else has
//! to agree in [`consensus`], which routes go through in [`exchange`].

mod change;
mod consensus;
mod exchange;
mod overlap;
mod pair;

use peerage_core::time::Timestamp;
use peerage_fabric::rules::gcp::{CONNECTED, WAITING};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use self::change::{
    Change, add, add_peering, added, check_add, remove, remove_peering, removed, update_peering,
    updated,
};
pub(super) use self::consensus::{
    cancel_request_remove_peering, removal_cancelled, removal_requested, request_remove_peering,
};
pub(super) use self::exchange::{imported, list_peering_routes};
pub(super) use self::overlap::overlap_with_group;
use super::links::NetworkKey;
use super::world::World;
use crate::calendar;

/// `stateDetails` of a half whose other half could not be made. Source: a network as Compute Engine
/// showed it, in public examples of `networks.get` ("Peer network tried to connect and failed.").
pub(super) const PEER_FAILED: &str = "Peer network tried to connect and failed.";

/// One network's half of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Peering {
    pub(super) name: String,
    /// The other network.
    pub(super) peer: NetworkKey,
    config: Config,
    /// `stateDetails`, and since when.
    details: String,
    since_ms: i64,
    /// What is in force while both halves match; `ACTIVE`.
    effective: Option<Effective>,
    /// What its network asked for about its removal.
    wish: Wish,
}

/// How a half is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Config {
    traffic: Traffic,
    strategy: Strategy,
}

/// What goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Traffic {
    export_custom: bool,
    import_custom: bool,
    export_public: bool,
    import_public: bool,
    stack: Stack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Stack {
    #[serde(rename = "IPV4_ONLY")]
    Ipv4Only,
    #[serde(rename = "IPV4_IPV6")]
    Ipv4Ipv6,
}

/// Who has to agree to a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Strategy {
    Independent,
    Consensus,
}

/// What is in force on both sides, seen from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Effective {
    traffic: Traffic,
    strategy: Strategy,
}

/// What one side asked for, where both have to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wish {
    remove: bool,
    /// After both asked for the removal: not any more.
    cancel: bool,
}

impl Default for Traffic {
    /// What Compute Engine takes where nothing is said. Source: the reference of `networks`.
    fn default() -> Self {
        Self {
            export_custom: false,
            import_custom: false,
            export_public: true,
            import_public: false,
            stack: Stack::Ipv4Only,
        }
    }
}

impl Stack {
    const fn word(self) -> &'static str {
        match self {
            Self::Ipv4Only => "IPV4_ONLY",
            Self::Ipv4Ipv6 => "IPV4_IPV6",
        }
    }
}

impl Strategy {
    const fn word(self) -> &'static str {
        match self {
            Self::Independent => "INDEPENDENT",
            Self::Consensus => "CONSENSUS",
        }
    }
}

impl Peering {
    /// A half as one is made that nothing more is said about.
    pub(super) fn plain(name: String, peer: NetworkKey) -> Self {
        Self {
            name,
            peer,
            config: Config { traffic: Traffic::default(), strategy: Strategy::Independent },
            details: WAITING.to_owned(),
            since_ms: 0,
            effective: None,
            wish: Wish::default(),
        }
    }

    pub(super) const fn is_active(&self) -> bool {
        self.effective.is_some()
    }

    /// Both halves match.
    fn activate(&mut self, effective: Effective, now: Timestamp) {
        if self.effective.is_none() {
            self.say(CONNECTED, now);
        }
        self.effective = Some(effective);
    }

    /// The other half is gone.
    fn deactivate(&mut self, now: Timestamp) {
        if self.effective.take().is_some() {
            self.say(WAITING, now);
        }
        self.wish = Wish::default();
    }

    fn say(&mut self, details: &str, now: Timestamp) {
        details.clone_into(&mut self.details);
        self.since_ms = now.as_millis();
    }

    /// An element of `peerings[]`; `network`: whose half it is.
    pub(super) fn body(&self, world: &World, network: &NetworkKey) -> Value {
        let traffic = self.config.traffic;
        let since = calendar::pacific(Timestamp::from_millis(self.since_ms));
        let mut body = json!({
            "name": self.name,
            "network": self.peer.link(),
            "state": if self.is_active() { "ACTIVE" } else { "INACTIVE" },
            "stateDetails": format!("[{since}]: {}", self.details),
            "autoCreateRoutes": true,
            "exchangeSubnetRoutes": true,
            "exportCustomRoutes": traffic.export_custom,
            "importCustomRoutes": traffic.import_custom,
            "exportSubnetRoutesWithPublicIp": traffic.export_public,
            "importSubnetRoutesWithPublicIp": traffic.import_public,
            "stackType": traffic.stack.word(),
            "updateStrategy": self.config.strategy.word(),
        });
        let Some(effective) = self.effective else { return body };
        if let Some(peer) = world.tables.networks.get(&self.peer) {
            body["peerMtu"] = peer.mtu.into();
        }
        let traffic = effective.traffic;
        body["connectionStatus"] = json!({
            "updateStrategy": effective.strategy.word(),
            "trafficConfiguration": {
                "exportCustomRoutesToPeer": traffic.export_custom,
                "importCustomRoutesFromPeer": traffic.import_custom,
                "exportSubnetRoutesWithPublicIpToPeer": traffic.export_public,
                "importSubnetRoutesWithPublicIpFromPeer": traffic.import_public,
                "stackType": traffic.stack.word(),
            },
        });
        if effective.strategy == Strategy::Consensus {
            let state = consensus::state(world, network, self);
            body["connectionStatus"]["consensusState"] = state;
        }
        body
    }
}
