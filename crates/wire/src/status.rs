//! What the service says of itself.

use core::net::IpAddr;
use std::collections::BTreeMap;

use peerage_core::id::ApiKeyId;
use serde::Serialize;

use crate::page::Link;
use crate::role::RoleAssignment;
use crate::show;

/// The state of the service, and who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemStatus {
    /// The API key that asks; `null` for any other credential.
    pub api_key: Option<StatusKey>,
    /// The name of the service: the only one that clients of the contract know.
    pub app_name: AppName,
    /// Which build of it runs.
    pub build: String,
    /// Itself.
    pub links: Vec<Link>,
    /// Whether it is slowing down on purpose.
    pub throttling: bool,
}

/// The name of the service on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum AppName {
    /// As the contract has it.
    #[default]
    #[serde(rename = "MongoDB Atlas")]
    Contract,
}

/// An API key in the state of the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusKey {
    /// The addresses that may use it.
    pub access_list: Vec<StatusEntry>,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: ApiKeyId,
    /// Its public half.
    pub public_key: String,
    /// Its roles.
    pub roles: Vec<RoleAssignment>,
}

/// An entry of the access list of an API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusEntry {
    /// The block.
    pub cidr_block: String,
    /// The first address of it.
    pub ip_address: String,
}

/// The addresses of the control plane: the service's own, by cloud and region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ControlPlaneAddresses {
    /// Where it takes connections.
    pub inbound: AddressesByCloud,
    /// Where its connections come from.
    pub outbound: AddressesByCloud,
}

/// Addresses by cloud and region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AddressesByCloud {
    /// On AWS.
    pub aws: BTreeMap<String, Vec<String>>,
    /// On Azure.
    pub azure: BTreeMap<String, Vec<String>>,
    /// On GCP.
    pub gcp: BTreeMap<String, Vec<String>>,
}

/// The address that a client is seen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IpInfo {
    /// The address.
    #[serde(serialize_with = "show::text")]
    pub current_ipv4_address: IpAddr,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &impl Serialize, expect: &str) {
        assert_eq!(serde_json::to_string(answer).unwrap(), expect);
    }

    #[test]
    fn answers_about_the_service() {
        let mut status = SystemStatus {
            api_key: None,
            app_name: AppName::Contract,
            build: "0.1.0".into(),
            links: vec![],
            throttling: false,
        };
        check(
            &status,
            r#"{"apiKey":null,"appName":"MongoDB Atlas","build":"0.1.0","links":[],"throttling":false}"#,
        );
        status.api_key = Some(StatusKey {
            access_list: vec![StatusEntry {
                cidr_block: "10.0.0.1/32".into(),
                ip_address: "10.0.0.1".into(),
            }],
            id: ApiKeyId::from_bytes([1; 12]),
            public_key: "abcdefgh".into(),
            roles: vec![],
        });
        check(
            &status.api_key,
            r#"{"accessList":[{"cidrBlock":"10.0.0.1/32","ipAddress":"10.0.0.1"}],"id":"010101010101010101010101","publicKey":"abcdefgh","roles":[]}"#,
        );
        check(
            &ControlPlaneAddresses::default(),
            r#"{"inbound":{"aws":{},"azure":{},"gcp":{}},"outbound":{"aws":{},"azure":{},"gcp":{}}}"#,
        );
        check(
            &IpInfo { current_ipv4_address: IpAddr::from([127, 0, 0, 1]) },
            r#"{"currentIpv4Address":"127.0.0.1"}"#,
        );
    }
}
