//! The one table from what went wrong to what the client is told: status, code, text, parameters.
//!
//! Matches are exhaustive: a new [`Refusal`] or [`Fault`] does not compile until it has a row. The
//! texts of documented codes are the service's own, word for word, because programs search them;
//! each row says how its code is known. What is at fault is never told with internal text: that
//! goes to the log.

mod rows;

use std::fmt::Write as _;
use std::time::Duration;

use ::http::StatusCode;
use peerage_core::error::{FaultKind, FieldFault, Refusal};
use peerage_core::peering::CustomerNetwork;
use peerage_wire::ApiError;
use peerage_wire::error::BadRequestDetail;
use peerage_wire::fields::BodyError;

use super::fault::Fault;
pub use rows::{Evidence, Row};

/// The most bytes of a client's own text that an error repeats.
const SHOWN_MAX: usize = 200;

/// What a client is told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The row of the table.
    pub row: &'static Row,
    /// The row's text with its values.
    pub detail: String,
    /// The values.
    pub parameters: Vec<String>,
    /// The fields at fault.
    pub fields: Vec<FieldFault>,
}

impl Told {
    /// What is told about `fault`, which happened to a request for `path`.
    #[must_use]
    pub fn of(fault: &Fault, path: &str) -> Self {
        match fault {
            Fault::Refused(Refusal::BadFields(faults)) => Self::bad_fields(faults),
            Fault::Refused(refusal) => Self::new(refusal_row(refusal), refusal_values(refusal)),
            Fault::Body(error) => Self::bad_body(*error),
            Fault::BodyTooLarge { limit } => {
                Self::field_body(&rows::INVALID_ATTRIBUTE, format!("larger than {limit} bytes"))
            }
            Fault::BodyIncomplete => {
                Self::field_body(&rows::BODY_INCOMPLETE, "incomplete".to_owned())
            }
            fault => Self::new(fault_row(fault), fault_values(fault, path)),
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.row.status
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> ApiError {
        ApiError {
            bad_request_detail: BadRequestDetail::of(&self.fields),
            detail: self.detail.clone(),
            error: self.row.status.as_u16(),
            error_code: self.row.code,
            parameters: self.parameters.clone(),
            reason: self.row.status.canonical_reason().unwrap_or_default(),
        }
    }

    fn new(row: &'static Row, parameters: Vec<String>) -> Self {
        let detail = fill(row.text, &parameters);
        Self { row, detail, parameters, fields: Vec::new() }
    }

    /// The code is that of the gravest kind; every field is listed.
    fn bad_fields(faults: &[FieldFault]) -> Self {
        let first = |kind| faults.iter().find(|fault| fault.kind == kind);
        let (row, field) = if let Some(fault) = first(FaultKind::Missing) {
            (&rows::MISSING_ATTRIBUTE, fault.field.as_str())
        } else if let Some(fault) = first(FaultKind::NotInEnum) {
            (&rows::INVALID_ENUM_VALUE, fault.field.as_str())
        } else {
            let field = faults.first().map_or("body", |fault| fault.field.as_str());
            (&rows::INVALID_ATTRIBUTE, field)
        };
        Self { fields: faults.to_vec(), ..Self::new(row, vec![shown(field)]) }
    }

    fn bad_body(error: BodyError) -> Self {
        let row = match error {
            BodyError::Empty | BodyError::NotJson { .. } => &rows::MALFORMED_JSON,
            BodyError::NotAnObject | BodyError::NotAnArray | BodyError::TooDeep => {
                &rows::INVALID_ATTRIBUTE
            }
        };
        let fields = vec![FieldFault::invalid("body", sentence(&error.to_string()))];
        Self { fields, ..Self::new(row, body_parameters(row)) }
    }

    fn field_body(row: &'static Row, what: String) -> Self {
        let fields = vec![FieldFault::invalid("body", format!("The body is {what}."))];
        Self { fields, ..Self::new(row, body_parameters(row)) }
    }
}

/// Every row.
#[must_use]
pub fn table() -> &'static [&'static Row] {
    rows::ALL
}

/// Whole seconds until a client may try again: never fewer than it has to wait, and at least one.
#[must_use]
pub fn seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// Puts values into the places of a text.
fn fill(text: &str, values: &[String]) -> String {
    let mut values = values.iter();
    let mut parts = text.split("%s");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // Writing to a string cannot fail.
        let _ = write!(filled, "{}{part}", values.next().map_or("", String::as_str));
    }
    filled
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_MAX).collect()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

