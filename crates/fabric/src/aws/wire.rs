//! One signed request of the Query protocol and its answer: signature, bounds, and what a failure
//! means. Must not know what is asked.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use peerage_core::cloud::{CallError, Certainty};
use peerage_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::codes;
use super::form::{Effect, Form};
use super::region::Region;
use super::xml::Element;
use crate::remote::{Bucket, Http, Meaning, Reply, Unanswered};

/// The longest message of the cloud that is passed on, in bytes.
const MESSAGE_MAX: usize = 2_000;

/// EC2 puts what only it can read behind these words.
const ENCODED: &str = " Encoded authorization failure message:";

/// A service of AWS that speaks the Query protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    Ec2,
    Sts,
}

impl Service {
    /// As in the signature, in host names and in permissions.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
        }
    }

    /// Source: `apiVersion` of the service's model.
    const fn version(self) -> &'static str {
        match self {
            Self::Ec2 => "2016-11-15",
            Self::Sts => "2011-06-15",
        }
    }
}

/// The way to one service in one region.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) end: End,
    pub(super) http: Http,
}

/// The other end of it.
#[derive(Clone, Debug)]
pub(super) struct End {
    pub(super) service: Service,
    pub(super) region: Region,
    pub(super) endpoint: String,
    pub(super) bucket: Arc<Bucket>,
}

