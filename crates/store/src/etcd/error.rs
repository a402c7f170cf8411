//! What a failed request means: whether the thing certainly did not happen, and if so, whether
//! asking another member can help. The texts are those of etcd's own table of errors, which its
//! clients have always matched.

use std::error::Error as _;
use std::time::Duration;

use etcd_client::Error;
use tonic::{Code, ConnectError, Status};

use crate::port::{ErrorKind, StoreError};

/// When a cluster that could not serve is worth asking again: an election takes about so long.
pub(super) const RETRY_CLUSTER: Duration = Duration::from_secs(1);
/// When a cluster that has to be mended first is worth asking again.
const RETRY_OPERATOR: Duration = Duration::from_secs(10);

/// How one try failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// It did not happen, and no member will do it.
    Refused(Refusal),
    /// It did not happen; another member may do it.
    Elsewhere(String),
    /// It may have happened.
    Unknown(String),
}

/// What the cluster, or we, say no to.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The revision asked for is no longer kept.
    Compacted,
    /// The revision asked for is still to come.
    Future,
    /// A lease that has ended or never was.
    LeaseGone,
    /// The request is larger than the members take.
    TooLarge,
    /// The members have no room for another write.
    Full,
    /// The members disagree about what is stored.
    Corrupt(String),
    /// The members do not know the user, or the user may not.
    NotAllowed(String),
    /// Whatever is already an error of the port.
    Error(StoreError),
}

impl Refusal {
    /// As an error of the port. What a caller has to look up first is handled before this.
    pub(super) fn into_error(self, cluster: &str) -> StoreError {
        let unavailable = |reason, retry_after| ErrorKind::Unavailable { reason, retry_after };
        let place = cluster.to_owned();
        StoreError::definite(match self {
            Self::Error(error) => return error,
            Self::Full => {
                let detail = "its quota is used up: compact and defragment it, then disarm the \
                              NOSPACE alarm";
                ErrorKind::Full { place, detail: detail.to_owned() }
            }
            Self::Corrupt(detail) => ErrorKind::Corrupt { place, detail },
            Self::NotAllowed(detail) => {
                unavailable(format!("{cluster} refuses us: {detail}"), RETRY_OPERATOR)
            }
            Self::TooLarge => {
                let reason = format!("{cluster} takes smaller requests than etcd does by default");
                unavailable(reason, RETRY_OPERATOR)
            }
            Self::Compacted | Self::Future | Self::LeaseGone => {
                unavailable(format!("{cluster} gave an answer out of place"), RETRY_CLUSTER)
            }
        })
    }
}

/// What the failure of one try means.
pub(super) fn classify(error: &Error) -> Failed {
    match error {
        Error::GRpcStatus(status) => of_status(status),
        Error::InvalidArgs(_)
        | Error::InvalidUri(_)
        | Error::InvalidMetadataValue(_)
        | Error::EndpointError(_)
        | Error::EndpointsNotManaged => Failed::Elsewhere(error.to_string()),
        other => Failed::Unknown(other.to_string()),
    }
}

fn of_status(status: &Status) -> Failed {
    if let Some(reason) = never_connected(status) {
        return Failed::Elsewhere(reason);
    }
    let message = status.message();
    let says = |text: &str| message.contains(text);
    let refused = |refusal| Failed::Refused(refusal);
    if says("revision has been compacted") {
        refused(Refusal::Compacted)
    } else if says("revision is a future revision") {
        refused(Refusal::Future)
    } else if says("requested lease not found") {
        refused(Refusal::LeaseGone)
    } else if says("request is too large") || says("too many operations in txn") {
        refused(Refusal::TooLarge)
    } else if says("database space exceeded") {
        refused(Refusal::Full)
    } else if says("corrupt cluster") || says("corrupt alarm") {
        refused(Refusal::Corrupt(message.to_owned()))
    } else if is_not_allowed(status) {
        refused(Refusal::NotAllowed(message.to_owned()))
    } else if says("no leader") || says("too many requests") {
        // Both are said before the request is handed to the other members.
        Failed::Elsewhere(message.to_owned())
    } else {
        Failed::Unknown(format!("{:?}: {message}", status.code()))
    }
}

fn is_not_allowed(status: &Status) -> bool {
    let texts = ["authentication failed", "permission denied", "user name is empty", "auth token"];
    matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied)
        || texts.iter().any(|text| status.message().contains(text))
}

/// Why no connection was made, if that is what failed: then nothing was sent.
fn never_connected(status: &Status) -> Option<String> {
    let mut source = status.source();
    while let Some(error) = source {
        if error.is::<ConnectError>() {
            return Some(innermost(error));
        }
        source = error.source();
    }
    None
}

/// The text of the first cause, which says most.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: Code, message: &str, expect: &str) {
        let failed = classify(&Error::GRpcStatus(Status::new(code, message)));
        assert!(format!("{failed:?}").starts_with(expect), "{message}: {failed:?}");
    }

    #[test]
    fn an_error_says_whether_the_thing_certainly_did_not_happen() {
        let check = |code, message, expect| check(code, message, expect);
        check(Code::Unavailable, "etcdserver: no leader", "Elsewhere");
        check(Code::ResourceExhausted, "etcdserver: too many requests", "Elsewhere");
        check(Code::Unavailable, "etcdserver: leader changed", "Unknown");
        check(Code::Unavailable, "etcdserver: request timed out", "Unknown");
        check(Code::Unavailable, "transport error", "Unknown");
        check(Code::Unknown, "etcdserver: server stopped", "Unknown");
        check(Code::ResourceExhausted, "etcdserver: mvcc: database space exceeded", "Refused(Full");
        check(Code::InvalidArgument, "etcdserver: request is too large", "Refused(TooLarge");
        check(
            Code::OutOfRange,
            "etcdserver: mvcc: required revision has been compacted",
            "Refused(Compacted",
        );
        check(
            Code::OutOfRange,
            "etcdserver: mvcc: required revision is a future revision",
            "Refused(Future",
        );
        check(Code::NotFound, "etcdserver: requested lease not found", "Refused(LeaseGone");
        check(Code::Unauthenticated, "etcdserver: invalid auth token", "Refused(NotAllowed");
        check(
            Code::InvalidArgument,
            "etcdserver: authentication failed, invalid user ID or password",
            "Refused(NotAllowed",
        );
        check(Code::DataLoss, "etcdserver: corrupt cluster", "Refused(Corrupt");
    }
}