fn body_parameters(row: &Row) -> Vec<String> {
    if row.text.contains("%s") { vec!["body".to_owned()] } else { Vec::new() }
}

fn refusal_row(refusal: &Refusal) -> &'static Row {
    use Refusal as R;
    match refusal {
        R::BadFields(_) => &rows::INVALID_ATTRIBUTE,
        R::Forbidden => &rows::FORBIDDEN,
        R::OrgNotFound(_) => &rows::ORG_NOT_FOUND,
        R::GroupNotFound(_) => &rows::GROUP_NOT_FOUND,
        R::GroupNameNotFound(_) => &rows::GROUP_NAME_NOT_FOUND,
        R::GroupExists(_) => &rows::GROUP_EXISTS,
        R::GroupHasPeerings(_) => &rows::GROUP_HAS_PEERINGS,
        R::OrgHasGroups(_) => &rows::ORG_HAS_GROUPS,
        R::GroupMaximum { .. } => &rows::GROUP_MAXIMUM,
        R::PeerNotFound { .. } => &rows::PEER_NOT_FOUND,
        R::PeerExists(CustomerNetwork::Aws(_)) => &rows::PEER_EXISTS_AWS,
        R::PeerExists(CustomerNetwork::Azure(_)) => &rows::PEER_EXISTS_AZURE,
        R::PeerExists(CustomerNetwork::Gcp(_)) => &rows::PEER_EXISTS_GCP,
        R::PeerDeletionRequested(_) => &rows::PEER_DELETION_REQUESTED,
        R::PeerInvalidState { .. } => &rows::PEER_INVALID_STATE,
        R::PeerMaximum { .. } => &rows::PEER_MAXIMUM,
        R::OverlapsPeer { .. } => &rows::OVERLAPS_PEER,
        R::OverlapsContainer { .. } => &rows::OVERLAPS_CONTAINER,
        R::ContainerNotFound(_) => &rows::CONTAINER_NOT_FOUND,
        R::ContainerExists { .. } => &rows::CONTAINER_EXISTS,
        R::ContainerInUse { .. } => &rows::CONTAINER_IN_USE,
        R::ContainerMaximum { .. } => &rows::CONTAINER_MAXIMUM,
        R::PrivateIpModeCannotBeEnabled => &rows::PRIVATE_IP_MODE,
        R::LimitNotFound(_) => &rows::LIMIT_NOT_FOUND,
        R::LimitOutOfRange { .. } => &rows::LIMIT_OUT_OF_RANGE,
        R::AccessListEntryNotFound { .. } => &rows::ACCESS_LIST_ENTRY_NOT_FOUND,
        R::AccessListFull { .. } => &rows::ACCESS_LIST_FULL,
        R::UserNotFound(_) => &rows::USER_NOT_FOUND,
        R::UsernameNotFound(_) => &rows::USERNAME_NOT_FOUND,
        R::UserExists(_) => &rows::USER_EXISTS,
        R::TeamNotFound(_) => &rows::TEAM_NOT_FOUND,
        R::TeamNameNotFound(_) => &rows::TEAM_NAME_NOT_FOUND,
        R::TeamNotInGroup { .. } => &rows::TEAM_NOT_IN_GROUP,
        R::TeamExists(_) => &rows::TEAM_EXISTS,
        R::InvitationNotFound(_) => &rows::INVITATION_NOT_FOUND,
        R::InvitationExists(_) => &rows::INVITATION_EXISTS,
        R::ApiKeyNotFound(_) => &rows::API_KEY_NOT_FOUND,
        R::ApiKeyAccessListEntryNotFound(_) => &rows::API_KEY_ACCESS_LIST_ENTRY_NOT_FOUND,
        R::ServiceAccountNotFound(_) => &rows::SERVICE_ACCOUNT_NOT_FOUND,
        R::SecretNotFound(_) => &rows::SECRET_NOT_FOUND,
        R::SecretMaximum { .. } => &rows::SECRET_MAXIMUM,
        R::CannotRemoveOwnCredential => &rows::OWN_CREDENTIAL,
        R::EventNotFound(_) => &rows::EVENT_NOT_FOUND,
        R::TooMany { .. } => &rows::TOO_MANY,
    }
}

