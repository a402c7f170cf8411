//! Puts the table of operations and the pages for operators behind one door.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::Request;
use axum::body::Body;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use super::door::Door;
use super::operation::Operation;
use super::ops::Pages;
use super::pipeline::Pipeline;
use super::rate_limit::RateLimit;
use super::site::Site;
use super::{operations, ops};
use crate::app::App;
use crate::config::Limits;
use crate::telemetry::Metrics;

/// Answers smaller than this are not worth compressing.
const COMPRESSED_MIN: u64 = 1_024;

/// Serves HTTP requests: a [`tower::Service`] whose clones share everything.
#[derive(Clone)]
pub struct Router(Arc<Door>);

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Router")
    }
}

impl Router {
    /// Serves every operation of the table.
    ///
    /// # Panics
    /// When two operations serve the same method and path.
    #[must_use]
    pub fn new(app: Arc<App>, metrics: Metrics, limits: &Limits) -> Self {
        Self::from_operations(app, metrics, limits, operations::all())
    }

    /// Serves the operations that are given.
    ///
    /// # Panics
    /// When two operations serve the same method and path.
    #[must_use]
    pub fn from_operations(
        app: Arc<App>,
        metrics: Metrics,
        limits: &Limits,
        operations: Vec<Operation>,
    ) -> Self {
        let rate = Arc::new(RateLimit::new(limits));
        let pipeline = Arc::new(Pipeline::new(app.clone(), rate.clone(), limits));
        let pages = Arc::new(Pages::new(app.clone(), metrics.clone(), &operations));
        let mut inside = axum::Router::new();
        for site in Site::all(operations) {
            let (pipeline, path, site) = (pipeline.clone(), site.path(), Arc::new(site));
            inside = inside.route(
                path,
                any(move |request: Request<Body>| {
                    let (pipeline, site) = (pipeline.clone(), site.clone());
                    async move { pipeline.serve(&site, request).await }
                }),
            );
        }
        inside = ops::add(inside, &pages);
        inside = inside.fallback(move |request: Request<Body>| {
            let pipeline = pipeline.clone();
            async move { pipeline.refuse_path(request).await }
        });
        let gzip = CompressionLayer::new().compress_when(SizeAbove::new(COMPRESSED_MIN));
        Self(Arc::new(Door::new(app, metrics, rate, limits, inside.layer(gzip))))
    }

    /// What it counts.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.0.metrics()
    }
}

impl<B> tower::Service<Request<B>> for Router
where
    B: axum::body::HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let door = self.0.clone();
        let request = request.map(Body::new);
        Box::pin(async move { Ok(door.serve(request).await) })
    }
}
