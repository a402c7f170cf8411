//! Who calls: looks credentials up, verifies them, and issues and revokes access tokens.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use ipnet::IpNet;
use peerage_core::id::{OrgId, ServiceAccountId};
use peerage_core::time::Timestamp;
use peerage_store::record::{
    ApiKeyRecord, CredentialAddress, OrgRecord, PublicKeyRecord, SecretRecord,
    ServiceAccountRecord, TokenRecord,
};
use peerage_store::{ListRequest, keys};

use super::change::{Change, Stored, Tries, unavailable};
use super::{App, Failure};
use crate::authn::secret::generate;
use crate::authn::{
    Answer, Attempt, AuthHeader, ClientCredentials, EmptyList, Ha1, Outcome, Secret, SignedRequest,
    Staleness, Token, access,
};
use crate::context::{Caller, Credential};

/// How long an access token works.
pub const TOKEN_LIFE: Duration = Duration::from_hours(1);

/// How exactly it is kept when a secret was last used: each use need not be written.
const LAST_USED_GRAIN: Duration = Duration::from_hours(1);

/// Tokens of an account that are looked at for being over whenever it gets another.
const SWEEP: usize = 16;

/// A try to prove who one is.
#[derive(Clone, Debug)]
pub struct Proof<'a> {
    /// The credentials, read and not yet verified.
    pub header: AuthHeader,
    /// The request's method.
    pub method: &'a str,
    /// Path and query exactly as sent.
    pub target: &'a str,
    /// From where.
    pub remote: IpAddr,
}

/// Why nobody was recognized.
#[derive(Clone, Debug)]
pub enum Denied {
    /// Wrong or no credentials: answer with a challenge.
    Challenge(Staleness),
    /// The credential may not be used from this address.
    AddressNotAllowed,
    /// Too many wrong tries.
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store could not be asked.
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
}

impl From<Failure> for Denied {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable { retry_after, .. } => Self::Unavailable { retry_after },
            Failure::Refused(_) | Failure::Internal(_) => {
                Self::Unavailable { retry_after: Duration::from_secs(1) }
            }
        }
    }
}

impl App {
    /// The challenge of a 401.
    #[must_use]
    pub fn challenge(&self, staleness: Staleness) -> HeaderValue {
        let mut randomness = self.randomness.clone();
        self.security.verifier.challenge(staleness, self.machine_millis(), &mut randomness)
    }

    /// Says who calls.
    ///
    /// # Errors
    /// [`Denied`] says how to answer. Whether a credential exists cannot be told from it.
    pub async fn authenticate(&self, proof: Proof<'_>) -> Result<Caller, Denied> {
        match &proof.header {
            AuthHeader::Digest(answer) => self.by_digest(answer, &proof).await,
            AuthHeader::Bearer(token) => self.by_token(token, &proof).await,
            AuthHeader::None | AuthHeader::Basic(_) | AuthHeader::Malformed(_) => {
                Err(Denied::Challenge(Staleness::Initial))
            }
        }
    }

    async fn by_digest(&self, answer: &Answer, proof: &Proof<'_>) -> Result<Caller, Denied> {
        let now = self.machine_millis();
        let attempt = Attempt { address: proof.remote, key_id: Some(answer.username()) };
        if let Some(retry_after) = self.security.throttle.retry_after(attempt, now) {
            return Err(Denied::Throttled { retry_after });
        }
        let key = self.api_key_by_public_half(answer.username()).await?;
        let ha1 = key.as_ref().and_then(|key| self.unseal(&key.value));
        let request = SignedRequest { method: proof.method, target: proof.target };
        let outcome = self.security.verifier.verify(answer, request, ha1.as_ref(), now);
        if outcome.is_guess() {
            self.security.throttle.failed(attempt, now);
        }
        match (outcome, key) {
            (Outcome::Ok { .. }, Some(key)) => {
                self.security.throttle.succeeded(attempt, now);
                self.check_address(key.value.org, &key.value.access_list, proof.remote).await?;
                Ok(api_key_caller(&key.value))
            }
            (outcome, _) => {
                Err(Denied::Challenge(outcome.next_challenge().unwrap_or(Staleness::Initial)))
            }
        }
    }

    async fn api_key_by_public_half(
        &self,
        public_key: &str,
    ) -> Result<Option<Stored<Arc<ApiKeyRecord>>>, Failure> {
        match self.look::<PublicKeyRecord>(&keys::public_key(public_key)).await? {
            Some(found) => self.look(&keys::api_key(found.value.id)).await,
            None => Ok(None),
        }
    }

