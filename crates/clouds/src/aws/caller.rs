//! Who asks, and where: read from the credential scope of Signature Version 4, in the header or in
//! the query of a presigned request. The signature itself is not verified.

use percent_encoding::percent_decode_str;

use super::parameters::Parameters;
use super::refusal::Refusal;
use super::sts::SESSION_PREFIX;
use super::world::World;
use super::{CUSTOMER, SERVICE};
use crate::Request;

/// Who asks.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) account: String,
    pub(super) region: String,
    /// The ARN of the user or of the role's session.
    pub(super) arn: String,
    /// The unique id of the user, or of the role and its session.
    pub(super) user: String,
    /// Whether the service's permissions count for it.
    pub(super) is_service: bool,
}

/// `AKID/20260131/us-east-1/ec2/aws4_request`, taken apart.
#[derive(Debug)]
pub(super) struct Scope {
    key: String,
    pub(super) region: String,
    pub(super) service: String,
    token: Option<String>,
}

impl Caller {
    /// The place of an object's tags: each account and region has its own.
    pub(super) fn key(&self, id: &str) -> String {
        tag_key(&self.account, &self.region, id)
    }
}

/// The place of the tags that an account has on an object in a region.
pub(super) fn tag_key(account: &str, region: &str, id: &str) -> String {
    format!("{account}/{region}/{id}")
}

/// The first words of every ARN in a region.
pub(super) fn partition(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

/// The credential scope of a request; `None` if it carries none.
pub(super) fn scope(request: &Request, parameters: &Parameters) -> Result<Option<Scope>, Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let (credential, token) = match header("authorization") {
        Some(value) => {
            let parts = value.strip_prefix("AWS4-HMAC-SHA256").ok_or_else(|| incomplete(value))?;
            let mut parts = parts.split(',').map(str::trim);
            let credential = parts.find_map(|part| part.strip_prefix("Credential="));
            let signed = value.contains("Signature=");
            let credential = credential.filter(|_| signed).ok_or_else(|| incomplete(value))?;
            (credential, header("x-amz-security-token"))
        }
        None => match parameters.get("X-Amz-Credential") {
            Some(credential) => (credential, parameters.get("X-Amz-Security-Token")),
            None => return Ok(None),
        },
    };
    let decoded = percent_decode_str(credential).decode_utf8_lossy();
    let mut parts = decoded.rsplitn(5, '/');
    let (end, service, region, _date, key) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next());
    let (Some("aws4_request"), Some(service), Some(region), Some(key)) =
        (end, service, region, key)
    else {
        return Err(incomplete(credential));
    };
    if key.is_empty() || !is_region(region) {
        let words = format!("Credential should be scoped to a valid region: {region}");
        return Err(Refusal::new("AuthFailure", words).status(401));
    }
    Ok(Some(Scope {
        key: key.to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        token: token.map(str::to_owned),
    }))
}

/// Who asks, by the key that it came with.
pub(super) fn caller(world: &World, scope: &Scope) -> Result<Caller, Refusal> {
    if let Some(session) = world.tables.sessions.get(&scope.key) {
        if scope.token.as_deref() != Some(session.token.as_str()) {
            return Err(unknown());
        }
        if world.now().as_millis() >= session.expires {
            return Err(Refusal::new("RequestExpired", "Request has expired."));
        }
        return Ok(session.caller(&scope.region));
    }
    if scope.key.starts_with(SESSION_PREFIX) {
        return Err(unknown());
    }
    let is_account = scope.key.len() == 12 && scope.key.bytes().all(|byte| byte.is_ascii_digit());
    let account = if is_account { scope.key.as_str() } else { CUSTOMER };
    Ok(user(account, &scope.region))
}

/// The one user that an account has.
fn user(account: &str, region: &str) -> Caller {
    let is_service = account == SERVICE;
    let name = if is_service { "peerage" } else { "customer" };
    Caller {
        account: account.to_owned(),
        region: region.to_owned(),
        arn: format!("arn:{}:iam::{account}:user/{name}", partition(region)),
        user: format!("AIDAPEER{account}"),
        is_service,
    }
}

fn unknown() -> Refusal {
    let words = "AWS was not able to validate the provided access credentials";
    Refusal::new("AuthFailure", words).status(401)
}

fn incomplete(value: &str) -> Refusal {
    // The text may hold a secret of another scheme: it is not repeated.
    let length = value.len();
    let words = format!("The {length} characters of the authorization are no AWS4-HMAC-SHA256.");
    Refusal::new("IncompleteSignature", words)
}

/// The most characters of a region's name: it goes into keys and answers, and no region of AWS has
/// more than 16.
const REGION_MAX: usize = 32;

/// Whether a name has the form of a region's: `us-east-1`, `us-gov-west-1`.
pub(super) fn is_region(name: &str) -> bool {
    let mut parts = name.split('-');
    let area = parts.next().is_some_and(|part| part.len() == 2);
    let number = parts.next_back().is_some_and(|part| {
        !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let middle: Vec<&str> = parts.collect();
    name.len() <= REGION_MAX
        && area
        && number
        && !middle.is_empty()
        && middle.into_iter().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_their_form() {
        for name in ["us-east-1", "us-gov-west-1", "ap-southeast-12"] {
            assert!(is_region(name), "{name}");
        }
        for name in ["", "us", "us-1", "us-east", "US-EAST-1", "us-east-1/", "us--1", "usa-east-1"]
        {
            assert!(!is_region(name), "{name}");
        }
        let long = |letters: usize| format!("us-{}-1", "a".repeat(letters));
        assert!(is_region(&long(REGION_MAX - 5)));
        assert!(!is_region(&long(REGION_MAX - 4)));
    }
}
