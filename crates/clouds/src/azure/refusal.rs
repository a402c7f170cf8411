//! Azure's errors, in its own codes and words. Each names its source; `fidelity` says how sure it
//! is. Must not decide when one is due.

pub(super) mod access;
pub(super) mod peering;

use super::place::{GroupId, NetworkId};

/// An error of Azure-Resource-Manager or of one of its providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// Seconds.
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), retry_after: None }
    }

    fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }
}

/// Source: Azure's guide to throttling in Resource Manager: 429 with `Retry-After`.
pub(super) fn throttled(subscription: &str) -> Refusal {
    let message = format!(
        "Number of requests for subscription '{subscription}' exceeded. Please try again after \
         '1' seconds after additional tokens are available. Refer to \
         https://aka.ms/arm-throttling for additional information."
    );
    Refusal::new(429, "SubscriptionRequestsThrottled", message).after(1)
}

/// Source: Azure's list of common deployment errors.
pub(super) fn no_api_version() -> Refusal {
    let message = "The api-version query parameter (?api-version=) is required for all requests.";
    Refusal::new(400, "MissingApiVersionParameter", message)
}

/// Source: as above.
pub(super) fn bad_api_version(version: &str) -> Refusal {
    let message = format!(
        "The api-version '{version}' is invalid. The supported versions are dates such as \
         '2024-05-01'."
    );
    Refusal::new(400, "InvalidApiVersionParameter", message)
}

/// Source: answers of Resource Manager to a path that no provider owns.
pub(super) fn no_such_type(path: &str) -> Refusal {
    let message = format!("The resource type of '{path}' could not be found.");
    Refusal::new(404, "InvalidResourceType", message)
}

/// Source: as above.
pub(super) fn no_such_verb(method: &str, path: &str) -> Refusal {
    let message =
        format!("The requested resource '{path}' does not support http method '{method}'.");
    Refusal::new(405, "MethodNotAllowed", message)
}

/// Source: Azure's list of common deployment errors.
pub(super) fn bad_content(what: &str) -> Refusal {
    let message =
        format!("The request content was invalid and could not be deserialized: '{what}'.");
    Refusal::new(400, "InvalidRequestContent", message)
}

/// Source: answers of the network provider; clients know the code (azure-service-operator).
pub(super) fn bad_format(what: &str) -> Refusal {
    Refusal::new(400, "InvalidRequestFormat", format!("Cannot parse the request. {what}"))
}

/// Source: Azure's list of common deployment errors.
pub(super) fn no_location() -> Refusal {
    let message = "The location property is required for this definition.";
    Refusal::new(400, "LocationRequired", message)
}

/// Source: Azure's list of common deployment errors.
pub(super) fn other_location(network: &NetworkId, has: &str, wanted: &str) -> Refusal {
    let message = format!(
        "The resource '{}' already exists in location '{has}' in resource group '{}'. A resource \
         with the same name cannot be created in location '{wanted}'. Please select a new \
         resource name.",
        network.name, network.group
    );
    Refusal::new(409, "InvalidResourceLocation", message)
}

/// Source: as above, for resource groups.
pub(super) fn other_group_location(has: &str, wanted: &str) -> Refusal {
    let message = format!(
        "Invalid resource group location '{wanted}'. The Resource group already exists in \
         location '{has}'."
    );
    Refusal::new(409, "InvalidResourceGroupLocation", message)
}

/// Source: answers of Resource Manager in public reports.
pub(super) fn long_group_name(name: &str, length: usize, most: usize) -> Refusal {
    let message = format!(
        "The provided resource group name '{name}' has a length of '{length}' which exceeds the \
         maximum length of '{most}'."
    );
    Refusal::new(400, "InvalidResourceGroup", message)
}

/// Source: as above.
pub(super) fn bad_group_name(name: &str, others: &str) -> Refusal {
    let message = format!(
        "The provided resource group name '{name}' has these invalid characters: '{others}'. The \
         name can only be a letter, digit, '-', '.', '(', ')' or '_'."
    );
    Refusal::new(400, "InvalidResourceGroup", message)
}

/// Source of the rule: Azure's rules for resource names; the words are ours.
pub(super) fn dotted_group_name(name: &str) -> Refusal {
    let message = format!("The provided resource group name '{name}' ends with a period.");
    Refusal::new(400, "InvalidResourceGroup", message)
}

