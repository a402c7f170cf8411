//! Rules of connections, and of the routes and options that need one.

use super::Rule;

pub(super) const RULES: &[Rule] = &[
    Rule {
        rule: "A request goes from initiating-request over pending-acceptance and provisioning \
               to active.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "a_request_goes_step_by_step_from_initiating_to_active",
    },
    Rule {
        rule: "An overlap of any block of the two VPCs makes the request fail.",
        evidence: "Amazon VPC Peering Guide, limitations",
        test: "an_overlap_of_any_block_fails_the_request",
    },
    Rule {
        rule: "A request to a VPC, an account or a region that is wrong is made, and fails.",
        evidence: "Status message of EC2: `Failed due to incorrect VPC-ID, Account ID, or \
                   overlapping CIDR range`",
        test: "a_vpc_that_is_not_there_fails_the_request",
    },
    Rule {
        rule: "A failed request cannot be accepted, rejected or deleted; its requester sees it \
               for 2 hours.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "a_failed_request_takes_nothing_and_is_seen_by_its_requester_for_two_hours",
    },
    Rule {
        rule: "A request expires after 168 hours; nothing can be done with it then, and both \
               owners see it for 2 days.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle; EC2 API \
                   Reference, `CreateVpcPeeringConnection`",
        test: "a_request_expires_after_168_hours_and_both_see_it_for_two_days",
    },
    Rule {
        rule: "A request says when it expires.",
        evidence: "EC2 API Reference, `VpcPeeringConnection.expirationTime`",
        test: "a_request_says_when_it_expires_as_long_as_it_can",
    },
    Rule {
        rule: "A rejected request is seen by its requester for 2 days and by its accepter for 2 \
               hours; within one account for 2 hours.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "a_rejected_request_is_seen_for_two_days_or_for_two_hours",
    },
    Rule {
        rule: "A rejected request cannot be deleted: InvalidStateTransition, from rejected to \
               deleting.",
        evidence: "Terraform AWS provider, `aws_vpc_peering_connection`, the words it expects; \
                   EC2 error codes",
        test: "a_rejected_request_cannot_be_accepted_rejected_or_deleted",
    },
    Rule {
        rule: "A connection that is provisioned takes nothing until it is active.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle; that it takes no \
                   deletion is deduced",
        test: "a_connection_that_is_provisioned_is_waited_for",
    },
    Rule {
        rule: "An active connection can be deleted by either owner, and not rejected; it stays \
               active.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "an_active_connection_cannot_be_rejected_or_accepted_again",
    },
    Rule {
        rule: "A request that is initiated is not with its accepter yet.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle; that it takes no \
                   deletion is deduced",
        test: "a_request_that_is_initiated_is_not_with_its_accepter_and_takes_nothing",
    },
    Rule {
        rule: "VPCs whose blocks overlap by now are not joined by accepting.",
        evidence: "Amazon VPC Peering Guide, limitations; that the request fails then is deduced",
        test: "a_request_whose_vpcs_overlap_by_now_fails_when_it_is_accepted",
    },
    Rule {
        rule: "A connection can join two regions.",
        evidence: "Amazon VPC Peering Guide, create and accept a VPC peering connection",
        test: "a_connection_can_join_two_regions",
    },
    Rule {
        rule: "A deleted connection is seen by its deleter for 2 hours and by the other owner \
               for 2 days.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "a_deleted_connection_is_seen_two_hours_by_its_deleter_and_two_days_by_the_other",
    },
    Rule {
        rule: "A deleted connection within one account is seen for 2 hours.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "a_deleted_connection_of_one_account_is_seen_for_two_hours",
    },
    Rule {
        rule: "The requester can delete a request that waits.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "the_requester_can_delete_a_request_that_waits",
    },
    Rule {
        rule: "Only a connection between regions is deleting for a while.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle",
        test: "only_between_regions_a_deletion_takes_a_while",
    },
    Rule {
        rule: "A deleted connection cannot be accepted, rejected or deleted.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle; EC2 error codes, \
                   `InvalidStateTransition`",
        test: "a_deleted_connection_takes_nothing",
    },
    Rule {
        rule: "A VPC takes its active connections and its own requests with it.",
        evidence: "Amazon VPC Peering Guide, delete a VPC peering connection",
        test: "a_vpc_takes_its_peerings_with_it",
    },
    Rule {
        rule: "A VPC with a waiting request of another account cannot be deleted.",
        evidence: "Amazon VPC Peering Guide, delete a VPC peering connection",
        test: "a_vpc_that_is_asked_by_another_account_cannot_be_deleted",
    },
    Rule {
        rule: "Whoever owns both sides can delete from either region.",
        evidence: "Amazon VPC Peering Guide, delete a VPC peering connection; deduced for \
                   requests that wait",
        test: "whoever_owns_both_sides_can_delete_from_either_region",
    },
    Rule {
        rule: "Only the accepter accepts or rejects: `User … cannot accept peering pcx-…`.",
        evidence: "Amazon VPC Peering Guide, create and accept a VPC peering connection; the \
                   words as clients report them",
        test: "only_the_accepter_accepts_or_rejects",
    },
    Rule {
        rule: "The accepter cannot delete a request.",
        evidence: "Amazon VPC Peering Guide, VPC peering connection lifecycle; the words are \
                   those of a refused acceptance",
        test: "the_accepter_cannot_delete_a_request",
    },
    Rule {
        rule: "A request is accepted in the accepter's region and nowhere else: `Incorrect \
               region (…) specified for this request`.",
        evidence: "Amazon VPC Peering Guide, create and accept a VPC peering connection; words \
                   recorded from AWS by moto",
        test: "a_request_is_accepted_in_the_accepters_region_and_nowhere_else",
    },
    Rule {
        rule: "Who is on neither side sees no connection.",
        evidence: "EC2 error codes, `InvalidVpcPeeringConnectionID.NotFound`",
        test: "a_stranger_sees_nothing",
    },
    Rule {
        rule: "The requester sees the accepter's blocks once it has accepted.",
        evidence: "EC2 API Reference, examples of `CreateVpcPeeringConnection` and \
                   `AcceptVpcPeeringConnection`",
        test: "the_requester_learns_the_accepters_blocks_when_it_agrees",
    },
    Rule {
        rule: "A VPC of another account that is named without its owner shows no blocks.",
        evidence: "botocore's service model, `VpcPeeringConnection.AccepterVpcInfo`: \"CIDR \
                   block information is only returned when describing an active VPC peering \
                   connection.\"",
        test: "a_vpc_that_is_named_without_its_owner_shows_no_blocks",
    },
    Rule {
        rule: "A request that is deleted before it was accepted shows its requester no blocks of \
               the accepter.",
        evidence: "botocore's service model, `VpcPeeringConnection.AccepterVpcInfo`: \"CIDR \
                   block information is only returned when describing an active VPC peering \
                   connection.\"",
        test: "a_request_that_is_deleted_shows_no_blocks_of_the_accepter",
    },
    Rule {
        rule: "A connection that is over shows the blocks that its VPCs had at its end.",
        evidence: "Deduced from botocore's service model, `VpcPeeringConnection.AccepterVpcInfo`: \
                   \"CIDR block information is only returned when describing an active VPC \
                   peering connection.\"",
        test: "a_connection_that_is_over_shows_the_blocks_that_it_had",
    },
    Rule {
        rule: "A second request of the pair in the same direction answers the connection that \
               lives.",
        evidence: "hashicorp/terraform-provider-aws#27750 and its documentation",
        test: "a_second_request_of_the_pair_is_the_first_one",
    },
    Rule {
        rule: "A request in the other direction is made, and cannot be accepted: \
               VpcPeeringConnectionAlreadyExists.",
        evidence: "hashicorp/terraform-provider-aws#44315, \
                   ansible-collections/community.aws#580; Amazon VPC Peering Guide, limitations",
        test: "a_reversed_request_is_made_and_cannot_be_accepted",
    },
    Rule {
        rule: "A VPC has 25 requests open at most.",
        evidence: "Amazon VPC quotas; EC2 error codes",
        test: "a_vpc_has_25_requests_open_and_no_more",
    },
    Rule {
        rule: "A VPC has 50 active connections at most, on either side.",
        evidence: "Amazon VPC quotas; EC2 error codes",
        test: "a_vpc_has_50_active_connections_and_no_more",
    },
    Rule {
        rule: "A request names a VPC of the caller and a peer of the right form.",
        evidence: "EC2 API Reference, `CreateVpcPeeringConnection`; EC2 error codes",
        test: "a_request_names_a_vpc_of_the_caller_and_a_peer",
    },
    Rule {
        rule: "The peer's owner and region are the caller's where they are not named.",
        evidence: "EC2 API Reference, `CreateVpcPeeringConnection`",
        test: "without_an_owner_and_a_region_the_peer_is_the_callers_own",
    },
    Rule {
        rule: "A route through a connection that is not active is a blackhole.",
        evidence: "Amazon VPC Peering Guide, update your route tables",
        test: "a_route_is_a_blackhole_until_its_connection_is_active",
    },
    Rule {
        rule: "A route through a deleted connection stays, as a blackhole.",
        evidence: "Amazon VPC Peering Guide, update your route tables; EC2 API Reference, \
                   `Route.state`",
        test: "a_route_through_a_deleted_connection_stays_as_a_blackhole",
    },
    Rule {
        rule: "A block has one route in a table, and is taken to its canonical form.",
        evidence: "EC2 error codes, `RouteAlreadyExists`; EC2 API Reference, `CreateRoute`",
        test: "a_block_has_one_route",
    },
    Rule {
        rule: "No part of a VPC's own block is routed through a connection.",
        evidence: "hashicorp/terraform#26018",
        test: "no_route_leads_a_part_of_the_vpc_away",
    },
    Rule {
        rule: "A route's connection has to touch the VPC of the table: `… belong to different \
               networks`.",
        evidence: "hashicorp/terraform#2185",
        test: "a_connection_has_to_touch_the_tables_vpc",
    },
    Rule {
        rule: "A route needs one target that exists.",
        evidence: "EC2 API Reference, `CreateRoute`; EC2 error codes; the code for a connection \
                   that has ended is deduced",
        test: "a_route_needs_one_target_that_exists",
    },
    Rule {
        rule: "A table has 50 routes at most beside the local ones.",
        evidence: "Amazon VPC quotas; EC2 error codes, `RouteLimitExceeded`",
        test: "a_table_has_50_routes_and_no_more",
    },
    Rule {
        rule: "Only a route that was made can be replaced or deleted.",
        evidence: "EC2 API Reference, `ReplaceRoute`, `DeleteRoute`; words recorded from AWS by \
                   moto",
        test: "only_a_route_that_was_made_is_replaced_or_deleted",
    },
    Rule {
        rule: "The main table and a table that a subnet uses cannot be deleted.",
        evidence: "Amazon VPC User Guide, route tables",
        test: "a_table_in_use_stays",
    },
    Rule {
        rule: "Another table can be made a VPC's main one.",
        evidence: "EC2 API Reference, `ReplaceRouteTableAssociation`",
        test: "another_table_can_be_the_main_one",
    },
    Rule {
        rule: "The same client token makes one route table.",
        evidence: "Amazon EC2 Developer Guide, idempotency",
        test: "a_token_makes_one_table",
    },
    Rule {
        rule: "Options can be set on active connections only.",
        evidence: "Amazon VPC Peering Guide, enable DNS resolution; \
                   cloudposse/terraform-aws-vpc-peering-multi-account#8, EC2's words",
        test: "options_are_for_active_connections_only",
    },
    Rule {
        rule: "Each side sets its own options.",
        evidence: "Amazon VPC Peering Guide, enable DNS resolution; the words as clients report \
                   them",
        test: "each_side_sets_its_own_options",
    },
    Rule {
        rule: "DNS resolution needs DNS support and DNS hostnames in both VPCs.",
        evidence: "Amazon VPC Peering Guide, enable DNS resolution; EC2 error codes, \
                   `InvalidVpcPeeringConnectionState.DnsHostnamesDisabled`",
        test: "dns_resolution_needs_both_vpcs_to_have_support_and_names",
    },
    Rule {
        rule: "Between regions each side is set in its own, and there is no ClassicLink.",
        evidence: "Amazon VPC Peering Guide, enable DNS resolution; \
                   hashicorp/terraform-provider-aws#6730",
        test: "between_regions_each_side_is_set_in_its_own",
    },
    Rule {
        rule: "EC2-Classic cannot be turned on.",
        evidence: "EC2 API Reference, `PeeringConnectionOptionsRequest`: retired; the code is \
                   deduced",
        test: "options_that_nobody_knows_are_refused",
    },
];
