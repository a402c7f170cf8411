//! The rules of Compute Engine that are kept here: each with where it is known from, and the test
//! that fails without it.
//!
//! Where the evidence names no exact words, the words of a refusal are our own: `words: ours`.

pub use crate::fidelity::Rule;

const fn rule(rule: &'static str, evidence: &'static str, test: &'static str) -> Rule {
    Rule { rule, evidence, test }
}

const GUIDE: &str = "guide to VPC Network Peering";
const REFERENCE: &str = "Compute Engine API v1, reference of networks";
const CONSENSUS: &str = "reference of networks, consensusState; about peering connections";

/// Every rule.
pub const RULES: &[Rule] = &[
    rule(
        "A peering is INACTIVE, \"Waiting for peer network to connect.\", until the other network \
         has a matching configuration; then ACTIVE, \"Connected.\", on both, from one moment on",
        "guide to VPC Network Peering; stateDetails as networks.get showed it on 2026-03-02, \
         kyma-project/cloud-manager",
        "peerings::a_half_is_inactive_until_the_other_half_is_made",
    ),
    rule(
        "Every field of peerings[], with connectionStatus",
        "networks.get of 2026-03-02 in the tests of kyma-project/cloud-manager; peerMtu: reference",
        "peerings::a_half_is_shown_as_compute_engine_shows_it",
    ),
    rule(
        "Without the other half, a peering is INACTIVE again, and ACTIVE once that is made again",
        GUIDE,
        "peerings::without_the_other_half_a_half_is_inactive_again",
    ),
    rule(
        "A request to peer is not shown to the other network, which need not even exist",
        "using VPC Network Peering: \"You can't list peering requests\"; \
         mongodb/terraform-provider-mongodbatlas#16",
        "peerings::a_network_that_nobody_has_can_be_peered_with_and_is_waited_for",
    ),
    rule(
        "One peering operation at a time on the local network: 400, badRequest",
        "using VPC Network Peering; hashicorp/terraform-provider-google#3026",
        "peerings::one_operation_runs_on_a_network_at_a_time",
    ),
    rule(
        "One peering operation at a time on the peer network, whoever's it is",
        "as above",
        "peerings::one_operation_runs_on_the_peer_network_at_a_time",
    ),
    rule(
        "Removals and updates are peering operations, too",
        "as above; \"Error removing peering\", public issues with the same words",
        "peerings::a_removal_and_an_update_are_operations",
    ),
    rule(
        "No peering operation while a route operation runs: 400, badRequest. That the making of a \
         subnetwork is one is our reading",
        "hashicorp/terraform-provider-google#3034",
        "routes::no_peering_is_worked_on_while_a_route_is_made",
    ),
    rule(
        "No route is made while a peering operation runs: 400, badRequest",
        "hashicorp/terraform-provider-google#6361",
        "routes::no_route_is_made_while_a_peering_is_worked_on",
    ),
    rule(
        "A pair of networks has one peering; the status is our reading",
        "words: kyma-project/cloud-manager, createRemoteVpcPeering",
        "peerings::a_pair_of_networks_is_peered_once",
    ),
    rule(
        "A network cannot be peered with itself; subnet routes cannot be kept back; words: ours",
        "reference of networks; hashicorp/terraform-provider-google#2281",
        "peerings::what_is_no_peering_is_refused",
    ),
    rule(
        "addPeering takes the fields from before there was networkPeering",
        REFERENCE,
        "peerings::a_peering_can_be_asked_for_as_before_there_were_options",
    ),
    rule(
        "updatePeering changes only what it names",
        REFERENCE,
        "peerings::an_update_changes_what_it_names",
    ),
    rule(
        "A peering that is not there: 400, \"There is no peering (…) for the network.\"",
        "hashicorp/terraform-provider-google#9105",
        "peerings::a_peering_that_is_not_there_is_neither_updated_nor_removed",
    ),
    rule(
        "25 peerings of one network; the 26th fails as an operation, QUOTA_EXCEEDED",
        "quotas of VPC networks; the form: \"Quota 'NETWORKS' exceeded.  Limit: 5.0 globally.\", \
         fortinet/fortigate-tutorial-gcp#9",
        "peerings::a_network_has_at_most_25_peerings",
    ),
    rule(
        "Networks whose subnetworks overlap cannot be peered: the operation fails",
        "guide to VPC Network Peering; words: troubleshooting of terraform-google-modules",
        "overlap::two_networks_that_overlap_are_not_peered",
    ),
    rule(
        "Two networks in auto mode cannot be peered",
        "guide to VPC Network Peering; IPv4 ranges of auto mode VPC networks",
        "overlap::two_networks_in_auto_mode_are_not_peered",
    ),
    rule(
        "Networks that overlap cannot have a peer in common; words: ours",
        GUIDE,
        "overlap::two_networks_that_overlap_do_not_share_a_peer",
    ),
    rule(
        "A half that waits takes no addresses",
        GUIDE,
        "overlap::a_half_that_waits_takes_no_addresses",
    ),
    rule(
        "Who waits is told that the other network tried to connect and failed",
        "stateDetails in public examples of networks.get (2022-04-22)",
        "overlap::who_waits_is_told_that_the_other_tried_and_failed",
    ),
    rule(
        "A subnetwork that overlaps with a peer, or with a peer's peer, is not made; words: ours",
        GUIDE,
        "overlap::a_subnetwork_that_overlaps_with_a_peer_is_not_made",
    ),
    rule(
        "A static route into a subnetwork of the other network keeps the two apart",
        "troubleshooting of terraform-google-modules",
        "overlap::a_static_route_into_the_other_network_keeps_them_apart",
    ),
    rule(
        "Subnet routes of private addresses are exchanged once connected",
        GUIDE,
        "exchange::subnet_routes_go_both_ways_once_connected",
    ),
    rule(
        "A static route is exchanged where one side exports and the other imports it",
        REFERENCE,
        "exchange::a_static_route_goes_where_one_exports_and_the_other_imports",
    ),
    rule(
        "Routes to the Internet and routes with tags are never exchanged",
        "guide to VPC Network Peering, options for exchanging static routes",
        "exchange::some_static_routes_are_never_exchanged",
    ),
    rule(
        "Subnet routes of public addresses are exported by default and imported on request",
        REFERENCE,
        "exchange::subnet_routes_of_public_addresses_are_imported_on_request",
    ),
    rule(
        "listPeeringRoutes is about one peering, region and direction",
        REFERENCE,
        "exchange::a_list_of_exchanged_routes_is_about_one_peering_one_region_and_one_direction",
    ),
    rule(
        "Both halves have to have the same updateStrategy",
        CONSENSUS,
        "consensus::both_halves_are_of_one_strategy",
    ),
    rule(
        "With CONSENSUS, an update counts once both sides made it",
        CONSENSUS,
        "consensus::an_update_counts_once_both_sides_made_it",
    ),
    rule(
        "CONSENSUS ends once both sides changed to INDEPENDENT",
        CONSENSUS,
        "consensus::the_strategy_changes_once_both_sides_changed_it",
    ),
    rule(
        "With CONSENSUS, a peering is removed after both sides requested it; words: ours",
        "gcloud compute networks peerings request-delete",
        "consensus::a_connection_ends_once_both_sides_asked_for_it",
    ),
    rule(
        "A requested removal can be withdrawn, by both after both requested it",
        CONSENSUS,
        "consensus::a_request_to_end_it_can_be_withdrawn",
    ),
    rule(
        "A removal can be requested only with CONSENSUS; words: ours",
        REFERENCE,
        "consensus::only_where_both_have_to_agree_they_can_be_asked_to",
    ),
    rule(
        "Every field of a network",
        "networks.get of 2026-03-02 in the tests of kyma-project/cloud-manager",
        "networks::a_network_is_shown_as_compute_engine_shows_it",
    ),
    rule(
        "A network that was accepted is not shown before it is there (stricter than Compute Engine \
         has to be)",
        "eventual consistency of lists",
        "networks::a_network_is_shown_once_it_is_there",
    ),
    rule(
        "A name is given once: 409, alreadyExists",
        "GoogleCloudPlatform/terraform-dynamic-python-webapp#60",
        "networks::a_name_is_given_once_even_while_its_network_is_made",
    ),
    rule(
        "Names are of RFC 1035; MTU 1300 to 8896; legacy networks are not made (words: ours)",
        REFERENCE,
        "networks::what_is_no_network_is_refused",
    ),
    rule(
        "Nothing is done with a resource that is being made or deleted: 400, resourceNotReady",
        "\"'subnetworks/default' is not ready\", hashicorp/terraform-provider-google#10972",
        "networks::nothing_is_done_with_a_network_that_is_not_there_yet",
    ),
    rule(
        "The deletion of a network in use fails as an operation: \
         RESOURCE_IN_USE_BY_ANOTHER_RESOURCE. How a peering is named there is our reading",
        "murphye/cheap-gke-cluster#8; GoogleCloudPlatform/terraform-google-three-tier-web-app#167",
        "networks::the_deletion_of_a_network_that_is_used_fails",
    ),
    rule(
        "A network in auto mode has a subnetwork in each region, of 10.128.0.0/9, which cannot be \
         deleted",
        "IPv4 ranges of auto mode VPC networks; tektoncd/plumbing#28",
        "networks::a_network_in_auto_mode_has_a_subnetwork_in_each_region",
    ),
    rule(
        "In auto mode, further subnetworks lie outside of 10.128.0.0/9",
        "cloudfoundry/bosh-google-cpi-release#262",
        "subnetworks::a_network_in_auto_mode_keeps_its_block_for_itself",
    ),
    rule(
        "Subnetworks of one network do not overlap: the operation fails, INVALID_USAGE",
        "\"Invalid IPCidrRange: … conflicts with existing subnetwork\", public issues and clients",
        "subnetworks::blocks_of_one_network_do_not_overlap",
    ),
    rule(
        "Subnetworks are /4 to /29 and not of a prohibited range; words: ours",
        "valid and prohibited IPv4 subnet ranges",
        "subnetworks::what_is_no_block_of_a_subnetwork_is_refused",
    ),
    rule(
        "A subnetwork of another stackType or purpose than IPV4_ONLY and PRIVATE is not made here",
        "reference of subnetworks; Compute Engine makes them; words: ours",
        "subnetworks::a_subnetwork_of_another_kind_is_refused",
    ),
    rule(
        "A network has a route to the Internet, and one for each subnetwork that cannot be deleted",
        "routes of VPC networks; \"The local route cannot be deleted.\", public clients",
        "routes::a_network_has_a_route_to_the_internet_and_to_its_subnetworks",
    ),
    rule(
        "A connection brings routes whose next hop is the peering",
        "routes of VPC networks",
        "routes::a_connection_brings_routes",
    ),
    rule(
        "A route has at most 64 tags, each a name, and a description of 2048 bytes; words: ours",
        "references of routes, of instances (tags) and of subnetworks (description)",
        "routes::what_a_route_says_has_a_bound",
    ),
    rule(
        "A static route does not lead into a subnetwork of the group; words: ours",
        "routes of VPC networks, interactions of subnet and static routes",
        "routes::a_route_does_not_lead_into_a_subnetwork_of_the_group",
    ),
    rule(
        "Every field of an operation",
        "operations in public issues; reference of globalOperations",
        "operations::an_operation_is_shown_as_compute_engine_shows_it",
    ),
    rule(
        "A requestId that is repeated is the same operation",
        "reference of networks.insert, requestId",
        "operations::a_repeated_request_is_the_same_operation",
    ),
    rule(
        "A failed operation has changed nothing",
        "reference of globalOperations",
        "operations::a_failed_operation_changed_nothing",
    ),
    rule(
        "Lists: maxResults up to 500, pageToken",
        "reference of networks.list",
        "lists::a_list_is_shown_in_pages_by_name",
    ),
    rule(
        "Lists: rows of one name, as the subnetworks of an auto mode network, are each shown once",
        "reference of subnetworks.aggregatedList",
        "lists::rows_of_one_name_are_each_shown_once",
    ),
    rule(
        "Lists: exchanged routes that look the same are each shown once",
        "reference of networks.listPeeringRoutes",
        "exchange::routes_that_look_the_same_are_each_shown",
    ),
    rule(
        "Lists: orderBy creationTimestamp desc",
        "reference of networks.list",
        "lists::the_newest_can_come_first",
    ),
    rule(
        "Lists: filter with =, !=, :, eq, ne; OR and most of regular expressions are refused here",
        "reference of networks.list",
        "lists::a_filter_leaves_what_it_names",
    ),
    rule(
        "A missing permission is named: 403, forbidden",
        "terraform-google-modules/terraform-google-data-fusion#38; IAM permissions of each method",
        "access::who_lacks_a_permission_is_told_which",
    ),
    rule(
        "Too many requests: 403 or 429, rateLimitExceeded",
        "troubleshooting of terraform-google-modules/terraform-example-foundation; rate quotas of \
         the Compute Engine API",
        "access::who_asks_too_often_is_told_so",
    ),
    rule(
        "Tokens for signed assertions; signatures and times are not looked at here",
        "RFC 7523; OAuth 2.0 for server to server applications",
        "access::a_token_is_given_for_a_signed_assertion_and_ends",
    ),
    rule(
        "Tokens from the metadata server, which wants Metadata-Flavor: Google",
        "metadata server of Compute Engine",
        "access::a_machine_gets_its_token_from_the_metadata_server",
    ),
    rule(
        "Tokens of workload identity and impersonation",
        "Security Token Service; IAM credentials API",
        "access::a_foreign_identity_becomes_an_account",
    ),
    rule(
        "Whoever gets a token has a name of at most 2048 characters; the bound is ours",
        "none: a name is kept with its token",
        "access::whoever_gets_a_token_has_a_name_of_2048_characters_at_most",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_rule_has_a_test_that_exists() {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compute");
        for rule in RULES {
            let (file, name) = rule.test.split_once("::").unwrap();
            let text = std::fs::read_to_string(tests.join(format!("{file}.rs"))).unwrap();
            assert!(
                text.contains(&format!("#[test]\nfn {name}() {{")),
                "{} is not there",
                rule.test
            );
        }
    }

    #[test]
    fn no_rule_is_told_twice_and_each_has_evidence() {
        let rules: BTreeSet<_> = RULES.iter().map(|rule| rule.rule).collect();
        let tests: BTreeSet<_> = RULES.iter().map(|rule| rule.test).collect();
        assert_eq!((rules.len(), tests.len()), (RULES.len(), RULES.len()));
        assert!(RULES.iter().all(|rule| rule.evidence.len() > 7));
    }
}
