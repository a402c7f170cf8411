//! Credentials: those of the service, wherever AWS's own tools find them, and those of the roles
//! that are assumed with them. Each is kept until five minutes before its end, and each role is
//! assumed by one caller at a time. What is kept here is never shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use peerage_core::cloud::CallError;
use peerage_core::id::GroupId;
use peerage_core::time::Timestamp;
use tokio::sync::Mutex as AsyncMutex;

use super::form::Form;
use super::options::{ExternalIds, Role};
use super::wire::{Wire, not_understood};
use crate::remote::Meaning;

/// How long before their end credentials are no longer used.
const MARGIN: Duration = Duration::from_secs(300);

/// How long credentials are used that name no end: they may be replaced where they come from.
const ENDLESS: Duration = Duration::from_secs(900);

/// How long a role is assumed for: what every role allows. Source: STS API reference, AssumeRole:
/// an hour is the least maximum, and the most for a role that a role assumes.
const SESSION: Duration = Duration::from_secs(3_600);

/// Credentials kept at one time; beyond it all are fetched anew.
const HELD_MAX: usize = 10_000;

/// Whose credentials are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    /// The service's own.
    Service,
    /// A role's, on behalf of a project: it is assumed with that project's external id.
    Role(Role, GroupId),
}

/// All credentials of one driver.
pub(super) struct Keyring {
    source: SharedCredentialsProvider,
    external_ids: ExternalIds,
    /// The name of sessions, which shows in the audit trail of whoever owns the role.
    session: String,
    patience: Duration,
    held: Mutex<HashMap<Holder, Slot>>,
}

type Slot = Arc<AsyncMutex<Option<Held>>>;

struct Held {
    credentials: Credentials,
    until: Timestamp,
}

impl Keyring {
    pub(super) fn new(
        source: SharedCredentialsProvider,
        external_ids: ExternalIds,
        installation: &str,
        patience: Duration,
    ) -> Self {
        let session = session_name(installation);
        Self { source, external_ids, session, patience, held: Mutex::default() }
    }

    /// Credentials that are good for five minutes at least. `sts`: where a role is assumed.
    pub(super) async fn of(
        &self,
        holder: &Holder,
        sts: &Wire,
        now: Timestamp,
    ) -> Result<Credentials, CallError> {
        let Holder::Role(role, group) = holder else { return self.own(now).await };
        let slot = self.slot(holder);
        let mut slot = slot.lock().await;
        if let Some(held) = slot.as_ref().filter(|held| now < held.until) {
            return Ok(held.credentials.clone());
        }
        let own = self.own(now).await?;
        let held = self.assume(role, *group, &own, sts, now).await?;
        Ok(slot.insert(held).credentials.clone())
    }

    /// The service's own.
    async fn own(&self, now: Timestamp) -> Result<Credentials, CallError> {
        let slot = self.slot(&Holder::Service);
        let mut slot = slot.lock().await;
        if let Some(held) = slot.as_ref().filter(|held| now < held.until) {
            return Ok(held.credentials.clone());
        }
        let held = self.load(now).await?;
        Ok(slot.insert(held).credentials.clone())
    }

    /// The cloud does not take those credentials any longer.
    pub(super) fn forget(&self, holder: &Holder) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(holder);
    }

    fn slot(&self, holder: &Holder) -> Slot {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= HELD_MAX && !held.contains_key(holder) {
            held.clear();
        }
        held.entry(holder.clone()).or_default().clone()
    }

    async fn load(&self, now: Timestamp) -> Result<Held, CallError> {
        let none = |words| Meaning::Denied.error("CredentialsNotLoaded", words, None);
        let loading = self.source.provide_credentials();
        let credentials = tokio::time::timeout(self.patience, loading)
            .await
            .map_err(|_| none("No credentials of AWS in time.".to_owned()))?
            .map_err(|error| none(format!("No credentials of AWS: {}", chain(&error))))?;
        let end = credentials.expiry().and_then(|end| end.duration_since(UNIX_EPOCH).ok());
        let until = match end {
            None => now.after(ENDLESS),
            Some(end) => Timestamp::ZERO.after(end.saturating_sub(MARGIN)),
        };
        Ok(Held { credentials, until })
    }

    async fn assume(
        &self,
        role: &Role,
        group: GroupId,
        own: &Credentials,
        sts: &Wire,
        now: Timestamp,
    ) -> Result<Held, CallError> {
        // It changes nothing in the cloud: credentials that nobody hears of end by themselves.
        let form = Form::look("AssumeRole")
            .with("RoleArn", role.arn())
            .with("RoleSessionName", &self.session)
            .with("DurationSeconds", SESSION.as_secs().to_string())
            .with("ExternalId", (self.external_ids)(group));
        let answer = sts.send(&form, own, now).await?;
        let given = answer.child("AssumeRoleResult").and_then(|result| result.child("Credentials"));
        let part = |name| given.and_then(|given| given.text_of(name)).map(str::to_owned);
        let parts = (part("AccessKeyId"), part("SecretAccessKey"), part("SessionToken"));
        let (Some(id), Some(secret), Some(token)) = parts else {
            return Err(not_understood(&form, "it has no credentials"));
        };
        let credentials = Credentials::new(id, secret, Some(token), None, "AssumeRole");
        Ok(Held { credentials, until: now.after(SESSION.saturating_sub(MARGIN)) })
    }
}

