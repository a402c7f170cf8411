//! What Atlas lacks, under `/api/peerage/v1`: the customer's hand, the clock, faults.
//!
//! Served only where the configuration allows it; elsewhere these paths are unknown.

use std::sync::Arc;
use std::time::Duration;

use ::http::{Method, StatusCode};
use peerage_core::error::{FieldFault, Refusal};
use peerage_fabric::emulated::{CustomerAct, Fault as CloudFault, FaultError};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::fault::Fault;
use super::operation::{Access, Bucket, Media, Operation};
use super::reply::Reply;
use crate::app::{App, Failure};
use crate::config::Span;
use crate::emulation::{ClockChange, ClockState, ControlError, Emulation, authorize_world};

/// The operations on the emulated world.
pub(super) fn operations() -> Vec<Operation> {
    let operation = |id, method, path, handler| Operation {
        id,
        method,
        path,
        media: Media::Plain,
        access: Access::Caller,
        bucket: Bucket::Other,
        handler,
    };
    let peer = |verb| match verb {
        CustomerAct::Accept => "/api/peerage/v1/groups/{groupId}/peers/{peerId}/customer:accept",
        CustomerAct::Reject => "/api/peerage/v1/groups/{groupId}/peers/{peerId}/customer:reject",
        CustomerAct::Delete => "/api/peerage/v1/groups/{groupId}/peers/{peerId}/customer:delete",
    };
    let (clock, faults) = ("/api/peerage/v1/clock", "/api/peerage/v1/faults");
    vec![
        operation("customerAccept", Method::POST, peer(CustomerAct::Accept), |app, call| {
            Box::pin(act(app, call, CustomerAct::Accept))
        }),
        operation("customerReject", Method::POST, peer(CustomerAct::Reject), |app, call| {
            Box::pin(act(app, call, CustomerAct::Reject))
        }),
        operation("customerDelete", Method::POST, peer(CustomerAct::Delete), |app, call| {
            Box::pin(act(app, call, CustomerAct::Delete))
        }),
        operation("getClock", Method::GET, clock, |app, call| Box::pin(get_clock(app, call))),
        operation("moveClock", Method::POST, clock, |app, call| Box::pin(move_clock(app, call))),
        operation("listFaults", Method::GET, faults, |app, call| Box::pin(list_faults(app, call))),
        operation("addFault", Method::POST, faults, |app, call| Box::pin(add_fault(app, call))),
        operation("clearFaults", Method::DELETE, faults, |app, call| {
            Box::pin(clear_faults(app, call))
        }),
    ]
}

/// The hand on the emulated world, or an unknown path.
fn emulation(app: &App) -> Result<&Emulation, Fault> {
    app.emulation().ok_or(Fault::UnknownPath)
}

async fn act(app: Arc<App>, call: Call, act: CustomerAct) -> Result<Reply, Fault> {
    let emulation = emulation(&app)?;
    let (group, peer) = (call.id("groupId")?, call.id("peerId")?);
    emulation.act(&app, call.caller()?, group, peer, act).await?;
    Reply::with(StatusCode::ACCEPTED, &serde_json::json!({}))
}

/// The clock as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClockView {
    now: String,
    frozen: bool,
    ahead_millis: u64,
    next_event: Option<String>,
}

impl From<ClockState> for ClockView {
    fn from(ClockState { reading, next_event }: ClockState) -> Self {
        Self {
            now: peerage_wire::date::text(reading.now),
            frozen: reading.frozen,
            ahead_millis: u64::try_from(reading.ahead.as_millis()).unwrap_or(u64::MAX),
            next_event: next_event.map(peerage_wire::date::text),
        }
    }
}

/// What is to be done to the clock: exactly one of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockRequest {
    #[serde(default)]
    freeze: bool,
    #[serde(default)]
    thaw: bool,
    #[serde(default)]
    advance: Option<Span>,
    #[serde(default, rename = "nextEvent")]
    next_event: bool,
}

impl ClockRequest {
    fn change(self) -> Result<ClockChange, Fault> {
        let Self { freeze, thaw, advance, next_event } = self;
        match (freeze, thaw, advance, next_event) {
            (true, false, None, false) => Ok(ClockChange::Freeze),
            (false, true, None, false) => Ok(ClockChange::Thaw),
            (false, false, Some(Span(span)), false) if span > Duration::ZERO => {
                Ok(ClockChange::Advance(span))
            }
            (false, false, None, true) => Ok(ClockChange::NextEvent),
            _ => Err(bad_body(
                "exactly one of {\"freeze\": true}, {\"thaw\": true}, {\"advance\": \"90s\"} and \
                 {\"nextEvent\": true}",
            )),
        }
    }
}

async fn get_clock(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let emulation = emulation(&app)?;
    call.caller()?;
    Reply::ok(&ClockView::from(emulation.clock().await?))
}

async fn move_clock(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let emulation = emulation(&app)?;
    let context = call.caller()?;
    authorize_world(context)?;
    let request: ClockRequest = read(&call.body)?;
    let state = emulation.move_clock(&app, context, request.change()?).await?;
    Reply::ok(&ClockView::from(state))
}

async fn list_faults(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let emulation = emulation(&app)?;
    authorize_world(call.caller()?)?;
    Reply::ok(&serde_json::json!({ "results": emulation.faults().await? }))
}

async fn add_fault(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let emulation = emulation(&app)?;
    let context = call.caller()?;
    authorize_world(context)?;
    let fault: CloudFault = read(&call.body)?;
    let id = emulation.add_fault(&app, context, fault).await?;
    Reply::with(StatusCode::CREATED, &serde_json::json!({ "id": id }))
}

async fn clear_faults(app: Arc<App>, call: Call) -> Result<Reply, Fault> {
    let emulation = emulation(&app)?;
    let context = call.caller()?;
    authorize_world(context)?;
    emulation.clear_faults(&app, context).await?;
    Ok(Reply::no_content())
}

fn not_kept(error: &str) -> Fault {
    tracing::error!(error, "emulated.not_kept");
    let reason = "the emulated clouds could not be read or kept";
    Failure::Unavailable { reason, retry_after: Duration::from_secs(1) }.into()
}

/// Reads a body of our own interface; the reader's words say what was expected.
fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| bad_body(&error.to_string()))
}

fn bad_body(expected: &str) -> Fault {
    let fault = FieldFault::invalid("body", format!("The body must be {expected}."));
    Fault::Refused(Refusal::BadFields(vec![fault]))
}

impl From<ControlError> for Fault {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Failure(failure) => failure.into(),
            ControlError::Customer(error) => {
                Self::Emulated { code: error.code, message: error.message }
            }
            ControlError::World(error) => not_kept(&error.to_string()),
            ControlError::Fault(FaultError::NotKept(error)) => not_kept(&error),
            ControlError::Fault(error) => bad_body(&error.to_string()),
            ControlError::NoNextEvent => Self::Emulated {
                code: "NoNextEvent".into(),
                message: "Nothing in the emulated clouds will happen by itself.".into(),
            },
        }
    }
}