fn refusal_values(refusal: &Refusal) -> Vec<String> {
    use Refusal as R;
    match refusal {
        R::BadFields(_)
        | R::Forbidden
        | R::PrivateIpModeCannotBeEnabled
        | R::CannotRemoveOwnCredential => Vec::new(),
        R::OrgNotFound(id) | R::OrgHasGroups(id) => vec![id.to_string()],
        R::GroupNotFound(id) | R::GroupHasPeerings(id) => vec![id.to_string()],
        R::ContainerNotFound(id) => vec![id.to_string()],
        R::PeerDeletionRequested(id) => vec![id.to_string()],
        R::UserNotFound(id) => vec![id.to_string()],
        R::TeamNotFound(id) => vec![id.to_string()],
        R::InvitationNotFound(id) => vec![id.to_string()],
        R::ApiKeyNotFound(id) => vec![id.to_string()],
        R::SecretNotFound(id) => vec![id.to_string()],
        R::EventNotFound(id) => vec![id.to_string()],
        R::GroupNameNotFound(text)
        | R::GroupExists(text)
        | R::LimitNotFound(text)
        | R::TeamNameNotFound(text)
        | R::UsernameNotFound(text)
        | R::UserExists(text)
        | R::TeamExists(text)
        | R::InvitationExists(text)
        | R::ApiKeyAccessListEntryNotFound(text)
        | R::ServiceAccountNotFound(text)
        | R::OverlapsPeer { block: text }
        | R::OverlapsContainer { block: text } => vec![shown(text)],
        R::GroupMaximum { limit }
        | R::PeerMaximum { limit }
        | R::ContainerMaximum { limit }
        | R::AccessListFull { limit }
        | R::SecretMaximum { limit } => vec![limit.to_string()],
        R::PeerNotFound { peer, group } | R::PeerInvalidState { peer, group } => {
            vec![peer.to_string(), group.to_string()]
        }
        R::PeerExists(network) => network_values(network),
        R::ContainerExists { group, container: _ } => vec![group.to_string()],
        R::ContainerInUse { container: _, peerings: _ } => {
            vec!["The container still contained resources".to_owned()]
        }
        R::LimitOutOfRange { name, maximum } => vec![shown(name), maximum.to_string()],
        R::AccessListEntryNotFound { entry, group } => vec![shown(entry), group.to_string()],
        R::TeamNotInGroup { team, group } => vec![team.to_string(), group.to_string()],
        R::TooMany { what, limit } => vec![(*what).to_owned(), limit.to_string()],
    }
}

fn network_values(network: &CustomerNetwork) -> Vec<String> {
    match network {
        CustomerNetwork::Aws(network) => vec![network.account_id.clone(), network.vpc_id.clone()],
        CustomerNetwork::Azure(network) => {
            vec![network.subscription_id.clone(), network.vnet_name.clone()]
        }
        CustomerNetwork::Gcp(network) => {
            vec![network.project_id.clone(), network.network_name.clone()]
        }
    }
}

