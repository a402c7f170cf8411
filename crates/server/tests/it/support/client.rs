//! A client in one role. Its requests go to the router in this process.

use ::http::request::Builder;
use ::http::{Method, Request};
use axum::body::Body;
use http_body_util::BodyExt as _;
use peerage::http::Router;
use serde_json::Value;
use tower::ServiceExt as _;

use super::Answer;

/// A client in one role.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    authorization: Option<String>,
}

impl Client {
    pub(crate) fn new(router: Router, authorization: Option<String>) -> Self {
        Self { router, authorization }
    }

    /// A request that is not complete yet, with this client's credentials.
    pub(crate) fn request(&self, method: Method, target: &str) -> Builder {
        let builder = Request::builder().method(method).uri(target);
        match &self.authorization {
            Some(text) => builder.header("authorization", text),
            None => builder,
        }
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Builder, body: impl Into<Body>) -> Answer {
        let request = request.body(body.into()).unwrap();
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, body }
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send(self.request(Method::GET, target), Body::empty()).await
    }

    pub(crate) async fn get_as(&self, target: &str, accept: &str) -> Answer {
        let request = self.request(Method::GET, target).header("accept", accept);
        self.send(request, Body::empty()).await
    }

    pub(crate) async fn call(&self, method: Method, target: &str) -> Answer {
        self.send(self.request(method, target), Body::empty()).await
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, target);
        let request = request.header("content-type", "application/json");
        self.send(request, body.to_string()).await
    }
}
