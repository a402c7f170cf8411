//! The door that every request goes through, whatever its path: its id, a place among those in
//! work, a deadline, panics, the log line and the counts.
//!
//! A request that has to wait for something is served in a task of its own: a client that goes
//! away, or a deadline that passes, does not stop a change half-way, and a panic ends that one
//! request. Its place among those in work is taken until the work ends, so that the bound is on
//! work and not on patience.

mod place;
mod shares;

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::header::{HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use ::http::uri::PathAndQuery;
use ::http::{Method, Request, StatusCode, Uri};
use axum::body::{Body, HttpBody as _};
use axum::response::Response;
use tokio::task::JoinHandle;
use tracing::Instrument as _;
use tracing::instrument::Instrumented;

pub(super) use self::place::Place;

use self::place::{CROWDED, Places};
use super::arrival::{Arrival, Learnt, REQUEST_ID, RequestIds, Visit};
use super::fault::Fault;
use super::ops;
use super::paths::Paths;
use super::pipeline::error_form;
use super::rate_limit::RateLimit;
use super::render::{self, ErrorCode};
use super::serve::Seat;
use crate::app::App;
use crate::config::Limits;
use crate::context::Credential;
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
    inside: Arc<Paths>,
}

impl Door {
    pub(super) fn new(
        app: Arc<App>,
        metrics: Metrics,
        rate: Arc<RateLimit>,
        limits: &Limits,
        inside: Paths,
    ) -> Self {
        let (places, inside) = (Arc::new(Places::new(limits)), Arc::new(inside));
        let deadline = limits.request.0;
        Self { app, metrics, rate, ids: RequestIds::new(), places, deadline, inside }
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Serves one request.
    pub(super) async fn serve(&self, request: Request<Body>) -> Response {
        let arrival = Arc::new(Arrival::of(&request, &self.ids));
        let mut watch = Watch::start(&self.metrics, &arrival);
        let seat = request.extensions().get::<Seat>().cloned();
        let asked = seat.as_ref().map(Seat::asked);
        let mut response = match self.place(&arrival, seat.clone()) {
            Ok(place) => {
                let work = self.work(request, &arrival, &place);
                self.outcome(work, &arrival, place).await
            }
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

    fn work(&self, request: Request<Body>, arrival: &Arc<Arrival>, place: &Place) -> Work {
        let (inside, request) = (self.inside.clone(), inward(request));
        let visit = Visit { request, arrival: arrival.clone(), place: place.clone() };
        let held = place.clone();
        let work: Pin<Box<dyn Future<Output = Response> + Send>> = Box::pin(async move {
            let _place = held;
            inside.serve(visit).await
        });
        work.instrument(tracing::info_span!("request", request.id = %arrival.id))
    }

    async fn outcome(&self, work: Work, arrival: &Arrival, place: Place) -> Response {
        let span = work.span().clone();
        let task = match begun(work).await {
            Begun::Done(response) => return response,
            Begun::Task(task) => task,
        };
        match tokio::time::timeout(self.deadline, task).await {
            Ok(Ok(response)) => response,
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
        let is_head = arrival.method == Method::HEAD;
        if arrival.method == Method::CONNECT && response.status().is_success() {
            // Nothing of HTTP may follow it, not even how long it is.
            *response.body_mut() = Body::empty();
            return;
        }
        // The connection says by itself how long a body is that it sends.
        if let Some(length) = response.body().size_hint().exact()
            && (is_head || length == 0)
        {
            const LENGTH: HeaderName = ::http::header::CONTENT_LENGTH;
            response.headers_mut().entry(LENGTH).or_insert_with(|| length.into());
        }
        if is_head {
            *response.body_mut() = Body::empty();
        }
    }
}

/// The serving of one request.
type Work = Instrumented<Pin<Box<dyn Future<Output = Response> + Send>>>;

/// What became of work after its first step.
enum Begun {
    Done(Response),
    Task(JoinHandle<Response>),
}

/// Begins work here, and goes on with it in a task of its own if it has to wait for something. Most
/// that only look at something need not: a task would cost more than they do. Nothing can drop the
/// work in between, and a panic is the end of a task in either case.
async fn begun(mut work: Work) -> Begun {
    let step = |context: &mut Context<'_>| {
        let first = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut work).poll(context)));
        Poll::Ready(first)
    };
    match poll_fn(step).await {
        Ok(Poll::Ready(response)) => Begun::Done(response),
        Ok(Poll::Pending) => Begun::Task(tokio::spawn(work)),
        Err(panic) => Begun::Task(tokio::spawn(async { resume_unwind(panic) })),
    }
}

/// The request as it is served: HEAD as GET, without a slash at the end of the path.
fn inward(mut request: Request<Body>) -> Request<Body> {
    if *request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let path = request.uri().path();
    if let Some(trimmed) = path.strip_suffix('/').filter(|trimmed| !trimmed.is_empty()) {
        // A part of a valid path is a valid path.
        if let Ok(path) = PathAndQuery::try_from(trimmed) {
            *request.uri_mut() = Uri::from(path);
        }
    }
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
        tracing::info!(
            request.id = %self.arrival.id,
            http.method = %self.arrival.method,
            http.status = status,
            operation,
            error.code = code.flatten(),
            latency_us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX),
            group.id = group.map(|group| group.to_string()),
            caller.kind = caller.as_ref().map(Credential::kind),
            caller.id = caller.as_ref().map(Credential::id),
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
