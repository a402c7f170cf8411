//! One row of the table of operations.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ::http::Method;

use super::call::Call;
use super::fault::Fault;
use super::reply::Reply;
use crate::app::App;

/// What a handler gives back.
pub type Outcome = Pin<Box<dyn Future<Output = Result<Reply, Fault>> + Send>>;

/// Serves one operation.
pub type Handler = fn(Arc<App>, Call) -> Outcome;

/// One operation of the contract, or one of our own.
#[derive(Clone)]
pub struct Operation {
    /// The contract's `operationId`.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces, such as `/api/atlas/v2/groups/{groupId}/peers`;
    /// `{groupId}:migrate` for a verb.
    pub path: &'static str,
    /// What it answers with.
    pub media: Media,
    /// Who may call it before roles are looked at.
    pub access: Access,
    /// Which bucket of the rate limit it draws from.
    pub bucket: Bucket,
    /// What serves it.
    pub handler: Handler,
}

/// The media type of an operation's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/vnd.atlas.<date>+json`; the stable dates of the operation, oldest first.
    Atlas(&'static [&'static str]),
    /// `application/json`, without versions: our own interface and what Atlas serves so.
    Plain,
}

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Anyone,
    /// A caller who proved who it is.
    Caller,
}

/// The groups of operations that share a rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Peerings and containers.
    Peering,
    /// Projects and what belongs to them.
    Project,
    /// Organizations and what belongs to them.
    Organization,
    /// Everything else.
    Other,
}

impl Bucket {
    /// The name in configuration and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peering => "peering",
            Self::Project => "project",
            Self::Organization => "organization",
            Self::Other => "other",
        }
    }
}

/// One list of operations that share their media type and their bucket: `id METHOD "path" handler`.
macro_rules! table {
    ($media:expr, $bucket:expr; $($id:literal $method:ident $path:literal $handler:ident;)*) => {
        vec![$($crate::http::operation::Operation {
            id: $id,
            method: ::http::Method::$method,
            path: $path,
            media: $media,
            access: $crate::http::operation::Access::Caller,
            bucket: $bucket,
            handler: |app, call| Box::pin($handler(app, call)),
        },)*]
    };
}

pub(super) use table;
