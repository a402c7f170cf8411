//! As much of STS as finds out who asks: `GetCallerIdentity`, `AssumeRole` and
//! `AssumeRoleWithWebIdentity`. Sources: AWS STS API Reference; IAM User Guide, "The confused
//! deputy problem".
//!
//! A role that was added asks for its external id, if it has one. A role that nobody added can be
//! assumed by everybody with whatever external id, unless it is in the service's own account. The
//! token of a web identity is read and not verified. A policy, tags and whatever else would limit a
//! session or mark it are refused: they would be ignored in what the session does.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::SERVICE;
use super::actions::{Forms, is_taken, unknown_parameter};
use super::answer::{missing_action, unknown_action, unsigned};
use super::caller::{self, Caller, Scope, partition};
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::turn::Outcome;
use super::world::World;
use super::xml::Xml;
use crate::calendar;

/// The version of the API.
pub(super) const VERSION: &str = "2011-06-15";

/// How the access key ids begin that are given here. What begins so and is not known is refused:
/// it would be the customer otherwise.
pub(super) const SESSION_PREFIX: &str = "ASIAPEER";

/// The most sessions; above it the one that ends first goes.
const SESSIONS_MAX: usize = 10_000;

/// How long a session lasts, in seconds: the least, the most and the usual.
const DURATION: [u32; 3] = [900, 43_200, 3_600];

/// The least and the most characters of a role's ARN, and of a session's name.
const ARN_LENGTH: [usize; 2] = [20, 2_048];
const NAME_LENGTH: [usize; 2] = [2, 64];

/// What both ways to a session take.
const SESSION: &[&str] = &["RoleArn", "RoleSessionName", "DurationSeconds"];

/// How long an ended session is remembered as ended, in milliseconds.
const REMEMBERED_MS: i64 = 86_400_000;

/// A role and whom it trusts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Role {
    pub(super) external_id: Option<String>,
}

/// A session of a role.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Session {
    account: String,
    role: String,
    name: String,
    partition: String,
    is_service: bool,
    pub(super) token: String,
    /// In milliseconds since the epoch.
    pub(super) expires: i64,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({}/{} in {})", self.role, self.name, self.account)
    }
}

impl Session {
    pub(super) fn caller(&self, region: &str) -> Caller {
        let (account, role, name) = (&self.account, &self.role, &self.name);
        Caller {
            account: account.clone(),
            region: region.to_owned(),
            arn: format!("arn:{}:sts::{account}:assumed-role/{role}/{name}", self.partition),
            user: format!("{}:{name}", role_id(role)),
            is_service: self.is_service,
        }
    }

    /// When nobody knows of it any more.
    pub(super) fn forgotten(&self) -> i64 {
        self.expires.saturating_add(REMEMBERED_MS)
    }
}

/// A session is forgotten.
pub(super) fn forget(world: &mut World, key: &str) {
    world.tables.sessions.remove(key);
    world.agenda.set(key, None);
}

pub(super) fn answer(world: &mut World, input: &Parameters, scope: Option<Scope>) -> Outcome {
    let name = input.get("Action").ok_or_else(missing_action)?;
    let signed = |world: &World| {
        let caller = caller::caller(world, scope.as_ref().ok_or_else(unsigned)?);
        // The same mistakes have other codes than EC2's here.
        caller.map_err(|refusal| match &*refusal.code {
            "RequestExpired" => {
                let words = "The security token included in the request is expired";
                Refusal::new("ExpiredToken", words).status(403)
            }
            _ => {
                let words = "The security token included in the request is invalid.";
                Refusal::new("InvalidClientTokenId", words).status(403)
            }
        })
    };
    match name {
        "GetCallerIdentity" => {
            let caller = signed(world)?;
            check_parameters(input, &[])?;
            Ok(identity(&caller))
        }
        "AssumeRole" => {
            let caller = signed(world)?;
            check_parameters(input, &[SESSION, &["ExternalId"]])?;
            assume(world, input, &caller)
        }
        "AssumeRoleWithWebIdentity" => {
            check_parameters(input, &[SESSION, &["WebIdentityToken"]])?;
            assume_by_token(world, input)
        }
        _ => Err(unknown_action(name)),
    }
}

fn check_parameters(input: &Parameters, takes: Forms) -> Result<(), Refusal> {
    match input.names().find(|name| !is_taken(takes, name)) {
        Some(name) => Err(unknown_parameter(name)),
        None => Ok(()),
    }
}

/// It needs no permission (AWS STS API Reference, `GetCallerIdentity`).
fn identity(caller: &Caller) -> Xml {
    let mut xml = Xml::default();
    xml.text("Arn", &caller.arn).text("UserId", &caller.user).text("Account", &caller.account);
    xml
}

/// `AssumeRole`.
fn assume(world: &mut World, input: &Parameters, caller: &Caller) -> Outcome {
    let wish = Wish::read(input)?;
    let arn = wish.arn;
    let denied = |words: String| Refusal::new("AccessDenied", words).status(403);
    world.authorize(caller, "sts:AssumeRole", Some(arn)).map_err(denied)?;
    let trusts = match world.tables.roles.get(arn) {
        None => wish.account != SERVICE,
        Some(Role { external_id: None }) => true,
        Some(Role { external_id: Some(asked) }) => input.get("ExternalId") == Some(asked),
    };
    if !trusts {
        let words = format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            caller.arn
        );
        return Err(denied(words));
    }
    let is_service = caller.is_service || wish.account == SERVICE;
    Ok(session(world, &wish, is_service))
}

