//! A client in one role. Its requests go to the router in this process.

use std::net::SocketAddr;

use ::http::request::Builder;
use ::http::{Method, Request};
use axum::body::Body;
use http_body_util::BodyExt as _;
use peerage::http::{Peer, Router};
use serde_json::Value;
use tower::ServiceExt as _;

use super::{Answer, digest};

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
        self.write(Method::POST, target, body).await
    }

    pub(crate) async fn patch(&self, target: &str, body: &Value) -> Answer {
        self.write(Method::PATCH, target, body).await
    }

    pub(crate) async fn delete(&self, target: &str) -> Answer {
        self.call(Method::DELETE, target).await
    }

    /// Sends JSON.
    pub(crate) async fn write(&self, method: Method, target: &str, body: &Value) -> Answer {
        let request = self.request(method, target).header("content-type", "application/json");
        self.send(request, body.to_string()).await
    }

    /// The types of the newest events below a path, newest first.
    pub(crate) async fn events(&self, below: &str) -> Vec<String> {
        let page = self.get(&format!("{below}/events")).await.ok(200);
        let events = page["results"].as_array().unwrap().iter();
        events.map(|event| event["eventTypeName"].as_str().unwrap().to_owned()).collect()
    }

    /// Sends a form.
    pub(crate) async fn form(&self, target: &str, form: &str) -> Answer {
        let request = self.request(Method::POST, target);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        self.send(request, form.to_owned()).await
    }

    /// Looks as if it came from another address.
    pub(crate) async fn get_from(&self, address: &str, target: &str) -> Answer {
        let address = SocketAddr::new(address.parse().unwrap(), 1);
        let request = self.request(Method::GET, target);
        self.send(request.extension(Peer { address, is_tls: false }), Body::empty()).await
    }

    /// One exchange of HTTP Digest: a request without credentials, and the one that answers its
    /// challenge.
    pub(crate) async fn get_signed(&self, user: &str, key: &str, target: &str) -> Answer {
        self.write_signed("GET", (user, key), target, &Value::Null).await
    }

    /// The same with a method and a body.
    pub(crate) async fn write_signed(
        &self,
        method: &str,
        credentials: (&str, &str),
        target: &str,
        body: &Value,
    ) -> Answer {
        let method: Method = method.parse().unwrap();
        let challenge = self.call(method.clone(), target).await;
        let challenge = challenge.header("www-authenticate");
        let answer = digest::answer(credentials, challenge, &method, target, "00000001");
        let request = self.request(method, target).header("authorization", answer);
        let request = request.header("content-type", "application/json");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(request, body).await
    }
}
