//! Which operation or page a request is for, by its path; and whether its answer is compressed.
//!
//! Must not know who calls, nor what an operation does.

use std::convert::Infallible;

use ::http::header::{ACCEPT_ENCODING, VARY};
use ::http::{HeaderValue, Request, StatusCode};
use axum::body::{Body, HttpBody as _};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use tower::{ServiceExt as _, service_fn};
use tower_http::compression::Compression;
use tower_http::compression::predicate::SizeAbove;

use super::arrival::Visit;
use super::ops::{Page, Pages};
use super::pipeline::Pipeline;
use super::site::Site;

/// Answers smaller than this are not worth compressing.
const COMPRESSED_MIN: u64 = 1_024;

/// See the head of this file.
pub(super) struct Paths {
    sites: matchit::Router<Site>,
    pages: Pages,
    pipeline: Pipeline,
}

impl Paths {
    /// The paths of all sites and pages.
    ///
    /// # Panics
    /// When two sites are at one path.
    pub(super) fn new(all: Vec<Site>, pages: Pages, pipeline: Pipeline) -> Self {
        let mut sites = matchit::Router::new();
        for site in all {
            let path = site.path();
            if let Err(error) = sites.insert(path, site) {
                panic!("{path} cannot be served: {error}");
            }
        }
        Self { sites, pages, pipeline }
    }

    /// Serves a request, and compresses the answer where the client wants that.
    pub(super) async fn serve(&self, visit: Visit) -> Response {
        if visit.request.headers().contains_key(ACCEPT_ENCODING) {
            let Visit { request, arrival, place } = visit;
            let route = service_fn(|request: Request<Body>| {
                let visit = Visit { request, arrival: arrival.clone(), place: place.clone() };
                async move { Ok::<_, Infallible>(self.route(visit).await) }
            });
            let gzip = Compression::new(route).compress_when(SizeAbove::new(COMPRESSED_MIN));
            // Apart: whoever wants it as it is need not move the room for both.
            return match Box::pin(gzip.oneshot(request)).await {
                Ok(response) => whole(response.map(Body::new)).await,
                Err(never) => match never {},
            };
        }
        let mut response = self.route(visit).await;
        // Somebody else would get it compressed.
        if response.body().size_hint().exact().is_none_or(|bytes| bytes >= COMPRESSED_MIN) {
            response.headers_mut().append(VARY, HeaderValue::from(ACCEPT_ENCODING));
        }
        response
    }

    async fn route(&self, visit: Visit) -> Response {
        let path = visit.request.uri().path();
        if let Some(page) = Page::at(path) {
            return self.pages.serve(page, visit).await;
        }
        let found = self.sites.at(path).ok().and_then(|at| {
            let values = at.params.iter().map(|(_, value)| value);
            at.value.find(path, values)
        });
        match found {
            Some(found) => self.pipeline.serve(found, visit).await,
            None => self.pipeline.refuse_path(visit).await,
        }
    }
}

/// The answer with all of its body. What compresses it takes far more memory than that, and would
/// keep it for as long as the client takes nothing.
async fn whole(response: Response) -> Response {
    let (head, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => Response::from_parts(head, Body::from(body.to_bytes())),
        Err(error) => {
            tracing::error!(%error, "http.answer_lost");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