impl Wire {
    /// Sends a request once, after its turn has come, and reads the answer.
    pub(super) async fn send(
        &self,
        form: &Form,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<Element, CallError> {
        let end = &self.end;
        if let Err(wait) = end.bucket.take().await {
            let words = format!("Too many requests to {} in {}.", end.service.name(), end.region);
            return Err(Meaning::Throttled.error("TooManyRequests", words, Some(wait)));
        }
        let request = end.signed(form, credentials, now)?;
        let answer = match self.http.send(request).await {
            Ok(reply) => end.read(form, &reply),
            Err(unanswered) => Err(lost(unanswered)),
        };
        let answer = answer.map_err(|error| settle(error, form.effect));
        let code = answer.as_ref().err().map_or("", |error| &error.code);
        let (service, region) = (end.service.name(), end.region.name());
        tracing::debug!(service, region, action = form.action, code, "aws.request");
        answer
    }
}

impl End {
    fn signed(
        &self,
        form: &Form,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<http::Request<Bytes>, CallError> {
        let body = form.body(self.service.version());
        let hash = SignableBody::Precomputed(hex(&Sha256::digest(body.as_bytes())));
        let content = ("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region.name())
            .name(self.service.name())
            .time(system_time(now))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsent(&error.to_string()))?
            .into();
        let url = format!("{}/", self.endpoint.trim_end_matches('/'));
        let signable = SignableRequest::new("POST", url.as_str(), [content].into_iter(), hash)
            .map_err(|error| unsent(&error.to_string()))?;
        let signature = sign(signable, &parameters).map_err(|error| unsent(&error.to_string()))?;
        let mut request = http::Request::post(&url)
            .header(content.0, content.1)
            .body(Bytes::from(body))
            .map_err(|error| unsent(&error.to_string()))?;
        signature.into_parts().0.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    fn read(&self, form: &Form, reply: &Reply) -> Result<Element, CallError> {
        let answer = Element::parse(&reply.body);
        if !reply.is_success() {
            return Err(self.refusal(form, reply, answer.ok().as_ref()));
        }
        self.bucket.answered();
        let answer = answer.map_err(|error| not_understood(form, &error.to_string()))?;
        if answer.name.strip_suffix("Response") != Some(form.action) {
            return Err(not_understood(form, &format!("it is a {}", answer.name)));
        }
        if answer.flag("return") == Some(false) {
            return Err(not_understood(form, "it says neither yes nor why not"));
        }
        Ok(answer)
    }

    /// What the cloud says instead of an answer.
    fn refusal(&self, form: &Form, reply: &Reply, answer: Option<&Element>) -> CallError {
        let error = answer.and_then(|answer| {
            // EC2 lists its errors, STS has one.
            answer.list("Errors").next().or_else(|| answer.child("Error"))
        });
        let Some((error, code)) = error.and_then(|error| Some((error, error.text_of("Code")?)))
        else {
            return strange(form, reply);
        };
        let said = error.text_of("Message").unwrap_or_default();
        let meaning = codes::meaning(code, reply.status);
        let message = self.words(meaning, form, said);
        let wait = match meaning {
            Meaning::Throttled => Some(self.bucket.throttled(reply.retry_after())),
            _ => {
                self.bucket.answered();
                reply.retry_after()
            }
        };
        meaning.error(code, message, wait)
    }

    /// The cloud's words; those about a denied permission name it.
    fn words(&self, meaning: Meaning, form: &Form, said: &str) -> String {
        let said = said.split(ENCODED).next().unwrap_or_default();
        let mut message: String = said.to_owned();
        if let Some((end, _)) = said.char_indices().find(|(at, _)| *at >= MESSAGE_MAX) {
            message.truncate(end);
        }
        let permission = format!("{}:{}", self.service.name(), form.action);
        if meaning == Meaning::Denied && !message.contains(&permission) {
            message = format!("{message} [{permission}]");
        }
        message
    }
}

/// A request that only looked did nothing, whatever became of it.
fn settle(error: CallError, effect: Effect) -> CallError {
    match effect {
        Effect::Look => CallError { certainty: Certainty::Definite, ..error },
        Effect::Change => error,
    }
}

fn lost(unanswered: Unanswered) -> CallError {
    let (meaning, code) = match unanswered.in_doubt {
        true => (Meaning::InDoubt, "NoAnswer"),
        false => (Meaning::NotNow, "NoConnection"),
    };
    meaning.error(code, unanswered.words, None)
}

fn unsent(words: &str) -> CallError {
    Meaning::NotNow.error("RequestNotSigned", words.to_owned(), Some(SLOW))
}

/// How long something is left alone that does not mend itself.
const SLOW: Duration = Duration::from_secs(30);

/// A status without an error of the cloud: something between us and it answered.
fn strange(form: &Form, reply: &Reply) -> CallError {
    let words = format!("{}: HTTP {} without an error of AWS.", form.action, reply.status);
    Meaning::InDoubt.error(&format!("Http{}", reply.status), words, reply.retry_after())
}

pub(super) fn not_understood(form: &Form, why: &str) -> CallError {
    let words = format!("The answer to {} was not understood: {why}.", form.action);
    Meaning::InDoubt.error("AnswerNotUnderstood", words, None)
}

fn system_time(now: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or(0))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use peerage_core::cloud::Remedy;

    use super::*;

    fn end() -> End {
        End {
            service: Service::Ec2,
            region: Region::parse("us-east-1").unwrap(),
            endpoint: "http://127.0.0.1:9".to_owned(),
            bucket: Arc::new(Bucket::new(20, 1)),
        }
    }

    fn reply(status: u16, body: &str) -> Reply {
        let body = Bytes::from(body.to_owned());
        Reply { status, headers: http::HeaderMap::new(), body }
    }

    fn heard(status: u16, body: &str) -> CallError {
        let form = Form::change("CreateRoute");
        end().read(&form, &reply(status, body)).unwrap_err()
    }

    fn error(code: &str, message: &str) -> String {
        format!(
            "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error>\
             </Errors><RequestID>r</RequestID></Response>"
        )
    }

    #[test]
    fn a_refusal_is_certain_and_a_broken_answer_leaves_doubt() {
        let refused = heard(400, &error("InvalidParameterValue", "no"));
        assert_eq!((refused.certainty, refused.remedy), (Certainty::Definite, Remedy::GiveUp));
        for (status, body) in [
            (200, "<CreateRouteResponse><return>true</ret"),
            (200, ""),
            (200, "<OtherResponse/>"),
            (200, "<CreateRouteResponse><return>false</return></CreateRouteResponse>"),
            (502, "<html>bad gateway</html>"),
            (403, "go away"),
            (500, &error("InternalError", "oops")),
        ] {
            assert_eq!(heard(status, body).certainty, Certainty::Indefinite, "{status} {body}");
        }
    }

    #[test]
    fn a_request_that_only_looked_never_leaves_doubt() {
        let doubt = heard(200, "");
        assert_eq!(settle(doubt.clone(), Effect::Look).certainty, Certainty::Definite);
        assert_eq!(settle(doubt, Effect::Change).certainty, Certainty::Indefinite);
    }

    #[test]
    fn a_denial_names_the_permission_and_drops_what_nobody_can_read() {
        let said = "You are not authorized to perform this operation. Encoded authorization \
                    failure message: AQIDBA";
        let denied = heard(403, &error("UnauthorizedOperation", said));
        assert_eq!(
            denied.message,
            "You are not authorized to perform this operation. [ec2:CreateRoute]"
        );
        let named = "User: x is not authorized to perform: ec2:CreateRoute on resource: y";
        assert_eq!(heard(403, &error("UnauthorizedOperation", named)).message, named);
    }

    #[test]
    fn a_long_message_is_cut_between_letters() {
        let long = "ü".repeat(MESSAGE_MAX);
        let cut = heard(400, &error("IncorrectState", &long)).message;
        assert_eq!(cut, "ü".repeat(MESSAGE_MAX / 2));
    }

    #[test]
    fn throttling_says_how_long_to_wait() {
        let throttled = heard(503, &error("RequestLimitExceeded", "slow down"));
        assert_eq!(throttled.certainty, Certainty::Definite);
        assert!(matches!(throttled.remedy, Remedy::Retry { after_ms: Some(1..) }), "{throttled:?}");
    }

    /// Source: the AWS SigV4 test suite's form of the header; the value itself is checked by moto
    /// and by real clients' servers.
    #[test]
    fn a_request_is_signed_for_its_service_and_region() {
        let credentials = Credentials::new("AKID", "secret", Some("token".to_owned()), None, "t");
        let now = Timestamp::from_millis(1_700_000_000_000);
        let request = end().signed(&Form::look("DescribeVpcs"), &credentials, now).unwrap();
        let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/20231114/us-east-1/ec2/aws4_request";
        assert!(header("authorization").starts_with(scope), "{}", header("authorization"));
        assert_eq!(header("x-amz-security-token"), "token");
        assert!(!header("authorization").contains("secret"));
    }
}
