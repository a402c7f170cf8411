//! The rows of the table of errors: one for each code and text. `%s` is the place of a value.

use ::http::StatusCode;

/// How a code is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// It is in the published catalogue of codes.
    Documented,
    /// It was seen in answers of the service.
    Recorded,
    /// No source shows it for this fault: chosen by us.
    Inferred,
}

/// One row of the table of errors.
#[derive(Debug)]
pub struct Row {
    /// The status.
    pub status: StatusCode,
    /// `errorCode`.
    pub code: &'static str,
    /// How the code is known.
    pub evidence: Evidence,
    /// `detail`, with `%s` for each value.
    pub text: &'static str,
}

macro_rules! rows {
    ($($name:ident $status:ident $code:literal $evidence:ident $text:literal;)*) => {
        $(pub(super) static $name: Row = Row {
            status: StatusCode::$status,
            code: $code,
            evidence: Evidence::$evidence,
            text: $text,
        };)*

        /// The whole table.
        pub(super) static ALL: &[&Row] = &[$(&$name),*];
    };
}

rows! {
    MISSING_ATTRIBUTE BAD_REQUEST "MISSING_ATTRIBUTE" Recorded
        "The required attribute %s was not specified.";
    INVALID_ATTRIBUTE BAD_REQUEST "INVALID_ATTRIBUTE" Recorded "Invalid attribute %s specified.";
    INVALID_ENUM_VALUE BAD_REQUEST "INVALID_ENUM_VALUE" Recorded
        "An invalid value was specified for %s.";
    MALFORMED_JSON BAD_REQUEST "MALFORMED_JSON" Recorded "Received JSON is malformed.";
    BODY_INCOMPLETE REQUEST_TIMEOUT "REQUEST_TIMEOUT" Inferred
        "The body of the request did not arrive whole.";
    PATH_PARAMETER BAD_REQUEST "PATH_PARAM_PARSE_ERROR" Recorded
        "The value %s of the path parameter %s cannot be read.";
    QUERY_PARAMETER BAD_REQUEST "INVALID_QUERY_PARAMETER" Inferred
        "Invalid query parameter %s specified: it must be %s.";
    UNSUPPORTED_MEDIA_TYPE UNSUPPORTED_MEDIA_TYPE "UNSUPPORTED_MEDIA_TYPE" Inferred
        "A body of type %s cannot be read: send application/json.";
    NOT_ACCEPTABLE NOT_ACCEPTABLE "VERSION_UNSUPPORTED" Inferred
        "No version of this resource that is served fits Accept: %s.";
    UNKNOWN_PATH NOT_FOUND "RESOURCE_NOT_FOUND" Inferred "Cannot find resource %s.";
    METHOD_NOT_ALLOWED METHOD_NOT_ALLOWED "METHOD_NOT_ALLOWED" Inferred
        "The resource %s has the methods %s.";

    UNAUTHENTICATED UNAUTHORIZED "UNEXPECTED_ERROR" Recorded
        "You are not authorized for this resource.";
    ADDRESS_NOT_ALLOWED FORBIDDEN "IP_ADDRESS_NOT_ON_ACCESS_LIST" Inferred
        "IP address %s is not allowed to access this resource.";
    FORBIDDEN FORBIDDEN "USER_UNAUTHORIZED" Documented
        "The current user is not authorized to perform this action.";
    RATE_LIMITED TOO_MANY_REQUESTS "RATE_LIMITED" Documented
        "Too many requests. Try again in %s seconds.";
    UNAVAILABLE SERVICE_UNAVAILABLE "SERVICE_UNAVAILABLE" Inferred
        "The request could not be served now: %s.";
    INTERNAL INTERNAL_SERVER_ERROR "UNEXPECTED_ERROR" Documented "Unexpected error.";
    EMULATED CONFLICT "EMULATED_CLOUD_REFUSED" Inferred "%s: %s";

    ORG_NOT_FOUND NOT_FOUND "ORG_NOT_FOUND" Documented "No organization with ID %s exists.";
    ORG_HAS_GROUPS CONFLICT "CANNOT_DELETE_ORG_ACTIVE_GROUPS" Inferred
        "The organization %s cannot be deleted while it has projects.";
    GROUP_NOT_FOUND NOT_FOUND "GROUP_NOT_FOUND" Recorded "No group with ID %s exists.";
    GROUP_NAME_NOT_FOUND NOT_FOUND "GROUP_NAME_NOT_FOUND" Documented
        "No group with name \"%s\" exists.";
    GROUP_EXISTS CONFLICT "GROUP_ALREADY_EXISTS" Documented
        "A group with name \"%s\" already exists.";
    GROUP_HAS_PEERINGS CONFLICT "CANNOT_CLOSE_GROUP_ACTIVE_PEERING_CONNECTIONS" Documented
        "The group %s cannot be closed while it has active peering connections.";
    GROUP_MAXIMUM CONFLICT "MAX_GROUPS_PER_ORG_EXCEEDED" Inferred
        "The maximum number of projects (%s) has been reached.";

    PEER_NOT_FOUND NOT_FOUND "PEER_NOT_FOUND" Documented
        "No peer with ID %s exists in project %s.";
    PEER_EXISTS_AWS CONFLICT "PEER_ALREADY_EXISTS" Documented
        "The peer with AWS Account ID %s and VPC ID %s already exists.";
    PEER_EXISTS_AZURE CONFLICT "PEER_ALREADY_EXISTS_AZURE" Documented
        "The peer with Azure Subscription ID %s and Virtual Network name %s already exists.";
    PEER_EXISTS_GCP CONFLICT "PEER_ALREADY_EXISTS_GCP" Documented
        "The peer with GCP Project ID %s and network name %s already exists.";
    PEER_DELETION_REQUESTED CONFLICT "PEER_ALREADY_REQUESTED_DELETION" Documented
        "The peer with ID %s has already been requested for deletion.";
    PEER_INVALID_STATE CONFLICT "PEER_INVALID_STATE" Documented
        "The peer with ID %s in group %s cannot be updated in its current state.";
    PEER_MAXIMUM CONFLICT "PEER_MAXIMUM_REACHED" Documented
        "The maximum number of peering connections (%s) has been reached.";
    OVERLAPS_PEER CONFLICT "OVERLAPPING_CIDR_BLOCK" Documented
        "The CIDR block %s overlaps with another peer's CIDR block.";
    OVERLAPS_CONTAINER CONFLICT "OVERLAPPING_ATLAS_CIDR_BLOCK" Documented
        "The CIDR block %s overlaps with an Atlas CIDR block.";

    CONTAINER_NOT_FOUND NOT_FOUND "CLOUD_PROVIDER_CONTAINER_NOT_FOUND" Documented
        "An invalid cloud provider container ID %s was specified.";
    CONTAINER_EXISTS CONFLICT "CONTAINER_ALREADY_EXISTS" Recorded
        "A container already exists for group %s.";
    CONTAINER_IN_USE CONFLICT "CONTAINERS_IN_USE" Documented
        "Cannot modify in use containers. %s.";
    CONTAINER_MAXIMUM CONFLICT "CONTAINER_MAXIMUM_REACHED" Inferred
        "The maximum number of containers (%s) has been reached.";
    PRIVATE_IP_MODE BAD_REQUEST "PRIVATE_IP_MODE_CANNOT_BE_ENABLED" Inferred
        "Connect via Peering Only mode can be disabled and cannot be enabled.";

    LIMIT_NOT_FOUND NOT_FOUND "LIMIT_NOT_FOUND" Inferred "No limit with name %s exists.";
    LIMIT_OUT_OF_RANGE BAD_REQUEST "LIMIT_OUT_OF_RANGE" Inferred
        "The limit %s cannot be greater than %s.";
    ACCESS_LIST_ENTRY_NOT_FOUND NOT_FOUND "ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND" Inferred
        "IP Address %s not on Atlas access list for group %s.";
    ACCESS_LIST_FULL CONFLICT "ATLAS_NETWORK_PERMISSION_MAXIMUM_REACHED" Inferred
        "The maximum number of access list entries (%s) has been reached.";

    USER_NOT_FOUND NOT_FOUND "USER_NOT_FOUND" Inferred "No user with ID %s exists.";
    USERNAME_NOT_FOUND NOT_FOUND "USERNAME_NOT_FOUND" Inferred
        "No user with username %s exists.";
    USER_EXISTS CONFLICT "USER_ALREADY_EXISTS" Inferred "The user %s already belongs here.";
    TEAM_NOT_FOUND NOT_FOUND "TEAM_NOT_FOUND" Inferred "No team with ID %s exists.";
    TEAM_NAME_NOT_FOUND NOT_FOUND "TEAM_NAME_NOT_FOUND" Inferred
        "No team with name %s exists.";
    TEAM_NOT_IN_GROUP NOT_FOUND "TEAM_NOT_IN_GROUP" Inferred
        "The team with ID %s is not assigned to group %s.";
    TEAM_EXISTS CONFLICT "TEAM_ALREADY_EXISTS" Inferred "A team with name %s already exists.";
    INVITATION_NOT_FOUND NOT_FOUND "INVITATION_NOT_FOUND" Inferred
        "No invitation with ID %s exists.";
    INVITATION_EXISTS CONFLICT "INVITATION_ALREADY_EXISTS" Inferred
        "The user %s has already been invited.";

    API_KEY_NOT_FOUND NOT_FOUND "API_KEY_NOT_FOUND" Inferred "No API key with ID %s exists.";
    API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND NOT_FOUND "API_KEY_ACCESS_LIST_NOT_FOUND" Inferred
        "The API key's access list has no entry %s.";
    SERVICE_ACCOUNT_NOT_FOUND NOT_FOUND "SERVICE_ACCOUNT_NOT_FOUND" Inferred
        "No service account with ID %s exists.";
    SECRET_NOT_FOUND NOT_FOUND "SERVICE_ACCOUNT_SECRET_NOT_FOUND" Inferred
        "No secret with ID %s exists.";
    SECRET_MAXIMUM CONFLICT "SERVICE_ACCOUNT_SECRET_MAXIMUM_REACHED" Inferred
        "The maximum number of secrets (%s) has been reached.";
    OWN_CREDENTIAL CONFLICT "CANNOT_REMOVE_OWN_CREDENTIAL" Inferred
        "The credential of this request cannot be removed by itself.";
    EVENT_NOT_FOUND NOT_FOUND "EVENT_NOT_FOUND" Inferred "No event with ID %s exists.";
    TOO_MANY CONFLICT "MAXIMUM_REACHED" Inferred "The maximum number of %s (%s) has been reached.";
}