/// Source: Azure's rules for names of network resources.
pub(super) fn bad_name(name: &str) -> Refusal {
    let message = format!(
        "Resource name {name} is invalid. The name can be up to 80 characters long. It must begin \
         with a word character, and it must end with a word character or with '_'. The name may \
         contain word characters or '.', '-', '_'."
    );
    Refusal::new(400, "InvalidResourceName", message)
}

/// Source: answers of Resource Manager.
pub(super) fn bad_subscription(id: &str) -> Refusal {
    let message = format!("The provided subscription identifier '{id}' is malformed or invalid.");
    Refusal::new(400, "InvalidSubscriptionId", message)
}

/// Source: Azure's list of common deployment errors.
pub(super) fn no_group(group: &GroupId) -> Refusal {
    let message = format!("Resource group '{}' could not be found.", group.name);
    Refusal::new(404, "ResourceGroupNotFound", message)
}

/// Source: answers of Resource Manager while a group is on its way out.
pub(super) fn group_goes(group: &GroupId) -> Refusal {
    let message = format!(
        "The resource group '{}' is in deprovisioning state and cannot perform this operation.",
        group.name
    );
    Refusal::new(409, "ResourceGroupBeingDeleted", message)
}

/// Source: Azure's list of common deployment errors.
pub(super) fn no_network(network: &NetworkId) -> Refusal {
    let message = format!(
        "The Resource 'Microsoft.Network/virtualNetworks/{}' under resource group '{}' was not \
         found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        network.name, network.group
    );
    Refusal::new(404, "ResourceNotFound", message)
}

/// Source: as above, about a child whose parent is not there.
pub(super) fn no_parent(network: &NetworkId) -> Refusal {
    let message = format!(
        "Can not perform requested operation on nested resource. Parent resource '{}' not found.",
        network.name
    );
    Refusal::new(404, "ParentResourceNotFound", message)
}

/// Source: answers of the network provider about a child that is not there.
pub(super) fn no_child(path: &str) -> Refusal {
    Refusal::new(404, "NotFound", format!("Resource {path} not found."))
}

/// Source: answers of Resource Manager to a condition that does not hold.
pub(super) fn condition(path: &str) -> Refusal {
    let message = format!(
        "The condition in the If-Match or If-None-Match header does not hold for resource {path}."
    );
    Refusal::new(412, "PreconditionFailed", message)
}

/// Source: Azure's list of common deployment errors.
pub(super) fn no_reference(of: &str, to: &str) -> Refusal {
    let message = format!(
        "Resource {to} referenced by resource {of} was not found. Please make sure that the \
         referenced resource exists, and that both resources are in the same region."
    );
    Refusal::new(400, "InvalidResourceReference", message)
}

/// Source: answers of Resource Manager to a property that should be an id.
pub(super) fn bad_reference(id: &str) -> Refusal {
    let message = format!(
        "Property id '{id}' at path 'properties.remoteVirtualNetwork.id' is invalid. Expect fully \
         qualified resource Id that start with '/subscriptions/{{subscriptionId}}' or \
         '/providers/{{resourceProviderNamespace}}/'."
    );
    Refusal::new(400, "LinkedInvalidPropertyId", message)
}

/// Source: issue 1001 of azure-libraries-for-net: the network provider answers 429 to an operation
/// on what another one works on, with `Retry-After`; the words as in issue 2222 of AzureTRE.
pub(super) fn busy(operation_url: &str, seconds: u64) -> Refusal {
    let message = format!(
        "Another operation on this or dependent resource is in progress. To retrieve status of \
         the operation use uri: {operation_url}."
    );
    Refusal::new(429, "AnotherOperationInProgress", message).after(seconds)
}

/// Source: the comment in Terraform's `azurerm_virtual_network_peering`: the network was just
/// created, or another peering was just initiated.
pub(super) fn not_provisioned(what: &str, by: &str) -> Refusal {
    let message = format!(
        "Cannot proceed with operation because resource {what} used by resource {by} is not in \
         Succeeded state. Resource is in Updating state and the last operation that updated/is \
         updating the resource is PutVirtualNetworkOperation."
    );
    Refusal::new(400, "ReferencedResourceNotProvisioned", message)
}
