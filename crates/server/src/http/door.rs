//! The door that every request goes through, whatever its path: its id, a place among those in
//! work, a deadline, panics, the log line and the counts.
//!
//! A request is served in a task of its own: a client that goes away, or a deadline that passes,
//! does not stop a change half-way, and a panic ends that one request. Its place among those in
//! work is taken until the task ends, so that the bound is on work and not on patience.

mod place;
mod shares;

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use ::http::uri::PathAndQuery;
use ::http::{Method, Request, StatusCode, Uri};
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use tracing::Instrument as _;

pub(super) use self::place::Place;

use self::place::{CROWDED, Places};
use super::arrival::{Arrival, Learnt, REQUEST_ID, RequestIds};
use super::fault::Fault;
use super::ops;
use super::pipeline::error_form;
use super::rate_limit::RateLimit;
use super::render::{self, ErrorCode};
use super::serve::Seat;
use crate::app::App;
use crate::config::Limits;
use crate::telemetry::{Metrics, Stopwatch};

/// What the log and the counts call a request for no operation.
const NO_OPERATION: &str = "none";

/// See the head of this file.
pub(super) struct Door {
    app: Arc<App>,
    metrics: Metrics,
    rate: Arc<RateLimit>,
    ids: RequestIds,
    places: Arc<Places>,
    deadline: Duration,
    inside: axum::Router,
}

impl Door {
    pub(super) fn new(
        app: Arc<App>,
        metrics: Metrics,
        rate: Arc<RateLimit>,
        limits: &Limits,
        inside: axum::Router,
    ) -> Self {
        let places = Arc::new(Places::new(limits));
        let deadline = limits.request.0;
        Self { app, metrics, rate, ids: RequestIds::new(), places, deadline, inside }
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Serves one request.
    pub(super) async fn serve(&self, request: Request<Body>) -> Response {
        let arrival = Arrival::of(&request, &self.ids);
        let mut watch = Watch::start(&self.metrics, &arrival);
        let seat = request.extensions().get::<Seat>().cloned();
        let asked = seat.as_ref().map(Seat::asked);
        let mut response = match self.place(&arrival, seat.clone()) {
            Ok(place) => self.work(request, &arrival, place).await,
            Err(fault) => {
                self.places.hold_back(seat.as_ref()).await;
                self.refuse(&arrival, &fault)
            }
        };
        if let Some(asked) = asked {
            asked.answered();
        }
        self.finish(&arrival, &mut response);
        watch.end(&response);
        response
    }

    /// A place among those in work. Whoever looks after this process always gets in.
    fn place(&self, arrival: &Arrival, seat: Option<Seat>) -> Result<Place, Fault> {
        if ops::is_vital(arrival.path()) {
            return Ok(self.places.extra(seat));
        }
        self.places.take(seat)
    }

    async fn work(&self, request: Request<Body>, arrival: &Arrival, place: Place) -> Response {
        let inside = self.inside.clone();
        let mut request = inward(request, arrival.clone());
        request.extensions_mut().insert(place.clone());
        let span = tracing::info_span!("request", request.id = %arrival.id);
        let held = place.clone();
        let work = async move {
            let _place = held;
            match inside.oneshot(request).await {
                Ok(response) => Ok(whole(response).await),
                Err(never) => Err(never),
            }
        };
        let task = tokio::spawn(work.instrument(span.clone()));
        match tokio::time::timeout(self.deadline, task).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(never))) => match never {},
            Ok(Err(error)) => span.in_scope(|| {
                tracing::error!(%error, "http.panicked");
                self.refuse(arrival, &Fault::Internal("a request panicked"))
            }),
            Err(_) => {
                place.answered();
                let reason = "it took too long, and may still be done";
                self.refuse(arrival, &Fault::Unavailable { reason, retry_after: CROWDED })
            }
        }
    }

    fn refuse(&self, arrival: &Arrival, fault: &Fault) -> Response {
        render::fault(&self.app, fault, arrival.path(), error_form(arrival))
    }

    fn finish(&self, arrival: &Arrival, response: &mut Response) {
        let headers = response.headers_mut();
        render::rate_limit(headers, self.rate.untouched());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Ok(id) = HeaderValue::try_from(arrival.id.as_str()) {
            headers.insert(REQUEST_ID, id);
        }
        if arrival.method == Method::HEAD {
            let length = axum::body::HttpBody::size_hint(response.body()).exact();
            if let Some(length) = length {
                const LENGTH: HeaderName = ::http::header::CONTENT_LENGTH;
                response.headers_mut().entry(LENGTH).or_insert_with(|| length.into());
            }
            *response.body_mut() = Body::empty();
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

/// The request as the router takes it: HEAD as GET, without a slash at the end of the path.
fn inward(mut request: Request<Body>, arrival: Arrival) -> Request<Body> {
    if arrival.method == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let path = request.uri().path();
    if let Some(trimmed) = path.strip_suffix('/').filter(|trimmed| !trimmed.is_empty()) {
        // A part of a valid path is a valid path.
        if let Ok(path) = PathAndQuery::try_from(trimmed) {
            *request.uri_mut() = Uri::from(path);
        }
    }
    request.extensions_mut().insert(arrival);
    request
}

/// Counts a request and writes its line in the log, also when its client goes away.
struct Watch<'a> {
    metrics: &'a Metrics,
    arrival: &'a Arrival,
    started: Stopwatch,
    /// What it was answered with; nothing for a client that went away.
    status: Option<(StatusCode, Option<&'static str>)>,
}

impl<'a> Watch<'a> {
    fn start(metrics: &'a Metrics, arrival: &'a Arrival) -> Self {
        Self { metrics, arrival, started: metrics.request_started(), status: None }
    }

    fn end(&mut self, response: &Response) {
        let code = response.extensions().get::<ErrorCode>().map(|code| code.0);
        self.status = Some((response.status(), code));
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let Learnt { operation, group, caller } = self.arrival.notes.read();
        let operation = operation.unwrap_or(NO_OPERATION);
        let (status, code) = self.status.unzip();
        let status = status.map_or(0, |status| status.as_u16());
        let method = method_name(&self.arrival.method);
        let latency = self.metrics.request_ended(self.started, method, operation, status);
        let (caller_kind, caller_id) = caller.unzip();
        tracing::info!(
            request.id = %self.arrival.id,
            http.method = %self.arrival.method,
            http.status = status,
            operation,
            error.code = code.flatten(),
            latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
            group.id = group,
            caller.kind = caller_kind,
            caller.id = caller_id,
            client.address = %self.arrival.remote,
            "http.request"
        );
    }
}

/// The method as a label: others than the known ones are one, so that nobody can make labels.
fn method_name(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
