//! What every operation has in common, in this order: who calls, whether they may call so often,
//! form and version of the answer, the body, the operation, the answer.
//!
//! Nothing of a body is read before the caller is known. Errors in the form come before those of
//! the version and the body, and after those of the caller: who did not prove who they are learns
//! nothing else.

use std::sync::Arc;

use ::http::Method;
use ::http::header::AUTHORIZATION;
use ::http::request::Parts;
use axum::response::Response;
use peerage_core::id::GroupId;

use super::arrival::{Arrival, Visit};
use super::body::{self, BodyLimits, Inbox};
use super::call::Call;
use super::door::Place;
use super::fault::Fault;
use super::operation::{Access, Bucket, Media, Operation};
use super::query::{self, Form};
use super::rate_limit::{Allowance, Payer, RateLimit};
use super::remembered::Remembered;
use super::reply::Reply;
use super::site::{Found, Parameters};
use super::{render, version};
use crate::app::App;
use crate::app::credentials::{Denied, Proof};
use crate::authn::AuthHeader;
use crate::config::Limits;
use crate::context::{Caller, Context};

/// The paths on which an error may come in an envelope.
const CONTRACT: &str = "/api/atlas/";

/// Serves operations.
pub(super) struct Pipeline {
    app: Arc<App>,
    rate: Arc<RateLimit>,
    limits: BodyLimits,
    answers: Arc<Remembered>,
}

/// One request for an operation, on its way.
struct Job<'a> {
    operation: &'a Operation,
    parameters: Result<Parameters, Fault>,
    /// The project that the path names.
    group: Option<GroupId>,
    head: Parts,
    arrival: Arc<Arrival>,
    /// What the bucket has left, once something was drawn.
    allowance: Option<Allowance>,
}

/// What a job came to.
struct Done {
    reply: Reply,
    version: &'static str,
    form: Form,
}

impl Pipeline {
    pub(super) fn new(app: Arc<App>, rate: Arc<RateLimit>, limits: &Limits) -> Self {
        // Half of the time: who sends too slowly is told so before the request's own time ends.
        let (pause, whole) = (limits.header_read.0, limits.request.0 / 2);
        let limits = BodyLimits { bytes: limits.body_bytes, pause, whole };
        Self { app, rate, limits, answers: Arc::default() }
    }

    /// Serves a request for what was found at its path.
    pub(super) async fn serve(&self, found: Found<'_>, visit: Visit) -> Response {
        let Visit { request, arrival, place } = visit;
        let (head, body) = request.into_parts();
        let inbox = Inbox::new(&head, body, place);
        match found.operation(&head.method) {
            Some(operation) => {
                let parameters = found.parameters;
                let group = parameters.as_ref().ok().and_then(group);
                let job = Job { operation, parameters, group, head, arrival, allowance: None };
                self.perform(job, inbox).await
            }
            None if head.method == Method::OPTIONS => {
                inbox.drain().await;
                render::options(&found.allowed())
            }
            None => {
                let allowed = found.allowed();
                self.refuse(inbox, &arrival, Fault::MethodNotAllowed { allowed }).await
            }
        }
    }

    /// Serves a request for a path that has no operations.
    pub(super) async fn refuse_path(&self, visit: Visit) -> Response {
        let Visit { request, arrival, place } = visit;
        let (head, body) = request.into_parts();
        self.refuse(Inbox::new(&head, body, place), &arrival, Fault::UnknownPath).await
    }

    /// Refuses a request that no operation is for.
    async fn refuse(&self, inbox: Inbox, arrival: &Arrival, fault: Fault) -> Response {
        let drawn = self.rate.draw(Payer::at(arrival.remote), Bucket::Other);
        let place = inbox.place();
        inbox.drain().await;
        let (fault, allowance) = match drawn {
            Ok(allowance) => (fault, Some(allowance)),
            Err(limited) => (limited, None),
        };
        hold_back(&fault, place).await;
        self.answer_fault(arrival, &fault, allowance)
    }

    async fn perform(&self, mut job: Job<'_>, mut inbox: Inbox) -> Response {
        job.arrival.notes.note(|learnt| learnt.operation = Some(job.operation.id));
        match self.run(&mut job, &mut inbox).await {
            Ok(Done { reply, version, form }) => {
                let mut response = render::reply(reply, version, form, &job.arrival.base_url);
                if let Some(allowance) = job.allowance {
                    render::rate_limit(response.headers_mut(), allowance);
                }
                response
            }
            Err(fault) => {
                let place = inbox.place();
                inbox.drain().await;
                hold_back(&fault, place).await;
                self.answer_fault(&job.arrival, &fault, job.allowance)
            }
        }
    }

    fn answer_fault(
        &self,
        arrival: &Arrival,
        fault: &Fault,
        allowance: Option<Allowance>,
    ) -> Response {
        let form = error_form(arrival);
        let mut response = render::fault(&self.app, fault, arrival.path(), form);
        if let Some(allowance) = allowance {
            render::rate_limit(response.headers_mut(), allowance);
        }
        response
    }

