//! Puts the table of operations and the pages for operators behind one door.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ::http::Request;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;

use super::door::Door;
use super::operation::Operation;
use super::operations;
use super::ops::Pages;
use super::paths::Paths;
use super::pipeline::Pipeline;
use super::rate_limit::RateLimit;
use super::site::Site;
use crate::app::App;
use crate::config::Limits;
use crate::telemetry::Metrics;

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
        let pipeline = Pipeline::new(app.clone(), rate.clone(), limits);
        let pages = Pages::new(app.clone(), metrics.clone(), &operations);
        let inside = Paths::new(Site::all(operations), pages, pipeline);
        Self(Arc::new(Door::new(app, metrics, rate, limits, inside)))
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
