//! The table of all operations, put together from one list for each noun.

use super::operation::Operation;

/// The operations that are answered with nothing behind them: an empty page, a default object.
#[must_use]
pub fn answered_empty() -> Vec<Operation> {
    // The status of the service tells of its caller, and `ipinfo` of the caller's address.
    let real = ["getSystemStatus", "getIpInfo"];
    super::stubs::operations().into_iter().filter(|it| !real.contains(&it.id)).collect()
}

/// Every operation that is served.
#[must_use]
pub fn all() -> Vec<Operation> {
    [
        super::peers::operations(),
        super::containers::operations(),
        super::groups::operations(),
        super::access_list::operations(),
        super::events::operations(),
        super::api_keys::operations(),
        super::service_accounts::operations(),
        super::orgs::operations(),
        super::teams::operations(),
        super::users::operations(),
        super::group_users::operations(),
        super::invitations::operations(),
        super::stubs::operations(),
        super::control::operations(),
        super::oauth::operations(),
    ]
    .concat()
}