fn fault_row(fault: &Fault) -> &'static Row {
    match fault {
        Fault::Refused(refusal) => refusal_row(refusal),
        Fault::Unauthenticated(_) => &rows::UNAUTHENTICATED,
        Fault::AddressNotAllowed(_) => &rows::ADDRESS_NOT_ALLOWED,
        Fault::RateLimited { .. } => &rows::RATE_LIMITED,
        Fault::PathParameter { .. } => &rows::PATH_PARAMETER,
        Fault::QueryParameter { .. } => &rows::QUERY_PARAMETER,
        Fault::Body(_) => &rows::MALFORMED_JSON,
        Fault::BodyTooLarge { .. } => &rows::INVALID_ATTRIBUTE,
        Fault::BodyIncomplete => &rows::BODY_INCOMPLETE,
        Fault::UnsupportedMediaType(_) => &rows::UNSUPPORTED_MEDIA_TYPE,
        Fault::NotAcceptable(_) => &rows::NOT_ACCEPTABLE,
        Fault::UnknownPath => &rows::UNKNOWN_PATH,
        Fault::MethodNotAllowed { .. } => &rows::METHOD_NOT_ALLOWED,
        Fault::Emulated { .. } => &rows::EMULATED,
        Fault::Unavailable { .. } => &rows::UNAVAILABLE,
        Fault::Internal(_) => &rows::INTERNAL,
    }
}

fn fault_values(fault: &Fault, path: &str) -> Vec<String> {
    match fault {
        Fault::Refused(refusal) => refusal_values(refusal),
        Fault::Unauthenticated(_)
        | Fault::Body(_)
        | Fault::BodyTooLarge { .. }
        | Fault::BodyIncomplete
        | Fault::Internal(_) => Vec::new(),
        Fault::AddressNotAllowed(address) => vec![address.to_string()],
        Fault::RateLimited { limit: _, retry_after } => vec![seconds(*retry_after).to_string()],
        Fault::PathParameter { name, value } => vec![shown(value), (*name).to_owned()],
        Fault::QueryParameter { name, value: _, expected } => {
            vec![shown(name), (*expected).to_owned()]
        }
        Fault::UnsupportedMediaType(media) | Fault::NotAcceptable(media) => vec![shown(media)],
        Fault::UnknownPath => vec![shown(path)],
        Fault::MethodNotAllowed { allowed } => {
            let names: Vec<&str> = allowed.iter().map(::http::Method::as_str).collect();
            vec![shown(path), names.join(", ")]
        }
        Fault::Emulated { code, message } => vec![shown(code), shown(message)],
        Fault::Unavailable { reason, retry_after: _ } => vec![(*reason).to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_takes_its_values_in_order() {
        let values = ["a".to_owned(), "b".to_owned()];
        assert_eq!(fill("x %s y %s z", &values), "x a y b z");
        assert_eq!(fill("%s%s%s", &values), "ab");
    }

    #[test]
    fn a_wait_is_never_told_shorter_than_it_is() {
        assert_eq!(seconds(Duration::ZERO), 1);
        assert_eq!(seconds(Duration::from_millis(1_001)), 2);
        assert_eq!(seconds(Duration::MAX), u64::MAX);
    }

    /// CONTRACT §5: the code of a body with several faults.
    #[test]
    fn a_missing_field_comes_first_and_all_are_listed() {
        let faults = vec![
            FieldFault::invalid("a", "no"),
            FieldFault::not_in_enum("b", "X", "Y"),
            FieldFault::missing("c"),
        ];
        let check = |faults: &[FieldFault], code, detail: &str| {
            let told = Told::of(&Fault::Refused(Refusal::BadFields(faults.to_vec())), "/");
            assert_eq!((told.row.code, told.detail.as_str()), (code, detail));
            assert_eq!(told.fields.len(), faults.len());
        };
        check(&faults, "MISSING_ATTRIBUTE", "The required attribute c was not specified.");
        check(&faults[..2], "INVALID_ENUM_VALUE", "An invalid value was specified for b.");
        check(&faults[..1], "INVALID_ATTRIBUTE", "Invalid attribute a specified.");
        check(&[], "INVALID_ATTRIBUTE", "Invalid attribute body specified.");
    }
}
