//! What a handler sees of a request: who calls, the parts of the path, the query and the body, all
//! read through typed getters whose failures say which part was wrong.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use peerage_core::id::Id;
use peerage_wire::page::PageQuery;

use super::fault::Fault;
use super::remembered::Remembered;
use crate::context::Context;

/// One request, after the pipeline and before the use case.
/// `Debug` leaves out whatever the client wrote: any of it may hold a secret.
#[derive(Clone)]
pub struct Call {
    /// Who calls; none only where anybody may.
    pub context: Option<Context>,
    /// From where.
    pub remote: IpAddr,
    /// The parameters of the path, percent-decoded, by name.
    pub path: Vec<(&'static str, String)>,
    /// The parameters of the query, percent-decoded, in order.
    pub query: Vec<(String, String)>,
    /// The body, within its bound.
    pub body: Bytes,
    /// `Content-Type` of the body, when there is one.
    pub content_type: Option<String>,
    /// `Authorization` as sent, where anybody may call: for the token endpoint, which checks it
    /// itself.
    pub authorization: Option<String>,
    /// The version that is served, such as `2023-01-01`; empty for plain JSON.
    pub version: &'static str,
    /// Scheme and authority as the client wrote them, such as `http://127.0.0.1:8080`.
    pub base_url: String,
    /// Path and query as sent, for links.
    pub target: String,
    /// What was answered lately.
    pub answers: Arc<Remembered>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { remote, version, body, .. } = self;
        f.debug_struct("Call")
            .field("remote", remote)
            .field("version", version)
            .field("body_bytes", &body.len())
            .finish_non_exhaustive()
    }
}

impl Call {
    /// Who calls.
    ///
    /// # Errors
    /// [`Fault::Unauthenticated`] where anybody may call and nobody did.
    pub fn caller(&self) -> Result<&Context, Fault> {
        self.context.as_ref().ok_or_else(Fault::unauthenticated)
    }

    /// A parameter of the path as text; empty when the path has no such parameter.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.path.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A parameter of the path as an id.
    ///
    /// # Errors
    /// [`Fault::PathParameter`] when it is not 24 hexadecimal digits.
    pub fn id<K>(&self, name: &'static str) -> Result<Id<K>, Fault> {
        let value = self.text(name);
        Id::parse(value).map_err(|_| Fault::PathParameter { name, value: value.to_owned() })
    }

    /// The last value of a query parameter, if it was sent.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter.
    pub fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is true or false.
    ///
    /// # Errors
    /// [`Fault::QueryParameter`] for anything else.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, Fault> {
        match self.query(name) {
            None => Ok(default),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(Fault::QueryParameter {
                name: name.to_owned(),
                value: text.to_owned(),
                expected: "true or false",
            }),
        }
    }

    /// Which page of a list is wanted.
    ///
    /// # Errors
    /// [`Fault::QueryParameter`] that names the parameter at fault.
    pub fn page(&self) -> Result<PageQuery, Fault> {
        let pairs = self.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        PageQuery::read(pairs).map_err(Fault::from)
    }
}
