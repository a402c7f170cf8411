//! What of Azure is emulated: each rule, why we believe it, and the test that holds it.
//!
//! Where a rule is sure but the code of its error is in no document that we found, the evidence
//! says so.

pub use crate::fidelity::Rule;

/// A table of rules: what, why, which test.
macro_rules! rules {
    ($($rule:literal, $evidence:literal, $test:literal;)+) => {
        &[$(Rule { rule: $rule, evidence: $evidence, test: $test }),+]
    };
}

/// Every rule.
pub const RULES: &[Rule] = rules! {
    // The life of a peering.
    "One side alone is Initiated and RemoteNotInSync",
    "reference of virtualNetworkPeerings; output of `az network vnet peering create`",
    "life::one_side_alone_is_initiated";
    "Both sides are Connected and FullyInSync once the second is done",
    "reference of virtualNetworkPeerings",
    "life::both_sides_are_connected_when_the_second_is_done";
    "The other side of a deleted peering is Disconnected",
    "Azure's guide to deleting a peering",
    "life::the_other_side_of_a_deleted_peering_is_disconnected";
    "Beside a Disconnected side none is made: RemotePeeringIsDisconnected",
    "hashicorp/terraform#18091, letter by letter",
    "life::beside_a_disconnected_side_none_is_made";
    "What was Disconnected is deleted on both sides and made anew",
    "Azure's guide to deleting a peering",
    "life::what_was_disconnected_is_deleted_and_made_anew";
    "An update takes a Disconnected side back to Initiated, no further",
    "the words of RemotePeeringIsDisconnected; idem-azurerm's state module",
    "life::an_update_takes_a_disconnected_side_back_to_initiated_and_no_further";
    "A peered network can be deleted; the other side is Disconnected",
    "kubernetes-sigs/cluster-api-provider-azure#2638; the words of RemotePeeringIsDisconnected",
    "life::a_peered_network_can_be_deleted_and_leaves_the_other_side_disconnected";
    "A deleted resource group takes its networks along",
    "kubernetes-sigs/cluster-api-provider-azure#2638",
    "life::a_deleted_group_takes_its_networks_along";
    "After a change of addresses the own side is RemoteNotInSync, the other LocalNotInSync",
    "Azure PowerShell's scenario test of Sync-AzVirtualNetworkPeering",
    "life::a_changed_space_is_remote_for_its_own_side_and_local_for_the_other";
    "Only syncRemoteAddressSpace from the other side takes changed addresses up",
    "the same test; Azure/azure-powershell#24168; Azure/bicep-types-az#2621",
    "life::only_the_sync_of_the_other_side_takes_a_changed_space_up";
    "After both networks have changed, both sides are LocalAndRemoteNotInSync",
    "reference of peeringSyncLevel",
    "life::after_both_spaces_have_changed_each_side_has_to_be_synced";
    "Addresses that overlap with a third network are not synced",
    "Azure's guide; inferred from the same rule for the making of a peering",
    "life::a_space_that_overlaps_with_a_third_network_is_not_synced";
    "Flags of a Connected peering can be changed",
    "reference of virtualNetworkPeerings",
    "life::flags_can_be_changed_while_connected";
    "Resource ids do not regard case and keep it",
    "Azure's rules for resource names",
    "life::names_do_not_regard_case_and_keep_it";
    // What is refused.
    "Address spaces of peered networks do not overlap: VnetAddressSpacesOverlap",
    "Azure's guide; output of `az network vnet peering create`",
    "refusals::spaces_of_peered_networks_do_not_overlap";
    "Nor with a network that the other is peered with: \
     VnetAddressSpaceOverlapsWithAlreadyPeeredVnet",
    "microsoft/AzureTRE#1927, letter by letter",
    "refusals::nor_with_the_space_of_a_network_that_the_other_is_peered_with";
    "A Disconnected side still counts for the overlap",
    "notes of operators who met it after `az group delete`",
    "refusals::a_disconnected_side_still_counts_for_the_overlap";
    "A network does not grow into the addresses of one that it is peered with",
    "Azure's guide to changing the addresses of a peered network; which code is inferred",
    "life::after_both_spaces_have_changed_each_side_has_to_be_synced";
    "A remote network is referenced once: AnotherPeeringAlreadyReferencesRemoteVnet",
    "clients that handle the code: kyma-project/cloud-manager, hazelcast",
    "refusals::a_remote_network_is_referenced_once";
    "The remote network of a peering cannot be changed: ChangingRemoteVirtualNetworkNotAllowed",
    "templates that document the code; its words are ours",
    "refusals::the_remote_network_of_a_peering_cannot_be_changed";
    "A network has at most 500 peerings",
    "Azure's limits; which code is in no document that we found",
    "refusals::a_network_has_at_most_500_peerings";
    "useRemoteGateways needs a gateway on the other side: RemoteVnetHasNoGateways",
    "hashicorp/terraform#30569, letter by letter",
    "refusals::remote_gateways_are_used_only_where_there_are_some";
    "useRemoteGateways is for one peering, and not beside an own gateway",
    "reference of useRemoteGateways; which code is in no document that we found",
    "refusals::remote_gateways_are_used_by_one_peering_and_not_beside_an_own_one";
    "A part of a network is not peered: SubscriptionNotRegisteredForFeature",
    "Azure's guide \"How to configure subnet peering\" asks to register the feature; no \
     subscription here has",
    "refusals::a_part_of_a_network_is_not_peered";
    "What a peering refers to has to be there: InvalidResourceReference, ParentResourceNotFound",
    "Azure's list of common deployment errors",
    "refusals::what_is_referenced_has_to_be_there";
    "A request has an api-version and names a resource that exists",
    "Azure's list of common deployment errors",
    "refusals::a_request_says_its_version_and_names_something";
    "A throttled request is answered 429 with Retry-After",
    "Azure's guide to throttling",
    "refusals::throttled_requests_are_told_when_to_come_back";
    // Operations.
    "A PUT answers 201 or 200 and is followed by Azure-AsyncOperation",
    "Azure's guide to asynchronous operations",
    "operations::a_put_can_be_followed_until_it_is_done";
    "A DELETE answers 202, then 204",
    "Azure's guide to asynchronous operations",
    "operations::a_deletion_can_be_followed_until_it_is_done";
    "The deletion of a group is followed by Location",
    "reference of resource groups",
    "operations::the_deletion_of_a_group_is_followed_by_its_location";
    "One operation of a network at a time: 429 AnotherOperationInProgress",
    "Azure/azure-libraries-for-net#1001; microsoft/AzureTRE#2222",
    "operations::one_operation_of_a_network_at_a_time";
    "A network under work is not referred to: ReferencedResourceNotProvisioned",
    "the comment in Terraform's azurerm_virtual_network_peering",
    "operations::a_remote_network_under_work_is_not_referenced";
    // Resources as such.
    "A network is Updating, then Succeeded; Deleting, then gone",
    "reference of virtualNetworks",
    "resources::a_network_is_updating_until_it_is_there";
    "Addresses are CIDR blocks; subnets lie inside, apart, and are at least a /29",
    "Azure's rules for subnets; codes of the network provider",
    "resources::a_network_that_makes_no_sense_is_refused";
    "Subnets and peerings that a PUT of their network does not mention stay",
    "Azure's announcement of updates without the subnets property; for peerings inferred",
    "resources::what_the_body_of_a_network_does_not_mention_stays";
    "Peerings that the body of their network lists are made, others are taken away",
    "reference of virtualNetworks",
    "resources::peerings_in_the_body_of_a_network_are_made_and_taken_away";
    "An address space is not taken from under a subnet: NetcfgSubnetRangeOutsideVnet",
    "notes of operators who met it",
    "resources::an_address_space_is_not_taken_from_under_a_subnet";
    "If-Match and If-None-Match guard a change: 412",
    "HTTP, as Resource Manager uses it",
    "resources::a_condition_that_does_not_hold_refuses";
    "Lists come in pages with nextLink",
    "Azure's guide to lists",
    "resources::a_long_list_comes_in_pages";
    "A group's name has at most 90 letters, digits and -_(). and no dot at its end",
    "Azure's rules for resource names; public reports of InvalidResourceGroup; for the dot at the \
     end the words are ours",
    "resources::a_group_has_a_name_that_azure_takes";
    "The resources of a group are its networks",
    "Resource Manager's reference, Resources - List By Resource Group; terraform-provider-azurerm, \
     prevent_deletion_if_contains_resources",
    "resources::what_is_in_a_group_can_be_listed";
    "A PATCH of a network replaces its tags only if it names them",
    "reference of virtualNetworks, Update Tags; for an empty body inferred",
    "resources::a_patch_changes_the_tags_that_it_names";
    "dhcpOptions and flowTimeoutInMinutes are shown as they were given, and change nothing here",
    "reference of virtualNetworks; Azure's limits: 20 DNS servers; which codes is inferred",
    "resources::name_servers_and_the_flow_timeout_are_shown_as_they_were_given";
    // Who may.
    "A peering needs peer/action on the remote network: LinkedAuthorizationFailed",
    "the answer as people have quoted it letter by letter",
    "access::without_a_role_the_remote_network_is_not_peered_with";
    "With Atlas's role of four actions the service makes both sides",
    "MongoDB Atlas's recipe for Azure",
    "access::with_atlass_role_the_service_makes_both_sides";
    "Across directories a token of the other one has to come along",
    "Azure/azure-cli#16691, letter by letter",
    "access::without_a_token_of_the_other_directory_nothing_is_linked";
    "A role gives the actions that it names, at its scope and below",
    "Azure's guide to role-based access",
    "access::a_role_gives_what_it_names_and_no_more";
    "A role's not-actions are taken from its actions",
    "Azure's guide to role-based access",
    "access::what_a_role_excepts_it_does_not_give";
    "A role goes with the network that it was given for",
    "Azure's guide to role-based access",
    "access::a_role_goes_with_the_network_that_it_was_given_for";
    "A role takes effect some time after it was given",
    "Azure's guide to role-based access",
    "access::a_role_takes_effect_after_a_while";
    "A token is of the subscription's directory: InvalidAuthenticationTokenTenant",
    "Azure's list of common deployment errors",
    "access::a_token_of_another_directory_is_refused";
    "A token works for an hour",
    "the Microsoft identity platform's guide to client credentials",
    "access::a_token_works_for_an_hour_and_not_when_it_was_changed";
    "A role is given once, and not deleted while it is given",
    "reference of Microsoft.Authorization",
    "access::roles_are_made_given_listed_and_taken_back";
    "Who cannot sign in is told why: AADSTS7000215, 700016, 90002 and others",
    "the list of AADSTS codes",
    "directory::who_cannot_sign_in_is_told_why";
    "An application is known in a directory once it was made there",
    "Azure's guide to applications of several directories",
    "directory::an_application_is_known_where_it_was_made";
    "An application's identifier has at most 64 characters",
    "identifiers are UUIDs; that others are taken here, and their bound, is ours",
    "directory::an_application_has_an_identifier_of_64_characters_at_most";
    "A certificate's or a cluster's assertion is a credential",
    "the identity platform's guides to both; the signature is not checked here",
    "directory::an_assertion_is_looked_at";
    "Nobody accepts on Azure: the customer gives a role, or makes its half",
    "MongoDB Atlas's recipe for Azure",
    "customer::a_customer_is_told_to_give_the_role";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_test() {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/arm");
        for rule in RULES {
            let (file, function) = rule.test.split_once("::").unwrap();
            let source = std::fs::read_to_string(format!("{tests}/{file}.rs")).unwrap();
            let test = format!("#[test]\nfn {function}() {{");
            assert!(source.contains(&test), "{} is in no test", rule.test);
            assert!(!rule.rule.is_empty() && !rule.evidence.is_empty());
        }
    }
}
