//! What each code of Azure means for us: the one table. Codes of the directory (`AADSTS…`) stand
//! beside those of the Resource Manager.
//!
//! A code that is not in it is judged by the status of its answer.

use crate::remote::{Meaning, Row};
use crate::rules::azure::FULL_CODE;

/// The code when there was no whole answer, or one that nobody can read. It is ours.
pub const NO_ANSWER: &str = "NoAnswer";

const fn row(code: &'static str, meaning: Meaning, source: &'static str) -> Row {
    Row { code, meaning, atlas: "", source }
}

const ARM: &str = "Azure docs: troubleshoot common Azure deployment errors";
const RBAC: &str = "Azure docs: troubleshoot Azure RBAC";
const THROTTLE: &str = "Azure docs: request limits and throttling of the Resource Manager";
const ENTRA: &str = "Microsoft Entra docs: AADSTS error codes";
const PEERING: &str = "terraform-provider-azurerm issue 14051; terraform issue 18091";
const OVERLAP: &str = "Azure/ResourceModules issue 731; microsoft/AzureTRE issue 1927";
const PROVISIONING: &str = "terraform-provider-azurerm issue 2605, pull request 3392";
const LINKED: &str = "azure-cli issue 16691; azure-sdk-for-go issue 21891";
const NETWORK: &str = "Azure docs: troubleshoot virtual network peering issues";

/// The table.
pub const CODES: &[Row] = &[
    // What the owner of a peering asked for can never be.
    row("VnetAddressSpacesOverlap", Meaning::Refused, OVERLAP),
    row("VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", Meaning::Refused, OVERLAP),
    row("InvalidResourceReference", Meaning::Refused, ARM),
    row(FULL_CODE, Meaning::Refused, "Azure docs: networking limits (500 peerings of one VNet)"),
    row("AADSTS90002", Meaning::Refused, ENTRA),
    // Something else has to end first.
    row("AnotherOperationInProgress", Meaning::NotNow, ARM),
    row("AnotherPeeringAlreadyReferencesRemoteVnet", Meaning::NotNow, NETWORK),
    row("RemotePeeringIsDisconnected", Meaning::NotNow, PEERING),
    row("ReferencedResourceNotProvisioned", Meaning::NotNow, PROVISIONING),
    row("RetryableError*", Meaning::NotNow, NETWORK),
    row("CanceledAndSupersededDueToAnotherOperation", Meaning::NotNow, NETWORK),
    row("ResourceGroupBeingDeleted", Meaning::NotNow, ARM),
    row("PreconditionFailed", Meaning::NotNow, ARM),
    row("Conflict", Meaning::NotNow, ARM),
    row("InUse*", Meaning::NotNow, NETWORK),
    row("ExpiredAuthenticationToken", Meaning::NotNow, ARM),
    row("AADSTS90033", Meaning::NotNow, ENTRA),
    // Too many requests.
    row("TooManyRequests", Meaning::Throttled, THROTTLE),
    row("SubscriptionRequestsThrottled", Meaning::Throttled, THROTTLE),
    row("TenantRequestsThrottled", Meaning::Throttled, THROTTLE),
    row("ResourceRequestsThrottled", Meaning::Throttled, THROTTLE),
    // An operator, ours or the customer's, has to act.
    row("AuthorizationFailed", Meaning::Denied, RBAC),
    row("LinkedAuthorizationFailed", Meaning::Denied, LINKED),
    row("DenyAssignmentAuthorizationFailed", Meaning::Denied, RBAC),
    row("AuthenticationFailed", Meaning::Denied, ARM),
    row("InvalidAuthenticationToken*", Meaning::Denied, ARM),
    row("RequestDisallowedByPolicy", Meaning::Denied, ARM),
    row("ScopeLocked", Meaning::Denied, ARM),
    row("ReadOnlyDisabledSubscription", Meaning::Denied, ARM),
    row("MissingSubscriptionRegistration", Meaning::Denied, ARM),
    row("LocationNotAvailableForResourceType", Meaning::Denied, ARM),
    row("InvalidApiVersionParameter", Meaning::Denied, ARM),
    row("AADSTS*", Meaning::Denied, ENTRA),
    // A quota of our subscription.
    row("QuotaExceeded", Meaning::Quota, ARM),
    row("VnetCountLimitReached", Meaning::Quota, NETWORK),
    // It is not there.
    row("ResourceNotFound", Meaning::Missing, ARM),
    row("ParentResourceNotFound", Meaning::Missing, ARM),
    row("ResourceGroupNotFound", Meaning::Missing, ARM),
    row("SubscriptionNotFound", Meaning::Missing, ARM),
    row("NotFound", Meaning::Missing, ARM),
    // Nobody knows.
    row("InternalServerError", Meaning::InDoubt, ARM),
    row("ServiceUnavailable", Meaning::InDoubt, ARM),
    row("ServerTimeout", Meaning::InDoubt, ARM),
    row("GatewayTimeout", Meaning::InDoubt, ARM),
    row("OperationTimedOut", Meaning::InDoubt, ARM),
    row(NO_ANSWER, Meaning::InDoubt, "ours: the answer was lost or cannot be read"),
];

/// What an answer of that status and code means.
#[must_use]
pub fn meaning(status: u16, code: &str) -> Meaning {
    let by_status = || match status {
        404 | 410 => Meaning::Missing,
        401 | 403 => Meaning::Denied,
        408 | 500.. => Meaning::InDoubt,
        409 | 412 => Meaning::NotNow,
        429 => Meaning::Throttled,
        _ => Meaning::Refused,
    };
    Meaning::of(CODES, code).unwrap_or_else(by_status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_is_there_once_and_has_a_source() {
        for (at, row) in CODES.iter().enumerate() {
            assert!(!row.source.is_empty(), "{row:?}");
            let first = CODES.iter().position(|other| other.code == row.code);
            assert_eq!(first, Some(at), "{row:?}");
        }
    }

    #[test]
    fn a_row_is_not_hidden_by_one_before_it() {
        for row in CODES {
            let code = row.code.trim_end_matches('*');
            assert_eq!(Meaning::of(CODES, code), Some(row.meaning), "{row:?}");
        }
    }

    #[test]
    fn a_code_that_nobody_knows_is_judged_by_its_status() {
        let expected = [
            (400, Meaning::Refused),
            (401, Meaning::Denied),
            (403, Meaning::Denied),
            (404, Meaning::Missing),
            (409, Meaning::NotNow),
            (412, Meaning::NotNow),
            (429, Meaning::Throttled),
            (500, Meaning::InDoubt),
            (503, Meaning::InDoubt),
        ];
        for (status, meant) in expected {
            assert_eq!(meaning(status, "NeverHeardOf"), meant, "{status}");
        }
        assert_eq!(meaning(503, "AnotherOperationInProgress"), Meaning::NotNow);
    }
}
