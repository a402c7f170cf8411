//! What the table of operations does not say of the operations of network peering.

/// What a document says of an operation.
pub(super) struct Details {
    pub(super) summary: &'static str,
    /// Parameters of the query, besides those of every operation.
    pub(super) query: &'static [&'static str],
    /// The schema of the body.
    pub(super) request: Option<&'static str>,
    /// The status of a success.
    pub(super) status: &'static str,
    /// The schema of its body.
    pub(super) response: Option<&'static str>,
}

const PAGE: &[&str] = &["includeCount", "itemsPerPage", "pageNum"];
const PAGE_OF_PROVIDER: &[&str] = &["providerName", "includeCount", "itemsPerPage", "pageNum"];

/// The details of an operation of network peering.
pub(super) fn details(id: &str) -> Option<Details> {
    let read = |summary, query, schema| Details {
        summary,
        query,
        request: None,
        status: "200",
        response: Some(schema),
    };
    let write =
        |summary, request, schema| Details { request: Some(request), ..read(summary, &[], schema) };
    let remove = |summary, status, response| Details {
        summary,
        query: &[],
        request: None,
        status,
        response,
    };
    Some(match id {
        "listGroupPeers" => read("List the peerings on one cloud", PAGE_OF_PROVIDER, "Peers"),
        "createGroupPeer" => write("Ask for a peering", "NewPeer", "Peer"),
        "getGroupPeer" => read("Show a peering", &[], "Peer"),
        "updateGroupPeer" => write("Change a peering", "PeerChange", "Peer"),
        "deleteGroupPeer" => remove("Take a peering away", "202", Some("Empty")),
        "listGroupContainers" => {
            read("List the containers on one cloud", PAGE_OF_PROVIDER, "Containers")
        }
        "listGroupContainerAll" => read("List the containers on all clouds", PAGE, "Containers"),
        "createGroupContainer" => write("Make a container", "NewContainer", "Container"),
        "getGroupContainer" => read("Show a container", &[], "Container"),
        "updateGroupContainer" => {
            write("Change an empty container", "ContainerChange", "Container")
        }
        "deleteGroupContainer" => remove("Take an empty container away", "204", None),
        "verifyGroupPrivateIpMode" => {
            read("Show whether connections go through peerings only", &[], "PrivateIpMode")
        }
        "disableGroupPrivateIpModePeering" => {
            write("Let connections go not only through peerings", "PrivateIpMode", "PrivateIpMode")
        }
        _ => return None,
    })
}