    /// The password equivalent of a key; none when it was sealed under another master key.
    fn unseal(&self, key: &ApiKeyRecord) -> Option<Ha1> {
        let sealed = hex::decode(&key.sealed_ha1).ok()?;
        let opened = self.security.sealer.open(&seal_context(key), &sealed);
        let bytes = match opened {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(api_key.id = %key.id, %error, "authn.key_not_opened");
                return None;
            }
        };
        Some(Ha1::from_bytes(<[u8; 16]>::try_from(bytes.as_slice()).ok()?))
    }

    async fn by_token(&self, token: &Token, proof: &Proof<'_>) -> Result<Caller, Denied> {
        let now = self.machine_millis();
        let attempt = Attempt { address: proof.remote, key_id: None };
        if let Some(retry_after) = self.security.throttle.retry_after(attempt, now) {
            return Err(Denied::Throttled { retry_after });
        }
        match self.account_of(token).await? {
            Some(account) => {
                self.check_address(account.org, &account.access_list, proof.remote).await?;
                let credential = Credential::ServiceAccount { id: account.id };
                let roles = account.grants.roles(account.org);
                Ok(Caller { credential, org: account.org, roles })
            }
            None => {
                self.security.throttle.failed(attempt, now);
                Err(Denied::Challenge(Staleness::Initial))
            }
        }
    }

    /// Whose the token is; nobody's once the secret that it was issued for is gone.
    async fn account_of(
        &self,
        token: &Token,
    ) -> Result<Option<Arc<ServiceAccountRecord>>, Failure> {
        let key = keys::token(&token.hash().to_hex());
        let Some(found) = self.look::<TokenRecord>(&key).await? else { return Ok(None) };
        let TokenRecord { account, secret, expires } = *found.value;
        if expires <= self.machine_now() {
            return Ok(None);
        }
        let found = self.look(&keys::service_account(account)).await?;
        let account = found.map(|found| found.value);
        let lives = |account: &Arc<ServiceAccountRecord>| {
            secret.is_some_and(|secret| account.secrets.iter().any(|held| held.id == secret))
        };
        Ok(account.filter(lives))
    }

    /// Whether a credential may be used from an address. That of an organization which is gone, or
    /// which asks for access lists where there is none, is of no use anywhere.
    async fn check_address(
        &self,
        org: OrgId,
        list: &[CredentialAddress],
        remote: IpAddr,
    ) -> Result<(), Denied> {
        let Some(org) = self.look::<OrgRecord>(&keys::org(org)).await? else {
            return Err(Denied::Challenge(Staleness::Initial));
        };
        let nets: Vec<IpNet> = list.iter().filter_map(|entry| entry.block.parse().ok()).collect();
        // An entry that cannot be read closes the list rather than opening it.
        let open = list.is_empty() && !org.value.settings.api_access_list_required;
        let empty = if open { EmptyList::AllowsAll } else { EmptyList::AllowsNone };
        let allowed = access::is_allowed(&nets, remote, empty);
        if allowed { Ok(()) } else { Err(Denied::AddressNotAllowed) }
    }

    /// Issues an access token to a service account that names one of its secrets.
    ///
    /// # Errors
    /// [`Denied`] when the secret is not right; whether the account exists cannot be told from it.
    pub async fn issue_token(
        &self,
        client: &ClientCredentials,
        remote: IpAddr,
    ) -> Result<Token, Denied> {
        let now = self.machine_millis();
        let attempt = Attempt { address: remote, key_id: Some(&client.client_id) };
        if let Some(retry_after) = self.security.throttle.retry_after(attempt, now) {
            return Err(Denied::Throttled { retry_after });
        }
        let mut tries = Tries::default();
        loop {
            let Some((account, used)) = self.account_with_secret(client).await? else {
                self.security.throttle.failed(attempt, now);
                return Err(Denied::Challenge(Staleness::Initial));
            };
            self.security.throttle.succeeded(attempt, now);
            let token = generate::access_token(&mut self.randomness.clone());
            let hash = token.hash().to_hex();
            let record = TokenRecord {
                account: account.value.id,
                secret: Some(account.value.secrets[used].id),
                expires: self.machine_now().after(TOKEN_LIFE),
            };
            let mut change = Change::untold("to prove who one is changes nothing");
            change.put(keys::token(&hash), &record)?;
            change.mark(keys::service_account_token(record.account, &hash))?;
            self.note_use(&mut change, account, used)?;
            self.sweep_tokens(&mut change, record.account).await?;
            if self.committed(&mut tries, change).await? {
                return Ok(token);
            }
        }
    }

    /// Keeps when a secret was last used, and lets the change through only while it exists.
    fn note_use(
        &self,
        change: &mut Change,
        account: Stored<ServiceAccountRecord>,
        used: usize,
    ) -> Result<(), Failure> {
        let Stored { value: mut account, revision } = account;
        let (key, now) = (keys::service_account(account.id), self.machine_now());
        change.require(key.clone(), Some(revision));
        let secret = &mut account.secrets[used];
        if secret.last_used.is_none_or(|last| last.after(LAST_USED_GRAIN) <= now) {
            secret.last_used = Some(now);
            change.put(key, &account)?;
        }
        Ok(())
    }

    /// Clears some of an account's tokens that are over: there are never many more than live ones.
    async fn sweep_tokens(
        &self,
        change: &mut Change,
        account: ServiceAccountId,
    ) -> Result<(), Failure> {
        let prefix = keys::service_account_tokens(account);
        let request =
            ListRequest { prefix: prefix.clone(), limit: SWEEP, ..ListRequest::default() };
        let page = self.store.list(request).await.map_err(|error| unavailable(&error))?;
        for entry in page.entries {
            let hash = &entry.key.as_bytes()[prefix.as_bytes().len()..];
            let key = keys::token(&String::from_utf8_lossy(hash));
            let token = self.read::<TokenRecord>(&key).await?;
            if token.is_none_or(|token| token.value.expires <= self.machine_now()) {
                change.delete(key).delete(entry.key);
            }
        }
        Ok(())
    }

    /// The account that a client names, and which of its secrets it knows.
    async fn account_with_secret(
        &self,
        client: &ClientCredentials,
    ) -> Result<Option<(Stored<ServiceAccountRecord>, usize)>, Failure> {
        let Some(id) = ServiceAccountId::parse_client_id(&client.client_id) else {
            return Ok(None);
        };
        let Some(account) = self.read::<ServiceAccountRecord>(&keys::service_account(id)).await?
        else {
            return Ok(None);
        };
        let now = self.machine_now();
        let offered = client.client_secret.hash();
        let fits = |secret: &SecretRecord| {
            secret.expires > now && hash_of(&secret.hash).is_some_and(|known| known == offered)
        };
        let used = account.value.secrets.iter().position(fits);
        Ok(used.map(|used| (account, used)))
    }

    /// Makes an access token useless. One that is unknown is useless already.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn revoke_token(&self, token: &Token) -> Result<(), Failure> {
        let hash = token.hash().to_hex();
        let key = keys::token(&hash);
        if let Some(found) = self.read::<TokenRecord>(&key).await? {
            let mut change = Change::untold("a token is a proof, and it ends by itself");
            change.delete(key);
            change.delete(keys::service_account_token(found.value.account, &hash));
            self.commit(change).await?;
        }
        Ok(())
    }

    /// Seals what verifies an API key: see [`App::authenticate`].
    pub(crate) fn seal_ha1(&self, key: &ApiKeyRecord, private: &Secret) -> Result<String, Failure> {
        let ha1 = crate::authn::ha1(&key.public_key, crate::authn::REALM, private.expose());
        let mut randomness = self.randomness.clone();
        self.security
            .sealer
            .seal(&seal_context(key), ha1.as_bytes(), &mut randomness)
            .map(hex::encode)
            .map_err(|_| Failure::Internal("a secret could not be sealed"))
    }

    /// The machine's time: credentials do not obey the clock of the emulated clouds.
    pub(crate) fn machine_now(&self) -> Timestamp {
        self.clock.machine()
    }

    fn machine_millis(&self) -> u64 {
        u64::try_from(self.machine_now().as_millis()).unwrap_or(0)
    }
}

/// What a sealed secret is bound to: it cannot be moved to another key's record.
fn seal_context(key: &ApiKeyRecord) -> String {
    format!("api-key/{}/{}", key.id, key.public_key)
}

fn hash_of(text: &str) -> Option<crate::authn::TokenHash> {
    let bytes = <[u8; 32]>::try_from(hex::decode(text).ok()?).ok()?;
    Some(crate::authn::TokenHash::from_bytes(bytes))
}

fn api_key_caller(key: &ApiKeyRecord) -> Caller {
    let credential = Credential::ApiKey { id: key.id, public_key: key.public_key.clone() };
    Caller { credential, org: key.org, roles: key.grants.roles(key.org) }
}
