//! From a request to an answer: which service and action, who asks, whether it may, and the
//! envelope of EC2 or STS around what comes of it.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};

use super::actions::{self, Action, Effect};
use super::caller::{self, Caller, Scope};
use super::fault::unauthorized;
use super::parameters::Parameters;
use super::refusal::{Refusal, missing};
use super::turn::{Outcome, Turn};
use super::world::World;
use super::xml::Xml;
use super::{sts, tags};
use crate::{Request, Response};

const EC2_VERSION: &str = "2016-11-15";
const EC2_NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";
const STS_NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// A service of this port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    Ec2,
    Sts,
}

pub(super) fn answer(world: &mut World, request: &Request) -> Response {
    let id = world.request_id();
    let body = String::from_utf8_lossy(request.body());
    let query = request.uri().query().unwrap_or_default();
    let input = Parameters::parse([query, &body]);
    let scope = caller::scope(request, &input);
    let named = scope.as_ref().ok().and_then(Option::as_ref).map(|scope| scope.service.as_str());
    let service = Service::of(input.get("Version"), named);
    let outcome = check_request(request)
        .and_then(|()| if world.throttles() { Err(service.throttled()) } else { Ok(()) })
        .and_then(|()| match service {
            Service::Ec2 => ec2(world, &input, scope?),
            Service::Sts => sts::answer(world, &input, scope?),
        });
    service.response(input.get("Action").unwrap_or_default(), outcome, &id)
}

fn check_request(request: &Request) -> Result<(), Refusal> {
    if !matches!(*request.method(), Method::GET | Method::POST) {
        let words = format!("The method {} is not supported.", request.method());
        return Err(Refusal::new("InvalidAction", words).status(405));
    }
    if request.uri().path() != "/" {
        let words = format!("There is nothing at {}.", request.uri().path());
        return Err(Refusal::new("InvalidAction", words).status(404));
    }
    Ok(())
}

fn ec2(world: &mut World, input: &Parameters, scope: Option<Scope>) -> Outcome {
    let name = input.get("Action").ok_or_else(missing_action)?;
    check_version(input.get("Version"))?;
    let scope = scope.ok_or_else(unsigned)?;
    let caller = caller::caller(world, &scope)?;
    let action = actions::find(name).ok_or_else(|| unknown_action(name))?;
    action.check_parameters(input)?;
    authorize(world, input, &caller, action)?;
    let tags = tags::specified(input, action.on)?;
    if !tags.is_empty() {
        let on = action.resource(input, &caller);
        world
            .authorize(&caller, "ec2:CreateTags", on.as_deref())
            .map_err(|words| unauthorized(&words))?;
    }
    if input.flag("DryRun")? == Some(true) {
        let words = "Request would have succeeded, but DryRun flag is set.";
        return Err(Refusal::new("DryRunOperation", words).status(412));
    }
    let outcome = (action.run)(&mut Turn { world, caller: &caller, input, tags });
    if outcome.is_ok() && action.effect == Effect::Changes {
        world.touch();
    }
    outcome
}

fn authorize(
    world: &World,
    input: &Parameters,
    caller: &Caller,
    action: &Action,
) -> Result<(), Refusal> {
    let permission = format!("ec2:{}", action.name);
    let on = action.resource(input, caller);
    let allowed = world.authorize(caller, &permission, on.as_deref());
    allowed.map_err(|words| unauthorized(&words))
}

fn check_version(version: Option<&str>) -> Result<(), Refusal> {
    match version {
        Some(EC2_VERSION) => Ok(()),
        Some(other) => {
            let words =
                format!("The requested version ({other}) of service AmazonEC2 does not exist");
            Err(Refusal::new("NoSuchVersion", words))
        }
        None => Err(missing("Version")),
    }
}

pub(super) fn missing_action() -> Refusal {
    Refusal::new("MissingAction", "The request must contain the parameter Action")
}

pub(super) fn unknown_action(name: &str) -> Refusal {
    let words = format!("The action {name} is not valid for this web service.");
    Refusal::new("InvalidAction", words)
}

pub(super) fn unsigned() -> Refusal {
    Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token")
        .status(403)
}

impl Service {
    /// By the version, and where that says nothing by the scope of the credentials.
    fn of(version: Option<&str>, named: Option<&str>) -> Self {
        match (version, named) {
            (Some(sts::VERSION), _) => Self::Sts,
            (Some(EC2_VERSION), _) => Self::Ec2,
            (_, Some("sts")) => Self::Sts,
            _ => Self::Ec2,
        }
    }

    /// Sources: Amazon EC2 Developer Guide, "Request throttling"; the common errors of STS.
    fn throttled(self) -> Refusal {
        match self {
            Self::Ec2 => {
                Refusal::new("RequestLimitExceeded", "Request limit exceeded.").status(503)
            }
            Self::Sts => Refusal::new("Throttling", "Rate exceeded"),
        }
    }

    fn response(self, action: &str, outcome: Outcome, id: &str) -> Response {
        let (status, document) = match outcome {
            Ok(body) => (200, self.success(action, body, id)),
            Err(refusal) => (refusal.status, self.refusal(&refusal, id)),
        };
        let mut response = Response::new(Bytes::from(document));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml;charset=UTF-8"));
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert("x-amzn-requestid", id);
        }
        response
    }

    fn success(self, action: &str, body: Xml, id: &str) -> String {
        let root = format!("{action}Response");
        match self {
            Self::Ec2 => {
                let mut head = Xml::default();
                head.text("requestId", id);
                head.append(body);
                head.document(&root, Some(EC2_NAMESPACE))
            }
            Self::Sts => {
                let mut whole = Xml::default();
                whole.block(&format!("{action}Result"), |result| result.append(body));
                whole.block("ResponseMetadata", |data| {
                    data.text("RequestId", id);
                });
                whole.document(&root, Some(STS_NAMESPACE))
            }
        }
    }

    fn refusal(self, refusal: &Refusal, id: &str) -> String {
        let mut xml = Xml::default();
        match self {
            Self::Ec2 => {
                xml.block("Errors", |errors| {
                    errors.block("Error", |error| {
                        error.text("Code", &refusal.code).text("Message", &refusal.message);
                    });
                });
                xml.text("RequestID", id);
                xml.document("Response", None)
            }
            Self::Sts => {
                xml.block("Error", |error| {
                    error.text("Type", "Sender");
                    error.text("Code", &refusal.code).text("Message", &refusal.message);
                });
                xml.text("RequestId", id);
                xml.document("ErrorResponse", Some(STS_NAMESPACE))
            }
        }
    }
}
