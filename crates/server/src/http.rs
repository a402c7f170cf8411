//! HTTP: the only room that names a status, a header or a media type.
//!
//! One table, [`operations::all`], lists every operation with its path, versions and handler; the
//! pipeline does for each what all have in common (request id, version, authentication, rate
//! limit, body bound, envelope, pretty, errors). Handlers turn wire into domain and back in a few
//! lines and call one use case. They never see the store.
//!
//! A request goes through `door` (id, place, deadline, log), `router` and `site` (which operation),
//! `pipeline` (what all have in common), its handler, and `render`.

mod access_list;
mod api_keys;
mod arrival;
mod body;
pub mod call;
mod containers;
mod control;
mod door;
pub mod error;
mod events;
pub mod fault;
mod group_users;
mod groups;
mod invitations;
mod listing;
mod oauth;
mod openapi;
pub mod operation;
pub mod operations;
mod ops;
mod orgs;
mod paths;
mod peers;
mod pipeline;
mod pretty;
mod query;
mod rate_limit;
mod remembered;
mod render;
pub mod reply;
pub mod router;
pub mod serve;
mod service_accounts;
mod site;
mod stubs;
mod teams;
mod tls;
mod users;
mod version;

use std::sync::Arc;

pub use arrival::Peer;
pub use router::Router;

use crate::app::App;
use crate::config::Limits;
use crate::telemetry::Metrics;

/// Serves every operation over the use cases of `app`.
#[must_use]
pub fn router(app: Arc<App>, metrics: Metrics, limits: &Limits) -> Router {
    Router::new(app, metrics, limits)
}
