//! What the codes of EC2 and STS mean for us, and the states of a connection that are its end: one
//! table each. A code that is not there is tried again when the status says that the fault is the
//! caller's, and leaves doubt when it is the cloud's.

use peerage_core::peering::aws::ErrorState;

use crate::remote::{Meaning, Row};

/// `errorStateName` of a peering that EC2 refuses for good.
const INVALID: &str = ErrorState::InvalidArgument.name();

const EC2: &str = "EC2 API reference, error codes";
const COMMON: &str = "EC2 API reference, error codes common to all actions";
const SERVER: &str = "EC2 API reference, server error codes";
const GUIDE: &str = "Amazon VPC Peering Guide, quotas";
const LIFE: &str = "Amazon VPC Peering Guide, life cycle of a connection";
const STS: &str = "STS API reference, AssumeRole";
const SEEN: &str = "seen in public reports of clients";
const MOTO: &str = "moto's spelling of the code";

/// The codes of EC2 and STS.
pub const CODES: &[Row] = &[
    // Requests that never work as they are asked.
    refused("InvalidParameterValue", EC2),
    refused("InvalidParameterCombination", EC2),
    refused("InvalidParameter", EC2),
    refused("InvalidCharacter", COMMON),
    refused("InvalidAction", COMMON),
    refused("InvalidInput", EC2),
    refused("MissingParameter", COMMON),
    refused("MissingAction", COMMON),
    refused("UnknownParameter", COMMON),
    refused("UnsupportedOperation", EC2),
    refused("Unsupported", EC2),
    refused("MalformedQueryString", COMMON),
    refused("ValidationError", COMMON),
    refused("InvalidVpc.Range", EC2),
    refused("InvalidVpcRange", EC2),
    refused("InvalidSubnet.Range", EC2),
    refused("InvalidVpcID.Malformed", SEEN),
    refused("InvalidVpcId.Malformed", SEEN),
    refused("InvalidVpcPeeringConnectionId.Malformed", SEEN),
    refused("InvalidVpcPeeringConnectionID.Malformed", SEEN),
    refused("InvalidCidr.InUse", EC2),
    refused("OutstandingVpcPeeringConnectionLimitExceeded", GUIDE),
    refused("PendingVpcPeeringConnectionLimitExceeded", SEEN),
    // What has to wait for something else.
    row("VpcPeeringConnectionAlreadyExists", Meaning::NotNow, EC2),
    row("RouteAlreadyExists", Meaning::NotNow, EC2),
    row("InvalidSubnet.Conflict", Meaning::NotNow, EC2),
    row("DependencyViolation", Meaning::NotNow, EC2),
    row("IncorrectState", Meaning::NotNow, EC2),
    row("InvalidState", Meaning::NotNow, EC2),
    row("InvalidStateTransition", Meaning::NotNow, EC2),
    row("InvalidVpcState", Meaning::NotNow, EC2),
    row("OperationNotPermitted", Meaning::NotNow, EC2),
    row("ConcurrentTagAccess", Meaning::NotNow, EC2),
    row("ResourceAlreadyAssigned", Meaning::NotNow, EC2),
    // What is not there, or not yet.
    row("InvalidVpcID.NotFound", Meaning::Missing, EC2),
    row("InvalidSubnetID.NotFound", Meaning::Missing, EC2),
    row("InvalidRouteTableID.NotFound", Meaning::Missing, EC2),
    row("InvalidRoute.NotFound", Meaning::Missing, EC2),
    row("InvalidVpcPeeringConnectionID.NotFound", Meaning::Missing, EC2),
    row("InvalidVpcPeeringConnectionState.*", Meaning::NotNow, EC2),
    row("InvalidVpcPeeringConnectionId.NotFound", Meaning::Missing, MOTO),
    row("InvalidID", Meaning::Missing, EC2),
    // Quotas of our account.
    row("VpcLimitExceeded", Meaning::Quota, EC2),
    row("SubnetLimitExceeded", Meaning::Quota, EC2),
    row("RouteLimitExceeded", Meaning::Quota, EC2),
    row("RouteTableLimitExceeded", Meaning::Quota, EC2),
    row("TagLimitExceeded", Meaning::Quota, EC2),
    row("ActiveVpcPeeringConnectionPerVpcLimitExceeded", Meaning::Quota, EC2),
    row("VpcPeeringConnectionsPerVpcLimitExceeded", Meaning::Quota, SEEN),
    row("ResourceLimitExceeded", Meaning::Quota, COMMON),
    // Credentials and permissions.
    row("UnauthorizedOperation", Meaning::Denied, COMMON),
    row("AccessDenied", Meaning::Denied, STS),
    row("AccessDeniedException", Meaning::Denied, COMMON),
    row("AuthFailure", Meaning::Denied, COMMON),
    row("MissingAuthenticationToken", Meaning::Denied, COMMON),
    row("IncompleteSignature", Meaning::Denied, COMMON),
    row("SignatureDoesNotMatch", Meaning::Denied, COMMON),
    row("InvalidClientTokenId", Meaning::Denied, COMMON),
    row("UnrecognizedClientException", Meaning::Denied, COMMON),
    row("ExpiredToken", Meaning::Denied, STS),
    row("ExpiredTokenException", Meaning::Denied, STS),
    row("RequestExpired", Meaning::Denied, COMMON),
    row("OptInRequired", Meaning::Denied, COMMON),
    row("RegionDisabledException", Meaning::Denied, STS),
    row("PendingVerification", Meaning::Denied, COMMON),
    row("Blocked", Meaning::Denied, COMMON),
    // Too many requests.
    row("RequestLimitExceeded", Meaning::Throttled, COMMON),
    row("Throttling*", Meaning::Throttled, COMMON),
    row("RequestThrottled*", Meaning::Throttled, COMMON),
    row("EC2ThrottledException", Meaning::Throttled, SEEN),
    row("BandwidthLimitExceeded", Meaning::Throttled, SEEN),
    row("PriorRequestNotComplete", Meaning::Throttled, SEEN),
    row("SlowDown", Meaning::Throttled, SEEN),
    // The cloud failed inside.
    row("InternalError", Meaning::InDoubt, SERVER),
    row("InternalFailure", Meaning::InDoubt, SERVER),
    row("InternalServerError", Meaning::InDoubt, SERVER),
    row("ServiceUnavailable", Meaning::InDoubt, SERVER),
    row("Unavailable", Meaning::InDoubt, SERVER),
    row("RequestTimeout", Meaning::InDoubt, SERVER),
    row("RequestTimeoutException", Meaning::InDoubt, SERVER),
];