/// What a session may be called. Source: STS API reference, `RoleSessionName`: 2 to 64 of these.
fn session_name(installation: &str) -> String {
    let letter = |c: char| c.is_ascii_alphanumeric() || "+=,.@-".contains(c);
    let name = installation.chars().map(|c| if letter(c) { c } else { '-' });
    "peerage-".chars().chain(name).take(64).collect()
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::SystemTime;

    use aws_credential_types::provider::future;

    use super::*;

    /// Gives credentials that end at a time, and counts how often.
    #[derive(Debug)]
    struct Source {
        end: Option<SystemTime>,
        given: Arc<AtomicUsize>,
    }

    impl ProvideCredentials for Source {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.given.fetch_add(1, Ordering::Relaxed);
            let credentials = Credentials::new("id", "secret", None, self.end, "test");
            future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    fn keyring(end: Option<SystemTime>) -> (Keyring, Arc<AtomicUsize>) {
        let given = Arc::new(AtomicUsize::new(0));
        let source = SharedCredentialsProvider::new(Source { end, given: given.clone() });
        let ids: ExternalIds = Arc::new(|group| format!("external-{group}"));
        (Keyring::new(source, ids, "test", Duration::from_secs(1)), given)
    }

    #[tokio::test]
    async fn credentials_are_kept_until_five_minutes_before_their_end() {
        let (keyring, given) = keyring(Some(UNIX_EPOCH + Duration::from_secs(1_000)));
        for (second, times) in [(0, 1), (699, 1), (700, 2)] {
            let now = Timestamp::from_millis(second * 1_000);
            keyring.own(now).await.unwrap();
            assert_eq!(given.load(Ordering::Relaxed), times, "at {second} s");
        }
    }

    #[tokio::test]
    async fn credentials_without_an_end_are_looked_up_again_after_a_while() {
        let (keyring, given) = keyring(None);
        for (second, times) in [(0, 1), (899, 1), (900, 2)] {
            let now = Timestamp::from_millis(second * 1_000);
            keyring.own(now).await.unwrap();
            assert_eq!(given.load(Ordering::Relaxed), times, "at {second} s");
        }
    }

    #[tokio::test]
    async fn what_the_cloud_no_longer_takes_is_fetched_anew() {
        let (keyring, given) = keyring(None);
        keyring.own(Timestamp::ZERO).await.unwrap();
        keyring.forget(&Holder::Service);
        keyring.own(Timestamp::ZERO).await.unwrap();
        assert_eq!(given.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_session_has_a_name_that_sts_takes() {
        assert_eq!(session_name("prod/eu west"), "peerage-prod-eu-west");
        assert_eq!(session_name(&"x".repeat(99)).len(), 64);
    }

    #[test]
    fn no_more_credentials_are_kept_than_are_allowed() {
        let (keyring, _) = keyring(None);
        let role = Role::parse("arn:aws:iam::111122223333:role/a").unwrap();
        for number in 0..=HELD_MAX {
            let mut bytes = [0; 12];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            keyring.slot(&Holder::Role(role.clone(), GroupId::from_bytes(bytes)));
            assert!(keyring.held.lock().unwrap().len() <= HELD_MAX);
        }
        assert_eq!(keyring.held.lock().unwrap().len(), 1);
    }
}
