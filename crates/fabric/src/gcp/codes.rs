//! What the errors of Compute Engine mean for us. Must not know how an error came: as the answer to
//! a request or as the end of an operation.
//!
//! Compute Engine says some things only in words: `badRequest` is the code of a network that is
//! busy and of a request that will never work. A row's `code` is therefore held against the words
//! first and against the code then, in the order of the table.

use crate::remote::{Meaning, Row};

/// The guide to VPC Network Peering.
const PEERING: &str = "cloud.google.com/vpc/docs/using-vpc-peering";

/// The quotas of VPC.
const QUOTA: &str = "cloud.google.com/vpc/docs/quota";

/// The reference of errors of Compute Engine, and the service error catalogue it names.
const ERRORS: &str = "cloud.google.com/compute/docs/troubleshooting/troubleshooting-api-errors";

/// The rates of requests and of operations at one time.
const RATES: &str = "cloud.google.com/compute/api-quota";

/// The codes of an operation's end.
const OPERATIONS: &str = "cloud.google.com/compute/docs/api/how-tos/api-requests-responses";

/// The constraints of an organization's policy.
const POLICY: &str =
    "cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints";

/// `google.rpc.ErrorInfo` of Google's common front end.
const FRONT: &str = "cloud.google.com/apis/design/errors";

const fn row(code: &'static str, meaning: Meaning, source: &'static str) -> Row {
    Row { code, meaning, atlas: "", source }
}

/// The table. Atlas has one state for all that is refused on GCP, `FAILED` with the cloud's words.
pub const TABLE: [Row; 50] = [
    row("There is a peering operation in progress on the*", Meaning::NotNow, PEERING),
    row(
        "There is a route operation in progress on the*",
        Meaning::NotNow,
        "hashicorp/terraform-provider-google#3034",
    ),
    row(
        "An IP range in the peer network*",
        Meaning::Refused,
        "terraform-google-modules/terraform-google-kubernetes-engine, README, Troubleshooting",
    ),
    row("Quota 'PEERINGS_PER_NETWORK' exceeded*", Meaning::Refused, QUOTA),
    row(
        "There is already a peering *",
        Meaning::NotNow,
        "kyma-project/cloud-manager, pkg/kcp/provider/gcp/vpcpeering",
    ),
    row("There is no peering *", Meaning::Missing, PEERING),
    row("Constraint constraints/compute.restrictVpcPeering violated*", Meaning::Denied, POLICY),
    row("notFound", Meaning::Missing, ERRORS),
    row("NOT_FOUND", Meaning::Missing, FRONT),
    row("RESOURCE_NOT_FOUND", Meaning::Missing, OPERATIONS),
    row("alreadyExists", Meaning::NotNow, ERRORS),
    row("ALREADY_EXISTS", Meaning::NotNow, FRONT),
    row("RESOURCE_ALREADY_EXISTS", Meaning::NotNow, OPERATIONS),
    row("resourceInUseByAnotherResource", Meaning::NotNow, ERRORS),
    row("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", Meaning::NotNow, OPERATIONS),
    row("resourceNotReady", Meaning::NotNow, ERRORS),
    row("RESOURCE_NOT_READY", Meaning::NotNow, OPERATIONS),
    row("conditionNotMet", Meaning::NotNow, ERRORS),
    row("CONDITION_NOT_MET", Meaning::NotNow, OPERATIONS),
    row("RESOURCE_OPERATION_RATE_EXCEEDED", Meaning::Throttled, OPERATIONS),
    row("rateLimitExceeded", Meaning::Throttled, ERRORS),
    row("userRateLimitExceeded", Meaning::Throttled, ERRORS),
    row("RATE_LIMIT_EXCEEDED", Meaning::Throttled, FRONT),
    row("RESOURCE_EXHAUSTED", Meaning::Throttled, FRONT),
    row("CONCURRENT_OPERATIONS_QUOTA_EXCEEDED", Meaning::Throttled, RATES),
    row("quotaExceeded", Meaning::Quota, ERRORS),
    row("QUOTA_EXCEEDED", Meaning::Quota, OPERATIONS),
    row("limitExceeded", Meaning::Quota, ERRORS),
    row("LIMIT_EXCEEDED", Meaning::Quota, OPERATIONS),
    row("forbidden", Meaning::Denied, ERRORS),
    row("PERMISSION_DENIED", Meaning::Denied, FRONT),
    row("IAM_PERMISSION_DENIED", Meaning::Denied, FRONT),
    row("PERMISSIONS_ERROR", Meaning::Denied, OPERATIONS),
    row("accessNotConfigured", Meaning::Denied, ERRORS),
    row("SERVICE_DISABLED", Meaning::Denied, FRONT),
    row("BILLING_DISABLED", Meaning::Denied, FRONT),
    row("authError", Meaning::Denied, ERRORS),
    row("UNAUTHENTICATED", Meaning::Denied, FRONT),
    row("ACCESS_TOKEN_*", Meaning::Denied, FRONT),
    row("CREDENTIALS_MISSING", Meaning::Denied, FRONT),
    row("invalid", Meaning::Refused, ERRORS),
    row("invalidUsage", Meaning::Refused, ERRORS),
    row("badRequest", Meaning::Refused, ERRORS),
    row("INVALID_ARGUMENT", Meaning::Refused, FRONT),
    row("INVALID_FIELD_VALUE", Meaning::Refused, OPERATIONS),
    row("INVALID_USAGE", Meaning::Refused, OPERATIONS),
    row("UNSUPPORTED_OPERATION", Meaning::Refused, OPERATIONS),
    row("backendError", Meaning::InDoubt, ERRORS),
    row("internalError", Meaning::InDoubt, ERRORS),
    row("INTERNAL_ERROR", Meaning::InDoubt, OPERATIONS),
];

/// What an error means by its words and its code; `None` if the table has neither.
#[must_use]
pub fn meaning(code: &str, words: &str) -> Option<Meaning> {
    Meaning::of(&TABLE, words).or_else(|| Meaning::of(&TABLE, code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::gcp::{BUSY, FULL, OVERLAP};

    #[test]
    fn words_count_before_the_code() {
        assert_eq!(meaning("badRequest", BUSY), Some(Meaning::NotNow));
        assert_eq!(meaning("badRequest", "Nonsense."), Some(Meaning::Refused));
        assert_eq!(meaning("INVALID_USAGE", OVERLAP), Some(Meaning::Refused));
        assert_eq!(meaning("QUOTA_EXCEEDED", FULL), Some(Meaning::Refused));
        assert_eq!(meaning("QUOTA_EXCEEDED", "Quota 'NETWORKS' exceeded."), Some(Meaning::Quota));
        assert_eq!(meaning("somethingElse", "Whatever."), None);
    }

    #[test]
    fn no_row_is_shadowed_by_an_earlier_one() {
        for (at, row) in TABLE.iter().enumerate() {
            let key = row.code.trim_end_matches('*');
            let first = TABLE.iter().position(|one| match one.code.strip_suffix('*') {
                Some(front) => key.starts_with(front),
                None => one.code == key,
            });
            assert_eq!(first, Some(at), "{}", row.code);
        }
    }

    #[test]
    fn every_row_has_its_source() {
        assert!(TABLE.iter().all(|row| !row.source.is_empty() && row.atlas.is_empty()));
    }
}