/// `AssumeRoleWithWebIdentity`: unsigned, the token says who asks. A role that asks for an external
/// id cannot be had this way: there is no place for one.
fn assume_by_token(world: &mut World, input: &Parameters) -> Outcome {
    let wish = Wish::read(input)?;
    let token = input.get("WebIdentityToken").ok_or_else(|| required("webIdentityToken"))?;
    let claims = claims(token).ok_or_else(|| {
        let words = "The ID Token provided is not a valid JWT. (You may see this error if you sent \
                     an Access Token)";
        Refusal::new("InvalidIdentityToken", words)
    })?;
    let trusts = match world.tables.roles.get(wish.arn) {
        None => wish.account != SERVICE,
        Some(role) => role.external_id.is_none(),
    };
    if !trusts {
        let words = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        return Err(Refusal::new("AccessDenied", words).status(403));
    }
    let mut xml = session(world, &wish, wish.account == SERVICE);
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    xml.maybe("SubjectFromWebIdentityToken", text("sub"));
    xml.maybe("Audience", text("aud")).maybe("Provider", text("iss"));
    Ok(xml)
}

/// What a token claims, unverified.
fn claims(token: &str) -> Option<serde_json::Value> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<serde_json::Value>(&bytes).ok().filter(serde_json::Value::is_object)
}

/// What is asked for, whoever asks.
#[derive(Debug)]
struct Wish<'a> {
    arn: &'a str,
    account: &'a str,
    role: &'a str,
    name: &'a str,
    seconds: u32,
}

impl<'a> Wish<'a> {
    fn read(input: &'a Parameters) -> Result<Self, Refusal> {
        let arn = input.get("RoleArn").ok_or_else(|| required("roleArn"))?;
        let name = input.get("RoleSessionName").ok_or_else(|| required("roleSessionName"))?;
        check_length("roleArn", arn, ARN_LENGTH)?;
        check_length("roleSessionName", name, NAME_LENGTH)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if !name.chars().all(is_name) {
            let why = "Member must satisfy regular expression pattern: [\\w+=,.@-]*";
            return Err(validation("roleSessionName", name, why));
        }
        let (account, role) = parse(arn)
            .ok_or_else(|| Refusal::new("ValidationError", format!("{arn} is invalid")))?;
        let [least, most, usual] = DURATION;
        let seconds = input.number("DurationSeconds")?.unwrap_or(usual);
        if !(least..=most).contains(&seconds) {
            let why = format!("Member must have value between {least} and {most}");
            return Err(validation("durationSeconds", &seconds.to_string(), &why));
        }
        Ok(Self { arn, account, role, name, seconds })
    }
}

fn check_length(name: &str, value: &str, [least, most]: [usize; 2]) -> Result<(), Refusal> {
    let length = value.chars().count();
    let why = if length < least {
        format!("Member must have length greater than or equal to {least}")
    } else if length > most {
        format!("Member must have length less than or equal to {most}")
    } else {
        return Ok(());
    };
    Err(validation(name, value, &why))
}

/// The account and the name in `arn:aws:iam::123456789012:role/path/name`.
fn parse(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, role) = (parts.next()?, parts.next()?, parts.next()?);
    let is_iam = scheme == "arn" && partition.starts_with("aws") && service == "iam";
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let name = role.strip_prefix("role/")?.rsplit('/').next()?;
    (is_iam && region.is_empty() && is_account && !name.is_empty()).then_some((account, name))
}

fn required(name: &str) -> Refusal {
    let words = format!(
        "1 validation error detected: Value null at '{name}' failed to satisfy constraint: Member \
         must not be null"
    );
    Refusal::new("ValidationError", words)
}

fn validation(name: &str, value: &str, why: &str) -> Refusal {
    let words = format!(
        "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: \
         {why}"
    );
    Refusal::new("ValidationError", words)
}

/// A session begins.
fn session(world: &mut World, wish: &Wish<'_>, is_service: bool) -> Xml {
    let ids = &mut world.tables.ids;
    let key = format!("{SESSION_PREFIX}{}", ids.capitals(12));
    let (secret, token) = (ids.capitals(40), ids.capitals(96));
    let expires = world.now().as_millis().saturating_add(i64::from(wish.seconds) * 1_000);
    let partition = wish.arn.split(':').nth(1).unwrap_or_else(|| partition(""));
    let session = Session {
        account: wish.account.to_owned(),
        role: wish.role.to_owned(),
        name: wish.name.to_owned(),
        partition: partition.to_owned(),
        is_service,
        token: token.clone(),
        expires,
    };
    let arn = session.caller("").arn;
    if world.tables.sessions.len() >= SESSIONS_MAX {
        let first = world.tables.sessions.iter().min_by_key(|(_, it)| it.expires);
        if let Some(first) = first.map(|(key, _)| key.clone()) {
            forget(world, &first);
        }
    }
    world.agenda.set(&key, Some(session.forgotten()));
    world.tables.sessions.insert(key.clone(), session);
    world.touch();
    let mut xml = Xml::default();
    xml.block("Credentials", |xml| {
        xml.text("AccessKeyId", key).text("SecretAccessKey", secret).text("SessionToken", token);
        xml.text("Expiration", calendar::utc(Timestamp::from_millis(expires)));
    });
    xml.block("AssumedRoleUser", |xml| {
        xml.text("AssumedRoleId", format!("{}:{}", role_id(wish.role), wish.name)).text("Arn", arn);
    });
    xml.text("PackedPolicySize", 0);
    xml
}

/// The unique id of a role: it follows from the name.
fn role_id(role: &str) -> String {
    let digits = super::ids::derived("role", role);
    format!("AROA{}", digits.trim_start_matches("role-").to_uppercase())
}
