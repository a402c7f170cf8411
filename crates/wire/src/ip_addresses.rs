//! The addresses of what runs in a project. Peerage runs no clusters, so the list is empty.

use peerage_core::id::GroupId;
use serde::Serialize;

use crate::show;

/// The addresses of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupIpAddresses {
    /// The project.
    #[serde(serialize_with = "show::text")]
    pub group_id: GroupId,
    /// By service.
    pub services: GroupServices,
}

/// The services of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GroupServices {
    /// Its clusters.
    pub clusters: Vec<ClusterIpAddresses>,
}

/// The addresses of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterIpAddresses {
    /// Its name.
    pub cluster_name: String,
    /// Where it will take connections.
    pub future_inbound: Vec<String>,
    /// Where its connections will come from.
    pub future_outbound: Vec<String>,
    /// Where it takes connections.
    pub inbound: Vec<String>,
    /// Where its connections come from.
    pub outbound: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_without_clusters_has_no_addresses() {
        let answer = GroupIpAddresses {
            group_id: GroupId::from_bytes([1; 12]),
            services: GroupServices::default(),
        };
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"groupId":"010101010101010101010101","services":{"clusters":[]}}"#
        );
    }
}
