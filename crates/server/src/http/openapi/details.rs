//! What a document says of an operation besides its row in the table of operations.

use super::{
    access_list, api_keys, containers, control, events, groups, invitations, oauth, orgs, peers,
    service_accounts, settings, stubs, teams, users,
};

/// What a document says of an operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Details {
    pub(super) summary: &'static str,
    /// Parameters of the query, besides those of every operation and those of pages.
    pub(super) query: &'static [&'static str],
    /// Whether it answers a page of a list, and takes the parameters of pages.
    pub(super) paging: Paging,
    /// The schema of the body.
    pub(super) request: Option<&'static str>,
    /// The status of a success.
    pub(super) status: u16,
    /// The schema of its body in each version, oldest first; one that counts for all, or none for
    /// an answer without a body.
    pub(super) response: &'static [&'static str],
    /// Whether a success may also be a 204.
    pub(super) quiet: Quiet,
}

/// Whether an answer is a page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    Whole,
    Pages,
}

/// Whether an operation with an answer may have nothing to say, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quiet {
    Never,
    Sometimes,
}

/// 200 with an object.
pub(super) const fn read(summary: &'static str, response: &'static [&'static str]) -> Details {
    Details {
        summary,
        query: &[],
        paging: Paging::Whole,
        request: None,
        status: 200,
        response,
        quiet: Quiet::Never,
    }
}

/// 200 with a page of a list.
pub(super) const fn list(summary: &'static str, response: &'static [&'static str]) -> Details {
    Details { paging: Paging::Pages, ..read(summary, response) }
}

/// A body is taken, and answered with 200.
pub(super) const fn write(
    summary: &'static str,
    request: &'static str,
    response: &'static [&'static str],
) -> Details {
    Details { request: Some(request), ..read(summary, response) }
}

/// A body is taken, and answered with 201 and what was made.
pub(super) const fn make(
    summary: &'static str,
    request: &'static str,
    response: &'static [&'static str],
) -> Details {
    Details { status: 201, ..write(summary, request, response) }
}

/// 204, without a body on either side.
pub(super) const fn quiet(summary: &'static str) -> Details {
    Details { status: 204, ..read(summary, &[]) }
}

/// 202 with an empty object: it goes on in the background.
pub(super) const fn begin(summary: &'static str) -> Details {
    Details { status: 202, ..read(summary, &["Empty"]) }
}

impl Details {
    pub(super) const fn query(self, query: &'static [&'static str]) -> Self {
        Self { query, ..self }
    }

    pub(super) const fn pages(self) -> Self {
        Self { paging: Paging::Pages, ..self }
    }

    /// The schema of the answer in a version; `at` counts them from the oldest.
    pub(super) fn response_at(&self, at: usize) -> Option<&'static str> {
        self.response.get(at).or(self.response.last()).copied()
    }
}

/// The details of an operation.
pub(super) fn details(id: &str) -> Option<Details> {
    let nouns: [fn(&str) -> Option<Details>; 15] = [
        peers::details,
        containers::details,
        groups::details,
        settings::details,
        access_list::details,
        events::details,
        api_keys::details,
        service_accounts::details,
        orgs::details,
        teams::details,
        users::details,
        invitations::details,
        stubs::details,
        control::details,
        oauth::details,
    ];
    nouns.into_iter().find_map(|noun| noun(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::operations;

    #[test]
    fn every_operation_is_described() {
        let all = operations::all();
        let silent: Vec<_> =
            all.iter().map(|it| it.id).filter(|id| details(id).is_none()).collect();
        assert!(silent.is_empty(), "{silent:?}");
    }
}