/// The states of a connection that end its peering, and what its owner reads then; the message is
/// the cloud's own.
pub const STATES: &[Row] = &[
    ended("failed", ErrorState::InvalidArgument),
    ended("rejected", ErrorState::Rejected),
    ended("expired", ErrorState::Expired),
    // By the customer, after it had agreed.
    ended("deleted", ErrorState::Rejected),
];

/// What a code of an answer with that HTTP status means.
#[must_use]
pub fn meaning(code: &str, status: u16) -> Meaning {
    Meaning::of(CODES, code).unwrap_or(match status {
        500.. => Meaning::InDoubt,
        429 => Meaning::Throttled,
        _ => Meaning::NotNow,
    })
}

const fn row(code: &'static str, meaning: Meaning, source: &'static str) -> Row {
    Row { code, meaning, atlas: "", source }
}

const fn refused(code: &'static str, source: &'static str) -> Row {
    Row { code, meaning: Meaning::Refused, atlas: INVALID, source }
}

const fn ended(code: &'static str, atlas: ErrorState) -> Row {
    Row { code, meaning: Meaning::Refused, atlas: atlas.name(), source: LIFE }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_code_is_listed_twice_and_only_refusals_are_shown_to_owners() {
        let codes: BTreeSet<&str> = CODES.iter().map(|row| row.code).collect();
        assert_eq!(codes.len(), CODES.len());
        for row in CODES {
            assert_eq!(row.meaning == Meaning::Refused, !row.atlas.is_empty(), "{}", row.code);
            assert!(!row.source.is_empty(), "{}", row.code);
        }
    }

    #[test]
    fn a_code_that_nobody_knows_is_judged_by_its_status() {
        assert_eq!(meaning("Throttling.User", 400), Meaning::Throttled);
        assert_eq!(meaning("NeverSeen", 400), Meaning::NotNow);
        assert_eq!(meaning("NeverSeen", 429), Meaning::Throttled);
        assert_eq!(meaning("NeverSeen", 502), Meaning::InDoubt);
        assert_eq!(meaning("VpcLimitExceeded", 400), Meaning::Quota);
    }
}