    async fn run(&self, job: &mut Job<'_>, inbox: &mut Inbox) -> Result<Done, Fault> {
        let context = self.authenticate(job).await?;
        let payer = payer(context.as_ref(), job);
        job.allowance = Some(self.rate.draw(payer, job.operation.bucket)?);
        let query = query::pairs(job.arrival.query())?;
        let form = form(job.operation, &query)?;
        let version = version::negotiate(&job.head.headers, job.operation.media)?;
        let path = std::mem::replace(&mut job.parameters, Ok(Parameters::new()))?;
        let body = inbox.read(self.body_limits(job.operation)).await?;
        let content_type = body::content_type(&job.head);
        body::check_content_type(job.operation, content_type.as_deref(), &body)?;
        let authorization = match job.operation.access {
            Access::Anyone => job.head.headers.get(AUTHORIZATION),
            Access::Caller => None,
        };
        let call = Call {
            context,
            remote: job.arrival.remote,
            path,
            query,
            body,
            content_type,
            authorization: authorization.and_then(|text| text.to_str().ok()).map(str::to_owned),
            version,
            base_url: job.arrival.base_url.clone(),
            target: job.arrival.target.clone(),
            answers: self.answers.clone(),
        };
        let reply = (job.operation.handler)(self.app.clone(), call).await?;
        Ok(Done { reply, version, form })
    }

    /// Who proved nothing may send little: forms with credentials are small.
    fn body_limits(&self, operation: &Operation) -> BodyLimits {
        match operation.access {
            Access::Anyone => {
                BodyLimits { bytes: self.limits.bytes.min(Place::SMALL_BYTES), ..self.limits }
            }
            Access::Caller => self.limits,
        }
    }

    /// Says who calls. Credentials that do not prove it cost their address something; a request
    /// without any does not: that is how every exchange of HTTP Digest begins.
    async fn authenticate(&self, job: &mut Job<'_>) -> Result<Option<Context>, Fault> {
        if job.operation.access == Access::Anyone {
            return Ok(None);
        }
        let remote = job.arrival.remote;
        let header = AuthHeader::parse(&job.head.headers);
        let is_try = !matches!(header, AuthHeader::None);
        let method = job.arrival.method.as_str();
        let proof = Proof { header, method, target: &job.arrival.target, remote };
        match self.app.authenticate(proof).await {
            Ok(caller) => {
                note_caller(job, &caller);
                Ok(Some(Context { caller, remote }))
            }
            Err(denied) => {
                if is_try {
                    job.allowance = Some(self.rate.draw(Payer::at(remote), Bucket::Other)?);
                }
                Err(fault_of(denied, remote))
            }
        }
    }
}

/// Who asks too often is told so slowly.
async fn hold_back(fault: &Fault, place: Place) {
    if let Fault::RateLimited { .. } = fault {
        place.hold_back().await;
    }
}

/// The form of an error about a request.
pub(super) fn error_form(arrival: &Arrival) -> Form {
    let form = Form::of_error(arrival.query());
    if arrival.path().starts_with(CONTRACT) { form } else { form.without_envelope() }
}

/// Envelopes are the contract's: other protocols have answers of their own.
fn form(operation: &Operation, query: &[(String, String)]) -> Result<Form, Fault> {
    match operation.media {
        Media::Atlas(_) => Form::read(query),
        Media::Plain => Ok(Form::read(query).unwrap_or_default().without_envelope()),
    }
}

fn fault_of(denied: Denied, remote: std::net::IpAddr) -> Fault {
    match denied {
        Denied::Challenge(staleness) => Fault::Unauthenticated(staleness),
        Denied::AddressNotAllowed => Fault::AddressNotAllowed(remote),
        Denied::Throttled { retry_after } => Fault::RateLimited { limit: 0, retry_after },
        Denied::Unavailable { retry_after } => {
            Fault::Unavailable { reason: "credentials could not be looked up", retry_after }
        }
    }
}

fn payer(context: Option<&Context>, job: &Job<'_>) -> Payer {
    match (context, job.group) {
        (None, _) => Payer::at(job.arrival.remote),
        (Some(context), None) => Payer::Org(context.caller.org),
        (Some(context), Some(group)) => Payer::Group(context.caller.org, group),
    }
}

/// The project that the path names.
fn group(parameters: &Parameters) -> Option<GroupId> {
    let (_, text) = parameters.iter().find(|(name, _)| *name == "groupId")?;
    GroupId::parse(text).ok()
}

fn note_caller(job: &Job<'_>, caller: &Caller) {
    job.arrival.notes.note(|learnt| {
        learnt.caller = Some(caller.credential.clone());
        learnt.group = job.group;
    });
}
